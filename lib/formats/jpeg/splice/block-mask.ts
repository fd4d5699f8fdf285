import type { BoxedMask } from '../../../pixels/boxed-mask.ts';
import type { Box } from '../../../pixels/raster.ts';
import type { JpegComponent, JpegStructure } from '../scan/structure.ts';
import type { TouchedComponent } from './edits.ts';
import { type BlockRect, blocksCovering } from './patch.ts';

/** How far beyond the edge of a mask a block that shares a pixel with it may reach: 8 samples of 4 pixels each, at 4:1:1. */
export const blockReachPx = 32;

/**
 * Every pixel whose decoded value depends on a block: its own, and for 2:1 subsampling a fringe of one pixel, since decoders
 * interpolate with a triangle that reaches half a sample into the neighbour. Other ratios are repeated, without a fringe.
 *
 * @see libjpeg, jdsample.c: h2v1, h1v2 and h2v2 fancy upsampling.
 */
export function blockFootprint(
  structure: JpegStructure,
  component: JpegComponent,
  column: number,
  row: number,
): Box {
  const { pixelsAcross, pixelsDown } = component;
  const fringeX = pixelsAcross === 2 ? 1 : 0;
  const fringeY = pixelsDown === 2 ? 1 : 0;
  return clip(
    {
      left: column * 8 * pixelsAcross - fringeX,
      top: row * 8 * pixelsDown - fringeY,
      width: 8 * pixelsAcross + 2 * fringeX,
      height: 8 * pixelsDown + 2 * fringeY,
    },
    { left: 0, top: 0, width: structure.width, height: structure.height },
  );
}

function clip(box: Box, to: Box): Box {
  const left = Math.max(box.left, to.left);
  const top = Math.max(box.top, to.top);
  const right = Math.min(box.left + box.width, to.left + to.width);
  const bottom = Math.min(box.top + box.height, to.top + to.height);
  return { left, top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) };
}

/** 1 for each block of a rectangle whose whole footprint lies where the mask is above 0; outside the box nothing does. */
function allowedBlocks(
  structure: JpegStructure,
  component: JpegComponent,
  { box, mask }: BoxedMask,
  rect: BlockRect,
): Uint8Array {
  const allowed = new Uint8Array(rect.blocksWide * rect.blocksHigh);
  for (let i = 0; i < allowed.length; i++) {
    const column = rect.left + (i % rect.blocksWide);
    const row = rect.top + Math.floor(i / rect.blocksWide);
    const footprint = blockFootprint(structure, component, column, row);
    const isInside = footprint.width > 0 && footprint.height > 0 && covers(box, footprint);
    if (isInside && everyPixel(footprint, { box, mask })) allowed[i] = 1;
  }
  return allowed;
}

const covers = (box: Box, part: Box) =>
  part.left >= box.left &&
  part.top >= box.top &&
  part.left + part.width <= box.left + box.width &&
  part.top + part.height <= box.top + box.height;

function everyPixel(part: Box, { box, mask }: BoxedMask): boolean {
  for (let y = 0; y < part.height; y++) {
    const at = (part.top - box.top + y) * box.width + part.left - box.left;
    if (mask.data.subarray(at, at + part.width).includes(0)) return false;
  }
  return true;
}

/**
 * The part of a mask whose blocks, of every component, lie inside it with their whole footprint.
 *
 * Composite within this, feather included: then no pixel outside the mask it was made from changes when decoded. At its rim up to 16 pixels (4:2:0, 7 for 4:4:4) of the mask stay as they were.
 *
 * @returns the same box; kept pixels keep their value, others are 0.
 */
export function shrinkMaskToBlocks(structure: JpegStructure, { box, mask }: BoxedMask): BoxedMask {
  const data = new Uint8Array(mask.data);
  for (const component of structure.components) {
    const rect = blocksCovering(component, box);
    const allowed = allowedBlocks(structure, component, { box, mask }, rect);
    for (let i = 0; i < allowed.length; i++) {
      if (allowed[i] === 0) fillBox(data, box, samplesOf(component, rect, i), 0);
    }
  }
  return { box, mask: { ...mask, data } };
}

/** The pixels a block itself stands for, unclipped. */
function samplesOf({ pixelsAcross, pixelsDown }: JpegComponent, rect: BlockRect, index: number): Box {
  const width = 8 * pixelsAcross;
  const height = 8 * pixelsDown;
  const left = (rect.left + (index % rect.blocksWide)) * width;
  return { left, top: (rect.top + Math.floor(index / rect.blocksWide)) * height, width, height };
}

function fillBox(data: Uint8Array, box: Box, part: Box, value: number): void {
  const { left, top, width, height } = clip(part, box);
  for (let y = top; y < top + height; y++) {
    const at = (y - box.top) * box.width + left - box.left;
    data.fill(value, at, at + width);
  }
}

function anyPixel(part: Box, { box, mask }: BoxedMask): boolean {
  for (let y = 0; y < part.height; y++) {
    const at = (part.top - box.top + y) * box.width + part.left - box.left;
    for (let x = 0; x < part.width; x++) if (mask.data[at + x]! > 0) return true;
  }
  return false;
}

/** By component, the blocks that hold any pixel of the masks: all that a splice within them may touch. */
export function coveredBlocks(structure: JpegStructure, masks: readonly BoxedMask[]): TouchedComponent[] {
  return structure.components.map((component) => {
    const { blocksWide, blocksHigh } = component;
    const bitmap = new Uint8Array(blocksWide * blocksHigh);
    let count = 0;
    for (const { box, mask } of masks) {
      const rect = blocksCovering(component, box);
      for (let i = 0; i < rect.blocksWide * rect.blocksHigh; i++) {
        const row = rect.top + Math.floor(i / rect.blocksWide);
        const at = row * blocksWide + rect.left + (i % rect.blocksWide);
        if (bitmap[at] === 1 || !anyPixel(clip(samplesOf(component, rect, i), box), { box, mask })) continue;
        bitmap[at] = 1;
        count++;
      }
    }
    return { blocksWide, blocksHigh, bitmap, count };
  });
}
