import { EditError } from '../errors.ts';
import {
  type Box,
  emptyLike,
  type FloatRaster,
  isBlank,
  type Mask,
  type Raster,
  type Size,
} from './raster.ts';

/** Index of the first value above 0 in `data[from, to)`, which holds one. */
function firstAbove0(data: Uint8Array, from: number, to: number): number {
  let i = from;
  while (i < to && data[i] === 0) i++;
  return i;
}

/** Index of the last value above 0 in `data[from, to)`, which holds one. */
function lastAbove0(data: Uint8Array, from: number, to: number): number {
  let i = to - 1;
  while (i > from && data[i] === 0) i--;
  return i;
}

/** Rows that are compared at once. */
const bandRows = 32;

/**
 * The smallest box around every value above 0, or `undefined` for an empty mask.
 *
 * Fast on mostly black masks: compares bands of rows natively, and scans only pixels that could widen the
 * box.
 *
 * @param within looks only there; defaults to the whole mask.
 */
export function boundingBox(mask: Mask, within: Box = boxOf(mask)): Box | undefined {
  const { left, top, width, height } = within;
  const [right, bottom] = [left + width, top + height];
  let [minX, maxX, minY, maxY] = [right, left - 1, bottom, top - 1];
  const widen = (y: number): void => {
    const base = y * mask.width;
    if (isBlank(mask.data, base + left, base + right)) return;
    minY = Math.min(minY, y);
    maxY = y;
    // Only what lies outside the box so far can widen it.
    if (!isBlank(mask.data, base + left, base + minX)) {
      minX = firstAbove0(mask.data, base + left, base + minX) - base;
    }
    if (!isBlank(mask.data, base + maxX + 1, base + right)) {
      maxX = lastAbove0(mask.data, base + maxX + 1, base + right) - base;
    }
  };
  // Whole rows lie one behind the other.
  const rows = width === mask.width ? bandRows : 1;
  for (let y = top; y < bottom; y += rows) {
    const end = Math.min(y + rows, bottom);
    if (isBlank(mask.data, y * mask.width + left, (end - 1) * mask.width + right)) continue;
    for (let row = y; row < end; row++) widen(row);
  }
  if (maxY < minY) return undefined;
  return { left: minX, top: minY, width: maxX - minX + 1, height: maxY - minY + 1 };
}

export function sizeOf({ width, height }: Size): Size {
  return { width, height };
}

/** The box of everything in a raster of this size. */
export function boxOf({ width, height }: Size): Box {
  return { left: 0, top: 0, width, height };
}

/** The smallest box that holds both. */
export function union(a: Box, b: Box): Box {
  const left = Math.min(a.left, b.left);
  const top = Math.min(a.top, b.top);
  return {
    left,
    top,
    width: Math.max(a.left + a.width, b.left + b.width) - left,
    height: Math.max(a.top + a.height, b.top + b.height) - top,
  };
}

/** The box of the pixels that both share, or `undefined` when there are none. */
export function intersect(a: Box, b: Box): Box | undefined {
  const left = Math.max(a.left, b.left);
  const top = Math.max(a.top, b.top);
  const width = Math.min(a.left + a.width, b.left + b.width) - left;
  const height = Math.min(a.top + a.height, b.top + b.height) - top;
  return width > 0 && height > 0 ? { left, top, width, height } : undefined;
}

/** Empty pixels between two boxes along the wider gap; 0 when they touch or overlap. */
export function gapPx(a: Box, b: Box): number {
  const x = Math.max(a.left, b.left) - Math.min(a.left + a.width, b.left + b.width);
  const y = Math.max(a.top, b.top) - Math.min(a.top + a.height, b.top + b.height);
  return Math.max(0, x, y);
}

/** The box grown by `byPx` on every side, cut at the borders of the image. */
export function grow(box: Box, byPx: number, image: Size): Box {
  const left = Math.max(0, box.left - byPx);
  const top = Math.max(0, box.top - byPx);
  return {
    left,
    top,
    width: Math.min(image.width, box.left + box.width + byPx) - left,
    height: Math.min(image.height, box.top + box.height + byPx) - top,
  };
}

/**
 * A box of `size` (whole px) centred on `box`. Near a border it is shifted inside; it shrinks only where the
 * image itself is smaller.
 */
export function boxAround(box: Box, size: Size, image: Size): Box {
  const width = Math.min(image.width, size.width);
  const height = Math.min(image.height, size.height);
  const left = Math.round(box.left + (box.width - width) / 2);
  const top = Math.round(box.top + (box.height - height) / 2);
  return {
    left: Math.min(Math.max(0, left), image.width - width),
    top: Math.min(Math.max(0, top), image.height - height),
    width,
    height,
  };
}

/** True when `outer` holds all of `inner`. */
export function isInside(inner: Box, outer: Box): boolean {
  return (
    inner.left >= outer.left &&
    inner.top >= outer.top &&
    inner.left + inner.width <= outer.left + outer.width &&
    inner.top + inner.height <= outer.top + outer.height
  );
}

/** Picture -> part: `box` in coordinates whose origin is the top left corner of `part`. */
export function relativeTo(box: Box, part: Box): Box {
  return { ...box, left: box.left - part.left, top: box.top - part.top };
}

/** Part -> picture, the inverse of {@link relativeTo}: a box inside `part` in coordinates of the picture. */
export function placedIn(part: Box, box: Box): Box {
  return { ...box, left: part.left + box.left, top: part.top + box.top };
}

/**
 * Copies a box out of a raster or mask, always into new memory.
 *
 * @throws {EditError} `SHAPE_MISMATCH` when the box is not wholly inside.
 */
export function crop<T extends Raster | Mask | FloatRaster>(raster: T, box: Box): T {
  if (!(box.width > 0 && box.height > 0 && isInside(box, boxOf(raster)))) {
    const found = `${box.width} x ${box.height} at ${box.left}, ${box.top}`;
    const expected = `a box inside ${raster.width} x ${raster.height}`;
    throw new EditError('SHAPE_MISMATCH', `Expected ${expected}, got ${found}`);
  }
  const { channels } = raster;
  const length = box.width * channels;
  const data = emptyLike(raster.data, length * box.height);
  for (let y = 0; y < box.height; y++) {
    const from = ((box.top + y) * raster.width + box.left) * channels;
    data.set(raster.data.subarray(from, from + length), y * length);
  }
  return { ...raster, width: box.width, height: box.height, data };
}

/** Copies `part` into `raster`, its first pixel to `left`, `top`; same channels and depth, and it fits. */
export function paste<T extends Raster | Mask | FloatRaster>(
  raster: T,
  part: T,
  { left, top }: Pick<Box, 'left' | 'top'>,
): void {
  const { channels } = raster;
  const length = part.width * channels;
  for (let y = 0; y < part.height; y++) {
    const row = part.data.subarray(y * length, (y + 1) * length);
    raster.data.set(row, ((top + y) * raster.width + left) * channels);
  }
}
