import { emptyFloatRaster, type FloatRaster } from '../pixels/float-raster.ts';
import { assertSameSize } from '../pixels/raster.ts';

interface Weighted {
  readonly values: FloatRaster;
  readonly weights: FloatRaster;
}

/**
 * Spreads known values smoothly into the unknown: a membrane through scattered data, in O(n).
 *
 * Pull: weighted means at half the size, again and again, weights summed and cut at 1. Push: back up, each
 * level filling with the one below where its own weight falls short of 1. Near known values the result
 * follows them, far away it is their weighted mean (Shepard's behaviour, without his cost).
 * Values with weight 1 come back exactly. Without any weight the result is 0.
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

/** Tent of four, [1 3 3 1] / 4 along each axis: twice the mass of an average, so weights grow to certainty. */
const tent = [0.25, 0.75, 0.75, 0.25] as const;

function pull({ values, weights }: Weighted): Weighted {
  const width = Math.ceil(values.width / 2);
  const height = Math.ceil(values.height / 2);
  const { channels } = values;
  const out = emptyFloatRaster(width, height, channels);
  const sums = emptyFloatRaster(width, height, 1);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const o = y * width + x;
      for (let j = 0; j < 4; j++) {
        const sy = 2 * y - 1 + j;
        if (sy < 0 || sy >= values.height) continue;
        for (let i = 0; i < 4; i++) {
          const sx = 2 * x - 1 + i;
          if (sx < 0 || sx >= values.width) continue;
          const p = sy * values.width + sx;
          if (weights.data[p] === 0) continue;
          const factor = tent[i]! * tent[j]!;
          sums.data[o]! += factor * weights.data[p]!;
          for (let c = 0; c < channels; c++) {
            out.data[o * channels + c]! += factor * values.data[p * channels + c]!;
          }
        }
      }
      const total = sums.data[o]!;
      if (total <= 1) continue;
      sums.data[o] = 1;
      for (let c = 0; c < channels; c++) out.data[o * channels + c]! /= total;
    }
  }
  return { values: out, weights: sums };
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
