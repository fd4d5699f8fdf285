import { EditError } from '../errors.ts';
import { boundingBox, crop, grow } from './box.ts';
import { distanceTo } from './distance.ts';
import { emptyMask, isBlank, type Mask, type Size } from './raster.ts';
import { release } from './release.ts';

/** Number of pixels above 0. */
export function countAbove0({ data, width, height }: Mask): number {
  let count = 0;
  for (let y = 0; y < height; y++) {
    const to = (y + 1) * width;
    if (isBlank(data, to - width, to)) continue;
    // Most other rows of a cut out mask are full, which is found natively too.
    const from = data.subarray(to - width, to).includes(0) ? to - width : to;
    count += width - (to - from);
    for (let i = from; i < to; i++) count += data[i] === 0 ? 0 : 1;
  }
  return count;
}

/** A mask at another size: 255 where the pixel overlaps any pixel above 0, else 0. */
export function coverMask(mask: Mask, size: Size): Mask {
  const covered = emptyMask(size);
  const set = boundingBox(mask);
  if (set === undefined) return covered;
  const columns = cellsOf(mask.width, size.width);
  const rows = cellsOf(mask.height, size.height);
  for (let y = set.top; y < set.top + set.height; y++) {
    const row = mask.data.subarray(y * mask.width, (y + 1) * mask.width);
    for (let x = set.left; x < set.left + set.width; x++) {
      if (row[x] === 0) continue;
      const [start, kept] = [columns.first[x]!, row.indexOf(0, x)];
      x = (kept < 0 ? row.length : kept) - 1;
      for (let v = rows.first[y]!; v <= rows.last[y]!; v++) {
        covered.data.fill(255, v * size.width + start, v * size.width + columns.last[x]! + 1);
      }
    }
  }
  return covered;
}

/** For each of `from` pixels along one axis the first and last of `to` pixels it overlaps. */
function cellsOf(from: number, to: number): { readonly first: Int32Array; readonly last: Int32Array } {
  const first = new Int32Array(from);
  const last = new Int32Array(from);
  for (let i = 0; i < from; i++) {
    first[i] = Math.floor((i * to) / from);
    last[i] = Math.ceil(((i + 1) * to) / from) - 1;
  }
  return { first, last };
}

/** A soft mask counts as "edit" from this level on, where only yes or no is possible. */
const maskThreshold = 128;

/**
 * Grows a mask by a Euclidean disc: 255 within `radiusPx` of any pixel that is at least half edited;
 * softer values farther out stay as they are, and no value falls. Radius 0 gives the same values.
 *
 * @param mask H x W x 1. @param radiusPx px of this mask, between pixel centres.
 * @throws {EditError} `REQUEST_INVALID` when the radius is negative or no number.
 */
export function dilate(mask: Mask, radiusPx: number): Mask {
  assertRadius(radiusPx);
  const data = new Uint8Array(mask.data);
  const set = radiusPx > 0 ? boundingBox(mask) : undefined;
  if (set === undefined) return { ...mask, data };
  // Only near set pixels: a distance transform of the whole picture would cost more than the edit.
  const reach = grow(set, Math.ceil(radiusPx), mask);
  const near = crop(mask, reach);
  const distance = distanceTo(near, (value) => value >= maskThreshold, radiusPx);
  for (let y = 0, i = 0; y < reach.height; y++) {
    const from = (reach.top + y) * mask.width + reach.left;
    for (let at = from; at < from + reach.width; at++, i++) if (distance[i]! <= radiusPx) data[at] = 255;
  }
  for (const used of [near.data, distance]) release(used);
  return { ...mask, data };
}

/**
 * Shrinks a thresholded mask by a Euclidean disc: 255 only where no pixel under half lies within
 * `radiusPx`. The picture's border does not eat into the mask.
 *
 * @throws {EditError} `REQUEST_INVALID` when the radius is negative or no number.
 */
export function erode(mask: Mask, radiusPx: number): Mask {
  assertRadius(radiusPx);
  const distance = distanceTo(mask, (value) => value < maskThreshold, radiusPx);
  return {
    ...mask,
    data: mask.data.map((value, i) => (value >= maskThreshold && distance[i]! > radiusPx ? 255 : 0)),
  };
}

function assertRadius(radiusPx: number): void {
  if (!(radiusPx >= 0)) {
    throw new EditError('REQUEST_INVALID', `Expected a radius of at least 0 px, got ${radiusPx}`);
  }
}

/**
 * Calls `visit` with the pixel indices of each 8-connected group of values above 0, once per group, in
 * the order of their first pixels. The array is reused: copy what you keep.
 */
export function forEachComponent(mask: Mask, visit: (pixels: Int32Array) => void): void {
  const { width, height, data } = mask;
  const seen = new Uint8Array(data.length);
  const queue = new Int32Array(data.length);
  let end = 0;
  const enqueue = (p: number): void => {
    if (data[p] === 0 || seen[p] === 1) return;
    seen[p] = 1;
    queue[end++] = p;
  };
  for (let start = 0; start < data.length; start++) {
    end = 0;
    enqueue(start);
    for (let head = 0; head < end; head++) {
      const x = queue[head]! % width;
      const y = (queue[head]! - x) / width;
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) enqueue(v * width + u);
      }
    }
    if (end > 0) visit(queue.subarray(0, end));
  }
}

/** The mask without 8-connected groups of fewer than `minPixels` pixels; the others keep their values. */
export function dropSpecks(mask: Mask, minPixels: number): Mask {
  const data = new Uint8Array(mask.data);
  forEachComponent(mask, (pixels) => {
    if (pixels.length >= minPixels) return;
    for (const p of pixels) data[p] = 0;
  });
  return { ...mask, data };
}
