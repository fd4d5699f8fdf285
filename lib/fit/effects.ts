import { boundingBox } from '../pixels/box.ts';
import { coverMask, dilate, erode, forEachComponent } from '../pixels/mask.ts';
import { type Box, emptyMask, firstChannels, type Mask, type Raster, type Size } from '../pixels/raster.ts';
import { fitSize, rescale } from '../pixels/resample.ts';
import { differenceMask } from './difference-mask.ts';

/** Longer side at which changes beside a mask are looked for, px. */
const workingSidePx = 1024;
/** All that is added takes at most this share of the box of the mask. */
const mostAdded = 0.15;
/** A change is part of an effect from half on. */
const changedFrom = 128;
/** The difference map reaches so far beyond what changed, px: without it only real changes are left. */
const reachPx = 4;
/** Changes that begin within this distance of the mask touch it, px. */
const touchPx = 6;
/** Smaller groups are chance, px. */
const leastPixels = 12;

export interface Effects {
  /** The mask and what was added to it, at the size of the crop; the mask itself when nothing was. */
  readonly mask: Mask;
  /** Changes that touch the mask and were left out: too large, or too near to another mask. */
  readonly leftOut: number;
}

/**
 * Adds to a mask what a model changed right beside it, such as the shadow of what it took away.
 *
 * Adds those groups of pixels of the registered difference of crop and answer (`differenceMask`) that
 * touch the mask, the largest first, as a whole or not at all, with a margin of 4 px: together at most 15 %
 * of the mask's box, all at 1024 px.
 *
 * @param args.crop, args.edited H x W x C of one space, any sizes of one ratio. @param args.mask at the size
 * of the crop. @param args.room the part of the crop in which the mask may grow.
 * @throws {EditError} `SHAPE_MISMATCH` when the channels differ.
 */
export function withEffects(args: {
  readonly crop: Raster;
  readonly edited: Raster;
  readonly mask: Mask;
  readonly room: Box;
}): Effects {
  const { crop, edited, mask, room } = args;
  const size = fitSize(crop, workingSidePx);
  const small = rescale(firstChannels(crop, edited.channels), size, 'area');
  const own = coverMask(mask, size);
  const box = boundingBox(own);
  if (box === undefined) return { mask, leftOut: 0 };
  const groups = groupsBeside(differenceMask({ crop: small, edited }), own);
  const inRoom = groups.filter((pixels) => pixels.every((p) => isIn(room, p, size, crop)));
  const added = largestWithin(inRoom, mostAdded * box.width * box.height);
  if (added.length === 0) return { mask, leftOut: groups.length };
  const effects = emptyMask(size);
  for (const pixels of added) for (const p of pixels) effects.data[p] = 255;
  return { mask: joined(mask, effects, room), leftOut: groups.length - added.length };
}

/** The groups of changed pixels beside the mask that touch it, each with a margin. */
function groupsBeside(difference: Mask, own: Mask): number[][] {
  const yesOrNo = difference.data.map((level) => (level >= changedFrom ? 255 : 0));
  const core = erode({ ...difference, data: yesOrNo }, reachPx);
  for (let p = 0; p < core.data.length; p++) if (own.data[p] !== 0) core.data[p] = 0;
  const near = dilate(own, touchPx);
  const groups: number[][] = [];
  forEachComponent(core, (pixels) => {
    if (pixels.length < leastPixels || !pixels.some((p) => near.data[p] !== 0)) return;
    const group = emptyMask(own);
    for (const p of pixels) group.data[p] = 255;
    const grown = dilate(group, reachPx).data;
    groups.push([...grown.keys()].filter((p) => grown[p] !== 0 && own.data[p] === 0));
  });
  return groups;
}

function isIn(room: Box, p: number, { width, height }: Size, crop: Size): boolean {
  const x = (((p % width) + 0.5) * crop.width) / width;
  const y = ((Math.floor(p / width) + 0.5) * crop.height) / height;
  return x > room.left && y > room.top && x < room.left + room.width && y < room.top + room.height;
}

function largestWithin(groups: readonly number[][], mostPixels: number): readonly number[][] {
  let left = mostPixels;
  return groups
    .toSorted((a, b) => b.length - a.length)
    .filter(({ length }) => {
      if (length > left) return false;
      left -= length;
      return true;
    });
}

/** Both masks at the size of the first; the second only inside the room. */
function joined(mask: Mask, effects: Mask, room: Box): Mask {
  const large = rescale(effects, mask, 'area').data;
  const data = new Uint8Array(mask.data);
  for (let y = room.top; y < room.top + room.height; y++) {
    for (let x = room.left; x < room.left + room.width; x++) {
      const p = y * mask.width + x;
      if (large[p]! > data[p]!) data[p] = large[p]!;
    }
  }
  return { ...mask, data };
}
