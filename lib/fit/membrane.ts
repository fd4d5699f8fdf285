import { assertSameSize, emptyFloatRaster, type FloatRaster } from '../pixels/raster.ts';

interface Weighted {
  readonly values: FloatRaster;
  readonly weights: FloatRaster;
}

/**
 * Spreads known values smoothly into the unknown: a membrane through scattered data, in O(n).
 *
 * Pull: weighted means at half the size, again and again; weights are summed and cut at 1. Push: back up,
 * each level takes from the coarser one what its own weights lack to 1. Near known values the result follows
 * them, far away it is their weighted mean (Shepard's behaviour, without his cost). Values with weight 1 come
 * back exactly. Without any weight the result is 0.
 *
 * @param values H x W x C. @param weights H x W x 1, 0 (unknown) to 1 (known).
 * @throws {EditError} `SHAPE_MISMATCH` when sizes differ.
 * @see Gortler et al., "The Lumigraph", SIGGRAPH 1996; Shepard, ACM National Conference 1968.
 */
export function spread(values: FloatRaster, weights: FloatRaster): FloatRaster {
  assertSameSize(values, weights);
  const pyramid: Weighted[] = [{ values: premultiplied(values, weights), weights }];
  for (let level = pyramid[0]!; level.weights.width > 1 || level.weights.height > 1; ) {
    level = pull(level);
    pyramid.push(level);
  }
  let result = normalized(pyramid.pop()!);
  while (pyramid.length > 0) result = push(pyramid.pop()!, result);
  return result;
}

function premultiplied(values: FloatRaster, weights: FloatRaster): FloatRaster {
  const { channels } = values;
  const data = values.data.slice();
  for (let i = 0; i < data.length; i++) data[i]! *= weights.data[Math.trunc(i / channels)]!;
  return { ...values, data };
}

function normalized({ values, weights }: Weighted): FloatRaster {
  const { channels } = values;
  const data = values.data.slice();
  for (let i = 0; i < data.length; i++) {
    const weight = weights.data[Math.trunc(i / channels)]!;
    data[i] = weight > 0 ? data[i]! / weight : 0;
  }
  return { ...values, data };
}

/** Tent filter [1 3 3 1] / 4 along each axis. It sums to 2, so that weights grow towards 1. */
const tent = [0.25, 0.75, 0.75, 0.25] as const;

function pull(fine: Weighted): Weighted {
  const width = Math.ceil(fine.values.width / 2);
  const height = Math.ceil(fine.values.height / 2);
  const { channels } = fine.values;
  const coarse = {
    values: emptyFloatRaster(width, height, channels),
    weights: emptyFloatRaster(width, height, 1),
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const o = y * width + x;
      for (let j = 0; j < 4; j++)
        addRow({ fine, coarse, o, y: 2 * y - 1 + j, left: 2 * x - 1, factor: tent[j]! });
      const total = coarse.weights.data[o]!;
      if (total <= 1) continue;
      coarse.weights.data[o] = 1;
      for (let k = o * channels; k < (o + 1) * channels; k++) coarse.values.data[k]! /= total;
    }
  }
  return coarse;
}

/** Adds four pixels of row `y` from column `left` on to the coarse pixel `o`; skips those outside. */
function addRow(args: {
  readonly fine: Weighted;
  readonly coarse: Weighted;
  readonly o: number;
  readonly y: number;
  readonly left: number;
  readonly factor: number;
}): void {
  const { fine, coarse, o, y, left, factor: rowFactor } = args;
  const { width, height, channels, data } = fine.values;
  if (y < 0 || y >= height) return;
  for (let i = 0; i < 4; i++) {
    const x = left + i;
    if (x < 0 || x >= width) continue;
    const p = y * width + x;
    const weight = fine.weights.data[p]!;
    if (weight === 0) continue;
    const factor = tent[i]! * rowFactor;
    coarse.weights.data[o]! += factor * weight;
    for (let c = 0; c < channels; c++)
      coarse.values.data[o * channels + c]! += factor * data[p * channels + c]!;
  }
}

/** `own + (1 - weight) * bilinear(below)`; `own` is premultiplied. */
function push({ values, weights }: Weighted, below: FloatRaster): FloatRaster {
  const { width, height, channels } = values;
  const out = emptyFloatRaster(width, height, channels);
  for (let y = 0; y < height; y++) {
    const near = Math.min(y >> 1, below.height - 1);
    const far = Math.min(Math.max(near + (y % 2 === 0 ? -1 : 1), 0), below.height - 1);
    for (let x = 0; x < width; x++) {
      const p = y * width + x;
      const missing = 1 - weights.data[p]!;
      const nearX = Math.min(x >> 1, below.width - 1);
      const farX = Math.min(Math.max(nearX + (x % 2 === 0 ? -1 : 1), 0), below.width - 1);
      for (let c = 0; c < channels; c++) {
        const k = p * channels + c;
        out.data[k] = values.data[k]!;
        if (missing <= 0) continue;
        const at = (row: number, column: number): number =>
          below.data[(row * below.width + column) * channels + c]!;
        const upper = 0.75 * at(near, nearX) + 0.25 * at(near, farX);
        const lower = 0.75 * at(far, nearX) + 0.25 * at(far, farX);
        out.data[k]! += missing * (0.75 * upper + 0.25 * lower);
      }
    }
  }
  return out;
}

/** Means over blocks of a raster, and which of them are known. */
export interface Blocks {
  /** h x w x C; 0 where nothing is known. */
  readonly means: FloatRaster;
  /** h x w x 1: 1 where enough of the block is known, else 0. */
  readonly known: FloatRaster;
}

/** A block counts as known from this share of known pixels on. */
const minShare = 0.25;

/**
 * Means over blocks of about `blockPx` squared of the pixels whose weight is above 0. Each pixel belongs to
 * one block.
 *
 * @param values H x W x C. @param weights H x W x 1, 0 or above. @param valueAt the value at a place in the
 * data, where it is not the one of `values`. @returns about H/blockPx x W/blockPx.
 */
export function blockMeans(
  { width, height, channels, data }: FloatRaster,
  weights: FloatRaster,
  blockPx: number,
  valueAt = (k: number) => data[k]!,
): Blocks {
  const size = {
    width: Math.max(1, Math.round(width / blockPx)),
    height: Math.max(1, Math.round(height / blockPx)),
  };
  const means = emptyFloatRaster(size.width, size.height, channels);
  const known = emptyFloatRaster(size.width, size.height, 1);
  const columns = Int32Array.from({ length: width }, (_, x) => Math.floor((x * size.width) / width));
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * size.height) / height) * size.width;
    for (let x = 0; x < width; x++) {
      const p = y * width + x;
      if (weights.data[p] === 0) continue;
      const block = row + columns[x]!;
      known.data[block]!++;
      for (let c = 0; c < channels; c++) means.data[block * channels + c]! += valueAt(p * channels + c);
    }
  }
  divideByCounts({ means, known }, minShare * (width * height));
  return { means, known };
}

/** Sums and counts of each block -> means and 1, or 0 for both where a block is known too little. */
function divideByCounts({ means, known }: Blocks, minPixels: number): void {
  const { channels } = means;
  const blocks = known.data.length;
  for (let block = 0; block < blocks; block++) {
    const count = known.data[block]!;
    const isKnown = count > 0 && count * blocks >= minPixels;
    known.data[block] = isKnown ? 1 : 0;
    for (let k = block * channels; k < (block + 1) * channels; k++) {
      means.data[k] = isKnown ? means.data[k]! / count : 0;
    }
  }
}
