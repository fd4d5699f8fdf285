import { boundingBox, crop, grow, intersect, relativeTo, union } from './box.ts';
import { dilate } from './dilate.ts';
import type { Box, Mask, Size } from './raster.ts';

/** A mask of a larger picture of which only a box is kept: outside of it every value is 0. */
export interface BoxedMask {
  readonly box: Box;
  /** At the size of the box. */
  readonly mask: Mask;
}

/** Only the part of a mask that holds values above 0; `undefined` for an empty mask. Memory follows the mask, not the picture. */
export function boxedMask(whole: Mask): BoxedMask | undefined {
  const box = boundingBox(whole);
  return box && { box, mask: crop(whole, box) };
}

/** The mask of any box of the picture, filled up with 0. */
export function maskWithin({ box, mask }: BoxedMask, part: Box): Mask {
  const out: Mask = {
    width: part.width,
    height: part.height,
    channels: 1,
    data: new Uint8Array(part.width * part.height),
  };
  const shared = intersect(box, part);
  if (shared !== undefined) copyInto(out, crop(mask, relativeTo(shared, box)), relativeTo(shared, part));
  return out;
}

/** Only what lies in `box`. */
export function partOf(boxed: BoxedMask, box: Box): BoxedMask {
  return { box, mask: maskWithin(boxed, box) };
}

/** The mask grown by a Euclidean disc, inside the picture. @see dilate */
export function dilateBoxed(boxed: BoxedMask, radiusPx: number, picture: Size): BoxedMask {
  if (radiusPx === 0) return boxed;
  const box = grow(boxed.box, Math.ceil(radiusPx), picture);
  return { box, mask: dilate(maskWithin(boxed, box), radiusPx) };
}

/** Several masks as one, the larger value where they overlap; at least one. */
export function unionOfMasks(parts: readonly BoxedMask[]): BoxedMask {
  const box = parts.map((part) => part.box).reduce(union);
  const mask = {
    width: box.width,
    height: box.height,
    channels: 1 as const,
    data: new Uint8Array(box.width * box.height),
  };
  for (const part of parts) copyInto(mask, part.mask, relativeTo(part.box, box));
  return { box, mask };
}

function copyInto(target: Mask, source: Mask, at: Pick<Box, 'left' | 'top'>): void {
  for (let y = 0; y < source.height; y++) {
    const from = y * source.width;
    const to = (at.top + y) * target.width + at.left;
    for (let x = 0; x < source.width; x++) {
      const value = source.data[from + x]!;
      if (value > target.data[to + x]!) target.data[to + x] = value;
    }
  }
}
