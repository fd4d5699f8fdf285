import { EditError } from '../errors.ts';
import type { Box, Size } from './raster.ts';

/** `area`: exact coverage, linear when enlarging. `cubic`: Catmull-Rom, stretched when reducing. */
export type Kernel = 'area' | 'cubic';

/** Weights of one axis: for each output index the first source index and `taps` weights that sum to 1. */
export interface AxisTaps {
  readonly taps: number;
  readonly first: Int32Array;
  readonly weights: Float32Array;
}

/** Catmull-Rom: interpolating cubic convolution with a = -1/2, support 2. */
function catmullRom(x: number): number {
  const t = Math.abs(x);
  if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
  if (t < 2) return ((-0.5 * t + 2.5) * t - 4) * t + 2;
  return 0;
}

/** Length of pixel `index` covered by a box of `width` around the centre `center`. */
function coverage(index: number, center: number, width: number): number {
  const from = Math.max(index, center - width / 2);
  const to = Math.min(index + 1, center + width / 2);
  return Math.max(0, to - from);
}

/**
 * The weights of one axis: output pixel `i` reads the source around `start + (i + 1/2) * step`.
 * Beyond its ends the source is continued by its last pixel (the weights there are folded onto it).
 *
 * @see Keys, "Cubic Convolution Interpolation for Digital Image Processing", IEEE TASSP 1981.
 */
export function axisTaps(axis: {
  readonly start: number;
  readonly step: number;
  readonly count: number;
  readonly sourceLength: number;
  readonly kernel: Kernel;
}): AxisTaps {
  const { start, step, count, sourceLength, kernel } = axis;
  const stretch = Math.max(1, step);
  // A cubic reads pixel centres, an area whole pixels: that is half a pixel further on both sides.
  const reach = kernel === 'cubic' ? 2 * stretch - 0.5 : stretch / 2;
  const span = kernel === 'cubic' ? Math.ceil(4 * stretch) : Math.ceil(stretch) + 1;
  const taps = Math.min(span, sourceLength);
  const first = new Int32Array(count);
  const weights = new Float32Array(count * taps);
  for (let i = 0; i < count; i++) {
    const center = start + (i + 0.5) * step;
    const low = Math.floor(center - reach);
    const begin = Math.min(Math.max(low, 0), sourceLength - taps);
    first[i] = begin;
    let total = 0;
    for (let j = low; j < low + span; j++) {
      const weight =
        kernel === 'cubic' ? catmullRom((j + 0.5 - center) / stretch) : coverage(j, center, stretch);
      const at = Math.min(Math.max(j, 0), sourceLength - 1) - begin;
      // A tap can miss the window only at a rounding edge, where its weight is 0.
      if (at >= 0 && at < taps) weights[i * taps + at]! += weight;
      total += weight;
    }
    for (let t = 0; t < taps; t++) weights[i * taps + t]! /= total;
  }
  return { taps, first, weights };
}

/** The weights along x and y that carry `window` of `source` to `size`. */
export function windowTaps(args: {
  readonly source: Size;
  readonly window: Box;
  readonly size: Size;
  readonly kernel: Kernel;
}): { readonly horizontal: AxisTaps; readonly vertical: AxisTaps } {
  const { source, window, size, kernel } = args;
  if (!(window.width > 0 && window.height > 0 && size.width > 0 && size.height > 0)) {
    const found = `${window.width} x ${window.height} to ${size.width} x ${size.height}`;
    throw new EditError('SHAPE_MISMATCH', `Expected a window and a size above 0, got ${found}`);
  }
  return {
    horizontal: axisTaps({
      start: window.left,
      step: window.width / size.width,
      count: size.width,
      sourceLength: source.width,
      kernel,
    }),
    vertical: axisTaps({
      start: window.top,
      step: window.height / size.height,
      count: size.height,
      sourceLength: source.height,
      kernel,
    }),
  };
}
