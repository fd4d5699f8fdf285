import { boxOf } from './box.ts';
import { type Box, emptyFloatRaster, type FloatRaster, type Raster, type Size } from './raster.ts';
import { gatherRow, type Kernel, sumRows, windowTaps } from './taps.ts';

/**
 * A window of a raster at another size, separably.
 *
 * Enlarging interpolates, reducing averages; pixels outside the source repeat its edge. With the
 * window of the whole raster at its own size values are exact for both kernels.
 *
 * @param args.source H x W x C, 8 or 16 bit or float. @returns h x w x C in levels of 8 bit.
 * @throws {EditError} `SHAPE_MISMATCH` when the window or the size is empty.
 */
export function resample(args: {
  readonly source: Raster | FloatRaster;
  readonly window: Box;
  readonly size: Size;
  readonly kernel: Kernel;
}): FloatRaster {
  const { source, size } = args;
  const { channels } = source;
  const { horizontal, vertical } = windowTaps(args);
  const out = emptyFloatRaster(size.width, size.height, channels);
  const line = new Float32Array(source.width * channels);
  const from = horizontal.first[0]! * channels;
  const to = (horizontal.first[size.width - 1]! + horizontal.taps) * channels;
  const stride = size.width * channels;
  for (let y = 0; y < size.height; y++) {
    sumRows({ source, vertical, row: y, from, to, out: line });
    const row = out.data.subarray(y * stride, (y + 1) * stride);
    gatherRow({ line, horizontal, channels, from: 0, to: size.width, out: row });
  }
  return out;
}

/** The size reduced in its ratio to a longer side of at most `maxSidePx`; each side is at least 1. */
export function fitSize(size: Size, maxSidePx: number): Size {
  const factor = Math.min(1, maxSidePx / Math.max(size.width, size.height));
  return {
    width: Math.max(1, Math.round(size.width * factor)),
    height: Math.max(1, Math.round(size.height * factor)),
  };
}

/** A whole raster averaged down (or interpolated up) to `size`, in levels of 8 bit. */
export function resizeTo(source: Raster | FloatRaster, size: Size): FloatRaster {
  return resample({ source, window: boxOf(source), size, kernel: 'area' });
}

/**
 * A raster at another size, rounded to 8 bit; nothing moves: the corners of both cover the same corners.
 *
 * libvips enlarges from pixel corners, which moves the picture by half a pixel of the larger one. Row by row:
 * at 4096 px the whole picture in floats would take 200 MB.
 *
 * @param source H x W x C, 8 or 16 bit. @param kernel `cubic` (Catmull-Rom) for pictures, `area` where
 * nothing may overshoot.
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
    window: boxOf(source),
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
