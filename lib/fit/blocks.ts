import { emptyFloatRaster, type FloatRaster } from '../pixels/float-raster.ts';
import type { Size } from '../pixels/raster.ts';

/** Means over blocks, and where there are any. */
export interface Blocks {
  /** h x w x C; 0 where nothing is known. */
  readonly means: FloatRaster;
  /** h x w x 1: 1 where enough of the block is known, else 0. */
  readonly known: FloatRaster;
}

/** A block of which less is known says nothing. */
const minShare = 0.25;

/**
 * Means over blocks of about `blockPx` squared of the pixels whose weight is above 0; each pixel belongs
 * to one block. Only those pixels are visited.
 *
 * @param values H x W x C. @param weights H x W x 1, 0 or above. @returns about H/blockPx x W/blockPx.
 */
export function blockMeans(values: FloatRaster, weights: FloatRaster, blockPx: number): Blocks {
  const { width, height, channels } = values;
  const size: Size = {
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
      for (let c = 0; c < channels; c++) means.data[block * channels + c]! += values.data[p * channels + c]!;
    }
  }
  for (let block = 0; block < known.data.length; block++) {
    const count = known.data[block]!;
    const isKnown = count > 0 && count * size.width * size.height >= minShare * width * height;
    known.data[block] = isKnown ? 1 : 0;
    for (let k = block * channels; k < (block + 1) * channels; k++) {
      means.data[k] = isKnown ? means.data[k]! / count : 0;
    }
  }
  return { means, known };
}
