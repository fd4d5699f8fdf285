import { EditError } from '../errors.ts';
import { type Box, type FloatRaster, type Raster, type Size, samplesPerLevel } from './raster.ts';

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
  const sum = out.subarray(from, to).fill(0);
  const rowOf = (t: number, slot: number): Float32Array => {
    const base = (vertical.first[row]! + t) * stride;
    return floatRow(data, base + from, base + to, slot);
  };
  const weightOf = (t: number): number => vertical.weights[row * vertical.taps + t]! * perLevel;
  let t = 0;
  for (; t + 4 <= vertical.taps; t += 4) {
    addFour(
      sum,
      [rowOf(t, 0), rowOf(t + 1, 1), rowOf(t + 2, 2), rowOf(t + 3, 3)],
      [weightOf(t), weightOf(t + 1), weightOf(t + 2), weightOf(t + 3)],
    );
  }
  for (; t < vertical.taps; t++) addOne(sum, rowOf(t, 0), weightOf(t));
}

/** Reused by every sum, to spare the garbage collector. */
const converted = Array.from({ length: 4 }, () => new Float32Array(0));

/** Samples as floats, converted natively: then the sums see one type only, which is faster. */
function floatRow(data: Raster['data'] | Float32Array, from: number, to: number, slot: number): Float32Array {
  if (data instanceof Float32Array) return data.subarray(from, to);
  if (converted[slot]!.length < to - from) converted[slot] = new Float32Array(to - from);
  const row = converted[slot]!.subarray(0, to - from);
  row.set(data.subarray(from, to));
  return row;
}

/** Four rows in one pass: the sum is read and written once for all of them. */
function addFour(
  sum: Float32Array,
  [a, b, c, d]: readonly [Float32Array, Float32Array, Float32Array, Float32Array],
  [wa, wb, wc, wd]: readonly [number, number, number, number],
): void {
  for (let k = 0; k < sum.length; k++) {
    sum[k]! += wa * a[k]! + wb * b[k]! + wc * c[k]! + wd * d[k]!;
  }
}

function addOne(sum: Float32Array, row: Float32Array, weight: number): void {
  for (let k = 0; k < sum.length; k++) sum[k]! += weight * row[k]!;
}

/** The horizontal pass: output pixels `from` to `to` (exclusive) of one row from the sum of rows `line`. */
export function gatherRow(args: {
  readonly line: Float32Array;
  readonly horizontal: AxisTaps;
  readonly channels: number;
  readonly from: number;
  readonly to: number;
  readonly out: Float32Array;
}): void {
  const { line, horizontal, channels, from, to, out } = args;
  const { taps, first, weights } = horizontal;
  if (channels === 3) {
    gatherColour(args);
    return;
  }
  for (let x = from; x < to; x++) {
    for (let c = 0; c < channels; c++) {
      let k = first[x]! * channels + c;
      let sum = 0;
      for (let w = x * taps; w < (x + 1) * taps; w++) {
        sum += weights[w]! * line[k]!;
        k += channels;
      }
      out[x * channels + c] = sum;
    }
  }
}

/** Three channels at once: each weight is read once, which doubles the speed of the commonest case. */
function gatherColour({ line, horizontal, from, to, out }: Parameters<typeof gatherRow>[0]): void {
  const { taps, first, weights } = horizontal;
  for (let x = from; x < to; x++) {
    let k = first[x]! * 3;
    let r = 0;
    let g = 0;
    let b = 0;
    for (let w = x * taps; w < (x + 1) * taps; w++) {
      const weight = weights[w]!;
      r += weight * line[k]!;
      g += weight * line[k + 1]!;
      b += weight * line[k + 2]!;
      k += 3;
    }
    out[x * 3] = r;
    out[x * 3 + 1] = g;
    out[x * 3 + 2] = b;
  }
}
