import { boundingBox, crop, grow, intersect, paste, relativeTo, union } from './box.ts';
import { dilate } from './mask.ts';
import { type Box, emptyMask, type Mask, type Size } from './raster.ts';

/** A mask of a larger picture, stored only inside a box: every value outside is 0. */
export interface BoxedMask {
  readonly box: Box;
  /** At the size of the box. */
  readonly mask: Mask;
}

/** The part of a mask that holds values above 0; `undefined` for an empty mask. */
export function boxedMask(whole: Mask): BoxedMask | undefined {
  const box = boundingBox(whole);
  return box && { box, mask: crop(whole, box) };
}

/** Cuts the mask of any box of the picture, 0 beyond the stored part. */
export function maskWithin({ box, mask }: BoxedMask, part: Box): Mask {
  const out = emptyMask(part);
  const shared = intersect(box, part);
  if (shared !== undefined) paste(out, crop(mask, relativeTo(shared, box)), relativeTo(shared, part));
  return out;
}

/** The part of the mask in `box`; outside of it every value becomes 0. */
export function partOf(boxed: BoxedMask, box: Box): BoxedMask {
  return { box, mask: maskWithin(boxed, box) };
}

/** {@link dilate}, cut at the borders of the picture. */
export function dilateBoxed(boxed: BoxedMask, radiusPx: number, picture: Size): BoxedMask {
  if (radiusPx === 0) return boxed;
  const box = grow(boxed.box, Math.ceil(radiusPx), picture);
  return { box, mask: dilate(maskWithin(boxed, box), radiusPx) };
}

/** Joins one or more masks; where they overlap the larger value counts. */
export function unionOfMasks(parts: readonly BoxedMask[]): BoxedMask {
  const box = parts.map((part) => part.box).reduce(union);
  const mask = emptyMask(box);
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
