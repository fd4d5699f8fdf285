import type { Raster } from './raster.ts';

/**
 * Pixels between two steps of the maths: H x W x C in *levels of 8 bit* (0..255, fractions and
 * overshoot allowed), whatever the depth of the picture they came from.
 */
export interface FloatRaster {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Float32Array;
}

/** Sample values per 8-bit level: 1, or 257 at 16 bit, so that 255 levels are exactly 65535. */
export function samplesPerLevel(data: Raster['data'] | FloatRaster['data']): number {
  return data instanceof Uint16Array ? 257 : 1;
}

export function emptyFloatRaster(width: number, height: number, channels: number): FloatRaster {
  return { width, height, channels, data: new Float32Array(width * height * channels) };
}

// Rec. 709; applied to coded values this is luma, not luminance: enough to match edges by.
const lumaWeights = [0.2126, 0.7152, 0.0722] as const;

/** H x W x C -> H x W x 1: Rec. 709 luma of three channels, the plain mean of any other number. */
export function luma(raster: FloatRaster): FloatRaster {
  const { width, height, channels, data } = raster;
  if (channels === 1) return raster;
  const weights = channels === 3 ? lumaWeights : new Array<number>(channels).fill(1 / channels);
  const out = emptyFloatRaster(width, height, 1);
  for (let p = 0; p < out.data.length; p++) {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += weights[c]! * data[p * channels + c]!;
    out.data[p] = sum;
  }
  return out;
}
