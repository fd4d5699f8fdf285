import { intersect, isInside } from '../../pixels/box.ts';
import type { BoxedMask } from '../../pixels/boxed-mask.ts';
import { type Box, isBlank } from '../../pixels/raster.ts';
import type { JpegComponent, JpegStructure } from './scan/structure.ts';

/**
 * How far beyond the edge of a mask a block that shares a pixel with it may reach: 8 samples of 4 pixels
 * each, at 4:1:1.
 */
export const blockReachPx = 32;

/** A rectangle of blocks of one component, counted in blocks. */
export interface BlockRect {
  readonly left: number;
  readonly top: number;
  readonly blocksWide: number;
  readonly blocksHigh: number;
}

/** A set of blocks as a bitmap for each component: blocksHigh x blocksWide, 1 for the blocks of the set. */
export type BlockSet = readonly Uint8Array[];

/** The places of the blocks of a set in its bitmap. */
export function placesIn(bitmap: Uint8Array): number[] {
  const places: number[] = [];
  // Mostly there are none, or they lie near each other: the others are passed over natively.
  const last = bitmap.lastIndexOf(1);
  for (let at = bitmap.indexOf(1); at >= 0 && at <= last; at++) if (bitmap[at] === 1) places.push(at);
  return places;
}

/** The blocks of a component that hold samples of a box of pixels. */
export function blocksCovering(component: JpegComponent, box: Box): BlockRect {
  const across = 8 * component.pixelsAcross;
  const down = 8 * component.pixelsDown;
  const left = Math.floor(box.left / across);
  const top = Math.floor(box.top / down);
  return {
    left,
    top,
    blocksWide: Math.ceil((box.left + box.width) / across) - left,
    blocksHigh: Math.ceil((box.top + box.height) / down) - top,
  };
}

/** The pixels whose samples a block holds; beyond the picture's right and bottom edge where the block is. */
function pixelsOf({ pixelsAcross, pixelsDown }: JpegComponent, column: number, row: number): Box {
  const width = 8 * pixelsAcross;
  const height = 8 * pixelsDown;
  return { left: column * width, top: row * height, width, height };
}

/**
 * Every pixel whose decoded value depends on a block: its own, and for 2:1 subsampling a fringe of one pixel,
 * since decoders interpolate with a triangle that reaches half a sample into the neighbour. Other ratios are
 * repeated, without a fringe.
 *
 * @returns clipped at the picture; `undefined` when the block lies beyond its edge.
 * @see libjpeg, jdsample.c: h2v1, h1v2 and h2v2 fancy upsampling.
 */
export function blockFootprint(
  { width, height }: JpegStructure,
  component: JpegComponent,
  column: number,
  row: number,
): Box | undefined {
  const own = pixelsOf(component, column, row);
  const fringeX = component.pixelsAcross === 2 ? 1 : 0;
  const fringeY = component.pixelsDown === 2 ? 1 : 0;
  return intersect(
    {
      left: own.left - fringeX,
      top: own.top - fringeY,
      width: own.width + 2 * fringeX,
      height: own.height + 2 * fringeY,
    },
    { left: 0, top: 0, width, height },
  );
}

/**
 * The part of a mask whose blocks, of every component, lie inside it with their whole footprint.
 *
 * When only this part is composited, feather included, no decoded pixel outside the mask changes. Along its
 * edge up to 16 pixels of the mask (4:2:0; 7 for 4:4:4) stay as they were.
 *
 * @returns the same box; kept pixels keep their value, others are 0.
 */
export function shrinkMaskToBlocks(structure: JpegStructure, { box, mask }: BoxedMask): BoxedMask {
  const data = new Uint8Array(mask.data);
  for (const component of structure.components) {
    for (const { column, row } of blocksOf(blocksCovering(component, box))) {
      const footprint = blockFootprint(structure, component, column, row);
      const isKept = footprint && isInside(footprint, box) && isMasked(footprint, { box, mask });
      if (!isKept) clear(data, box, pixelsOf(component, column, row));
    }
  }
  return { box, mask: { ...mask, data } };
}

function* blocksOf({ left, top, blocksWide, blocksHigh }: BlockRect) {
  for (let row = top; row < top + blocksHigh; row++) {
    for (let column = left; column < left + blocksWide; column++) yield { column, row };
  }
}

/** True when every pixel of a part of the box is above 0. */
function isMasked(part: Box, { box, mask }: BoxedMask): boolean {
  for (let y = 0; y < part.height; y++) {
    const at = (part.top - box.top + y) * box.width + part.left - box.left;
    if (mask.data.subarray(at, at + part.width).includes(0)) return false;
  }
  return true;
}

function clear(data: Uint8Array, box: Box, pixels: Box): void {
  const part = intersect(pixels, box);
  if (part === undefined) return;
  for (let y = part.top; y < part.top + part.height; y++) {
    const at = (y - box.top) * box.width + part.left - box.left;
    data.fill(0, at, at + part.width);
  }
}

/** The blocks that hold any pixel of the masks: all that an edit within them may touch. */
export function coveredBlocks(structure: JpegStructure, masks: readonly BoxedMask[]): BlockSet {
  return structure.components.map((component) => {
    const bitmap = new Uint8Array(component.blocksWide * component.blocksHigh);
    for (const boxed of masks) markCovered(bitmap, component, boxed);
    return bitmap;
  });
}

function markCovered(bitmap: Uint8Array, component: JpegComponent, { box, mask }: BoxedMask): void {
  const [across, down] = [8 * component.pixelsAcross, 8 * component.pixelsDown];
  const { left, blocksWide } = blocksCovering(component, box);
  for (let y = 0; y < box.height; y++) {
    const base = y * box.width;
    if (isBlank(mask.data, base, base + box.width)) continue;
    const row = Math.floor((box.top + y) / down) * component.blocksWide;
    for (let column = left; column < left + blocksWide; column++) {
      if (bitmap[row + column] === 1) continue;
      const end = base + Math.min(box.width, (column + 1) * across - box.left);
      let at = base + Math.max(0, column * across - box.left);
      while (at < end && mask.data[at] === 0) at++;
      if (at < end) bitmap[row + column] = 1;
    }
  }
}
