import type { Kernel } from './axis-taps.ts';
import type { Raster, Size } from './raster.ts';
import { gatherRow, sumRows, wholeWindow, windowTaps } from './resample.ts';

/**
 * A raster at another size, rounded to 8 bit; nothing moves: the corners of both cover the same corners.
 *
 * libvips enlarges from pixel corners, which moves the picture by half a pixel of the larger one. Row by row: at 4096 px
 * the whole picture in floats would take 200 MB.
 *
 * @param source H x W x C, 8 or 16 bit. @param kernel `cubic` (Catmull-Rom) for pictures, `area` where nothing may overshoot.
 * @returns h x w x C, 8 bit.
 * @throws {EditError} `SHAPE_MISMATCH` when the size is empty.
 * @see https://github.com/libvips/libvips/issues/943
 */
export function rescale(
  source: Raster,
  { width, height }: Size,
  kernel: Kernel = 'cubic',
): Raster & { readonly data: Uint8Array } {
  const { channels } = source;
  const { horizontal, vertical } = windowTaps({
    source,
    window: wholeWindow(source),
    size: { width, height },
    kernel,
  });
  const line = new Float32Array(source.width * channels);
  const row = new Float32Array(width * channels);
  const data = new Uint8Array(width * height * channels);
  // The same bytes: its setter clamps and rounds to nearest.
  const clamped = new Uint8ClampedArray(data.buffer);
  for (let y = 0; y < height; y++) {
    sumRows({ source, vertical, row: y, from: 0, to: line.length, out: line });
    gatherRow({ line, horizontal, channels, from: 0, to: width, out: row });
    clamped.set(row, y * row.length);
  }
  return { width, height, channels, data };
}
