import { useKernels } from '../kernels/kernels.ts';
import { emptyFloatRaster, type FloatRaster } from './raster.ts';

/** Vectors may read or write so many bytes too many. */
const besideBytes = 16;

/** Samples of a Gaussian, cut at 3 sigma, that sum to 1; index 0 is the centre. */
function gaussianTaps(sigmaPx: number): Float32Array {
  const radius = Math.ceil(3 * sigmaPx);
  const taps = new Float32Array(radius + 1);
  let total = 0;
  for (let i = 0; i <= radius; i++) {
    taps[i] = Math.exp((-i * i) / (2 * sigmaPx * sigmaPx));
    total += i === 0 ? taps[i]! : 2 * taps[i]!;
  }
  for (let i = 0; i <= radius; i++) taps[i]! /= total;
  return taps;
}

/**
 * Gaussian low-pass, separable, edges repeated, cut at 3 sigma; sigma 0 gives the same values.
 *
 * @param raster H x W x C. @param sigmaPx standard deviation in pixels of this raster.
 */
export function blur(raster: FloatRaster, sigmaPx: number): FloatRaster {
  if (sigmaPx <= 0) return { ...raster, data: raster.data.slice() };
  const { width, height, channels, data } = raster;
  const out = emptyFloatRaster(width, height, channels);
  const length = width * channels;
  useKernels(({ kernels, arena }) => {
    const values = gaussianTaps(sigmaPx);
    const [taps, radius] = [arena.put(values), values.length - 1];
    const [slots, bytes] = [2 * radius + 1, length * 4 + besideBytes];
    const [row, rows, sums] = [arena.reserve(bytes), arena.reserve(slots * bytes), arena.reserve(bytes)];
    let next = 0;
    for (let y = 0; y < height; y++) {
      for (; next < height && next <= y + radius; next++) {
        arena.view(Float32Array, row, length).set(data.subarray(next * length, (next + 1) * length));
        kernels.blurRow(row, rows + (next % slots) * bytes, width, channels, taps, radius);
      }
      kernels.blurColumns(rows, bytes, slots, y, height, taps, radius, sums, length);
      out.data.set(arena.view(Float32Array, sums, length), y * length);
    }
  });
  return out;
}

/**
 * Low-pass of the known pixels only: `blur(w * v) / blur(w)`, so that unknown values do not bleed in.
 * 0 where no known pixel is in reach.
 *
 * @param weights H x W x 1, 0 (unknown) to 1 (known).
 * @see Knutsson and Westin, "Normalized and Differential Convolution", CVPR 1993.
 */
export function blurKnown(raster: FloatRaster, weights: FloatRaster, sigmaPx: number): FloatRaster {
  const { channels } = raster;
  const weighted = raster.data.slice();
  for (let i = 0; i < weighted.length; i++) weighted[i]! *= weights.data[Math.trunc(i / channels)]!;
  const sums = blur({ ...raster, data: weighted }, sigmaPx).data;
  const totals = blur(weights, sigmaPx).data;
  for (let i = 0; i < sums.length; i++) {
    const total = totals[Math.trunc(i / channels)]!;
    sums[i] = total > 1e-6 ? sums[i]! / total : 0;
  }
  return { ...raster, data: sums };
}
