import type { Raster, Size } from './raster.ts';
import { resample, wholeWindow } from './resample.ts';

/**
 * A raster at a larger size, Catmull-Rom, rounded to 8 bit; nothing moves: the corners of both cover the same corners.
 *
 * libvips enlarges from pixel corners, which moves the picture by half a pixel of the larger one.
 *
 * @param source H x W x C, 8 or 16 bit. @returns h x w x C, 8 bit.
 * @throws {EditError} `SHAPE_MISMATCH` when the size is empty.
 * @see https://github.com/libvips/libvips/issues/943
 */
export function enlarge(source: Raster, { width, height }: Size): Raster & { readonly data: Uint8Array } {
  const { channels, data } = resample({
    source,
    window: wholeWindow(source),
    size: { width, height },
    kernel: 'cubic',
  });
  // Clamps and rounds to nearest.
  return { width, height, channels, data: new Uint8Array(Uint8ClampedArray.from(data).buffer) };
}
