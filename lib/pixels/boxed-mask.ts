import { boundingBox, boxOf, crop, grow, intersect, isInside, relativeTo, union } from './box.ts';
import { dilate } from './mask.ts';
import { type Box, emptyMask, isBlank, type Mask, type Size } from './raster.ts';

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

/** A mask of any size without the memory for what is black. */
export interface SparseMask extends Size {
  /** The part that holds values above 0; `undefined` for an empty mask. */
  readonly part: BoxedMask | undefined;
}

export function sparseMask(whole: Mask): SparseMask {
  return { width: whole.width, height: whole.height, part: boxedMask(whole) };
}

export function wholeMask({ part, width, height }: SparseMask): Mask {
  return part ? maskWithin(part, boxOf({ width, height })) : emptyMask({ width, height });
}

/** Collects a mask from its rows, from above to below; those that are all 0 may be left out. */
export function sparseRows({ width, height }: Size) {
  const rows: { readonly y: number; readonly left: number; readonly values: Uint8Array }[] = [];
  let [left, right] = [width, 0];
  return {
    /** @param row its `width` values, of which a copy is kept; not all are 0. */
    add: (y: number, row: Uint8Array): void => {
      // Only what lies outside the part so far can widen it.
      if (!isBlank(row, 0, left)) left = row.findIndex((value) => value > 0);
      if (!isBlank(row, right, width)) right = row.findLastIndex((value) => value > 0) + 1;
      rows.push({ y, left, values: row.slice(left, right) });
    },
    mask: (): SparseMask => {
      const top = rows[0]?.y;
      if (top === undefined) return { width, height, part: undefined };
      const box = { left, top, width: right - left, height: rows.at(-1)!.y + 1 - top };
      const mask = emptyMask(box);
      for (const row of rows) mask.data.set(row.values, (row.y - top) * box.width + row.left - left);
      return { width, height, part: { box, mask } };
    },
  };
}

/** Cuts the mask of any box of the picture, 0 beyond the stored part. */
export function maskWithin({ box, mask }: BoxedMask, part: Box): Mask {
  const out = emptyMask(part);
  const shared = intersect(box, part);
  if (shared === undefined) return out;
  const [from, to] = [relativeTo(shared, box), relativeTo(shared, part)];
  for (let y = 0; y < shared.height; y++) {
    const start = (from.top + y) * mask.width + from.left;
    out.data.set(mask.data.subarray(start, start + shared.width), (to.top + y) * out.width + to.left);
  }
  return out;
}

/** The part of the mask in `box`; outside of it every value becomes 0. */
export function partOf(boxed: BoxedMask, box: Box): BoxedMask {
  if (isInside(boxed.box, box)) return boxed;
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
