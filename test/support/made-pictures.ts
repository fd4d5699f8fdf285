import type { Box, FloatRaster, Mask, Raster } from '../../lib/pixels/raster.ts';
import { boxMask as boxMaskOf } from './pictures.ts';

/** A mask drawn with characters: `.` keep, `#` edit, digits 1..9 in between (tenths). */
export function maskOf(...rows: readonly string[]): Mask {
  const levels = [...rows.join('')].map((c) =>
    c === '.' ? 0 : c === '#' ? 255 : Math.round((Number(c) * 255) / 10),
  );
  return { width: rows[0]?.length ?? 0, height: rows.length, channels: 1, data: Uint8Array.from(levels) };
}

export const boxMask = (width: number, height: number, box: Box): Mask => boxMaskOf({ width, height }, box);

/** A smooth, textured picture defined at every point, so that it can be moved exactly. */
export function texture(x: number, y: number, c = 0): number {
  return (
    120 +
    30 * Math.sin(0.31 * x + 0.17 * y + c) +
    25 * Math.cos(0.13 * x - 0.37 * y) +
    15 * Math.sin(0.05 * x * (1 + c / 4) + 0.07 * y)
  );
}

export function floatPicture(
  width: number,
  height: number,
  channels: number,
  value: (x: number, y: number, c: number) => number,
): FloatRaster {
  const data = new Float32Array(width * height * channels);
  for (let i = 0; i < data.length; i++) {
    const p = Math.trunc(i / channels);
    data[i] = value(p % width, Math.trunc(p / width), i % channels);
  }
  return { width, height, channels, data };
}

export function picture(
  width: number,
  height: number,
  channels: number,
  value: (x: number, y: number, c: number) => number,
): Raster {
  const { data } = floatPicture(width, height, channels, value);
  return { width, height, channels, data: Uint8Array.from(data, Math.round) };
}
