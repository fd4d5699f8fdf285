import { boundingBox, grow, intersect, isInside, placedIn, relativeTo } from '../pixels/box.ts';
import type { Box, Size } from '../pixels/raster.ts';
import type { Repaint } from './plan.ts';
import type { Repainted } from './repaint.ts';

/** Patches reach one pixel beyond their masks and must not overlap. */
const apartPx = 2;

/** Where the mask of a region lies in the picture; `undefined` for one that has none. */
function maskBoxOf({ mask, plan }: Repaint): Box | undefined {
  const box = mask && boundingBox(mask);
  return box && placedIn(plan.box, box);
}

/**
 * The part of a region's crop in which its mask may grow without reaching another region's patch.
 *
 * @param done what was repainted before: its patches are where they are.
 * @returns px of the crop; `undefined` for a region without a mask.
 */
export function roomOf(
  region: Repaint,
  {
    repaints,
    done,
    picture,
  }: { readonly repaints: readonly Repaint[]; readonly done: readonly Repainted[]; readonly picture: Size },
): Box | undefined {
  const own = maskBoxOf(region);
  if (own === undefined) return undefined;
  const pending = repaints.slice(done.length).filter((other) => other !== region);
  const taken = [
    ...done.flatMap(({ patches }) => patches.map(({ box }) => box)),
    ...pending.flatMap((other) => maskBoxOf(other) ?? []),
  ];
  const room = taken.reduce((left, box) => without(left, grow(box, apartPx, picture), own), region.plan.box);
  return relativeTo(room, region.plan.box);
}

/** The largest part of `room` beside `box` that holds `own`; `own` itself where there is none. */
function without(room: Box, box: Box, own: Box): Box {
  if (intersect(room, box) === undefined) return room;
  const [right, bottom] = [room.left + room.width, room.top + room.height];
  const parts: Box[] = [
    { ...room, width: box.left - room.left },
    { ...room, left: box.left + box.width, width: right - box.left - box.width },
    { ...room, height: box.top - room.top },
    { ...room, top: box.top + box.height, height: bottom - box.top - box.height },
  ];
  const able = parts.filter((part) => part.width > 0 && part.height > 0 && isInside(own, part));
  return able.reduce((best, part) => (areaOf(part) > areaOf(best) ? part : best), able[0] ?? own);
}

const areaOf = ({ width, height }: Size) => width * height;
