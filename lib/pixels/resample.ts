import { useKernels } from '../kernels/kernels.ts';
import { boxOf } from './box.ts';
import { emptyFloatRaster, type FloatRaster, type Raster, type Size } from './raster.ts';
import { RowSampler, type Sampling } from './row-sampler.ts';
import type { Kernel } from './taps.ts';

/**
 * A window of a raster at another size, separably.
 *
 * Enlarging interpolates, reducing averages; pixels outside the source repeat its edge. With the
 * window of the whole raster at its own size values are exact for both kernels.
 *
 * @returns h x w x C in levels of 8 bit.
 * @throws {EditError} `SHAPE_MISMATCH` when the window or the size is empty.
 */
export function resample(sampling: Sampling): FloatRaster {
  const { source, size } = sampling;
  const out = emptyFloatRaster(size.width, size.height, source.channels);
  const length = size.width * source.channels;
  useKernels((use) => {
    const sampler = new RowSampler(use, sampling);
    for (let y = 0; y < size.height; y++) {
      out.data.set(use.arena.view(Float32Array, sampler.row(y), length), y * length);
    }
  });
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
  const length = width * channels;
  const data = new Uint8Array(length * height);
  // The same bytes: its setter clamps and rounds to nearest.
  const clamped = new Uint8ClampedArray(data.buffer);
  useKernels((use) => {
    const sampler = new RowSampler(use, { source, window: boxOf(source), size: { width, height }, kernel });
    for (let y = 0; y < height; y++)
      clamped.set(use.arena.view(Float32Array, sampler.row(y), length), y * length);
  });
  return { width, height, channels, data };
}
