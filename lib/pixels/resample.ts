import { EditError } from '../errors.ts';
import { type AxisTaps, axisTaps, type Kernel } from './axis-taps.ts';
import { emptyFloatRaster, type FloatRaster, samplesPerLevel } from './float-raster.ts';
import type { Box, Raster, Size } from './raster.ts';

/** A rectangle of a raster in continuous pixels: pixel `i` covers `i` to `i + 1`. May lie partly outside. */
export type Window = Box;

/** Everything of a raster. */
export function wholeWindow({ width, height }: Size): Window {
  return { left: 0, top: 0, width, height };
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

/** Reused by every sum: new rows each time would be work for the garbage collector alone. */
const converted = Array.from({ length: 4 }, () => new Float32Array(0));

/** Samples as floats: the copy converts natively, and the sum sees one type only, which is faster than reading `data` there. */
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
