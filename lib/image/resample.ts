import { EditError } from '../errors.ts';
import { emptyFloatRaster, type FloatRaster, samplesPerLevel } from './float-raster.ts';
import type { Box, Raster, Size } from './raster.ts';

/** A rectangle of a raster in continuous pixels: pixel `i` covers `i` to `i + 1`. May lie partly outside. */
export type Window = Box;

/** `area`: exact coverage, linear between pixels when enlarging. `cubic`: Catmull-Rom, stretched when reducing. */
export type Kernel = 'area' | 'cubic';

/** For each output index the first source index and `taps` weights that sum to 1. */
export interface AxisTaps {
  readonly taps: number;
  readonly first: Int32Array;
  readonly weights: Float32Array;
}

/** Everything of a raster. */
export function wholeWindow({ width, height }: Size): Window {
  return { left: 0, top: 0, width, height };
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
  const radius = kernel === 'cubic' ? 2 * stretch : stretch / 2;
  const span = Math.ceil(2 * radius) + 1;
  const taps = Math.min(span, sourceLength);
  const first = new Int32Array(count);
  const weights = new Float32Array(count * taps);
  for (let i = 0; i < count; i++) {
    const center = start + (i + 0.5) * step;
    const low = Math.floor(center - radius);
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

/**
 * One output row before its horizontal pass: the weighted sum of `taps` source rows.
 * Writes samples `from` to `to` (exclusive, in samples of the row) of `out`.
 */
export function sumRows(args: {
  readonly source: Raster | FloatRaster;
  readonly vertical: AxisTaps;
  readonly row: number;
  readonly from: number;
  readonly to: number;
  readonly out: Float32Array;
}): void {
  const { source, vertical, row, from, to, out } = args;
  const { data } = source;
  const stride = source.width * source.channels;
  const perLevel = 1 / samplesPerLevel(data);
  let started = false;
  for (let t = 0; t < vertical.taps; t++) {
    const weight = vertical.weights[row * vertical.taps + t]! * perLevel;
    if (weight === 0) continue;
    const base = (vertical.first[row]! + t) * stride;
    if (started) for (let k = from; k < to; k++) out[k]! += weight * data[base + k]!;
    else for (let k = from; k < to; k++) out[k] = weight * data[base + k]!;
    started = true;
  }
}

/** The weights along x and y that carry `window` of `source` to `size`. */
export function windowTaps(args: {
  readonly source: Size;
  readonly window: Window;
  readonly size: Size;
  readonly kernel: Kernel;
}): { readonly horizontal: AxisTaps; readonly vertical: AxisTaps } {
  const { source, window, size, kernel } = args;
  if (!(window.width > 0 && window.height > 0 && size.width > 0 && size.height > 0)) {
    throw new EditError(
      'SHAPE_MISMATCH',
      `Expected a window and a size above 0, got ${window.width} x ${window.height} to ${size.width} x ${size.height}`,
    );
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
  readonly window: Window;
  readonly size: Size;
  readonly kernel: Kernel;
}): FloatRaster {
  const { source, size } = args;
  const { channels } = source;
  const { horizontal, vertical } = windowTaps(args);
  const { taps, first, weights } = horizontal;
  const out = emptyFloatRaster(size.width, size.height, channels);
  const row = new Float32Array(source.width * channels);
  const from = first[0]! * channels;
  const to = (first[size.width - 1]! + taps) * channels;
  let o = 0;
  for (let y = 0; y < size.height; y++) {
    sumRows({ source, vertical, row: y, from, to, out: row });
    for (let x = 0; x < size.width; x++) {
      const base = first[x]! * channels;
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let t = 0; t < taps; t++) sum += weights[x * taps + t]! * row[base + t * channels + c]!;
        out.data[o++] = sum;
      }
    }
  }
  return out;
}

/** The size whose longer side is at most `maxSidePx`, in the same ratio, each side at least 1; never larger. */
export function fitSize(size: Size, maxSidePx: number): Size {
  const factor = Math.min(1, maxSidePx / Math.max(size.width, size.height));
  return {
    width: Math.max(1, Math.round(size.width * factor)),
    height: Math.max(1, Math.round(size.height * factor)),
  };
}

/** A whole raster averaged down (or interpolated up) to `size`, in levels of 8 bit. */
export function resizeTo(source: Raster | FloatRaster, size: Size): FloatRaster {
  return resample({ source, window: wholeWindow(source), size, kernel: 'area' });
}
