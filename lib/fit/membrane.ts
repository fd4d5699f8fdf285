import { type KernelUse, useKernels } from '../kernels/kernels.ts';
import { assertSameSize, emptyFloatRaster, type FloatRaster } from '../pixels/raster.ts';

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
  return { ...values, data: useKernels((use) => spreadIn(use, values, weights)) };
}

function spreadIn({ kernels, arena }: KernelUse, whole: FloatRaster, share: FloatRaster): Float32Array {
  const { channels } = whole;
  const [values, weights] = [arena.put(whole.data), arena.put(share.data)];
  kernels.premultiply(values, weights, share.data.length, channels);
  const pyramid = [{ values, weights, width: whole.width, height: whole.height }];
  for (let fine = pyramid[0]!; fine.width > 1 || fine.height > 1; fine = pyramid.at(-1)!) {
    const [width, height] = [Math.ceil(fine.width / 2), Math.ceil(fine.height / 2)];
    const coarse = {
      ...{ width, height },
      values: arena.reserve(4 * width * height * channels),
      weights: arena.reserve(4 * width * height),
    };
    const from = [fine.values, fine.weights, fine.width, fine.height, channels] as const;
    kernels.pull(...from, coarse.values, coarse.weights);
    pyramid.push(coarse);
  }
  const last = pyramid.pop()!;
  kernels.normalise(last.values, last.weights, 1, channels);
  let below = last.values;
  for (const level of pyramid.toReversed()) {
    kernels.push(level.values, level.weights, level.width, level.height, channels, below);
    below = level.values;
  }
  return arena.take(Float32Array, values, whole.data.length);
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
  valueAt?: (k: number) => number,
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
      for (let c = 0; c < channels; c++) {
        const k = p * channels + c;
        means.data[block * channels + c]! += valueAt === undefined ? data[k]! : valueAt(k);
      }
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
