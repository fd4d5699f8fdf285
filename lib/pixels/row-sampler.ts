import type { Pointer } from '../kernels/exports.ts';
import type { KernelUse } from '../kernels/kernels.ts';
import { type Box, type FloatRaster, type Raster, type Size, samplesPerLevel } from './raster.ts';
import { type Kernel, windowTaps } from './taps.ts';

/** Pixels `from` to `to` (exclusive) of a row. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What is sampled: a window of a raster at another size. */
export interface Sampling {
  /** H x W x C, 8 or 16 bit or float. */
  readonly source: Raster | FloatRaster;
  readonly window: Box;
  readonly size: Size;
  readonly kernel: Kernel;
}

/**
 * Makes one row; rows must come from above to below.
 *
 * @returns floats in levels of 8 bit, `size.width` x C; only the pixels of `span` are made, at their place.
 */
export type RowSampler = (y: number, span?: Span) => Pointer;

/** Rows of the source in memory beyond those of one sum: so they seldom have to be moved. */
const spareRows = 12;
/** Vectors may read or write so many bytes too many. */
const besideBytes = 16;

/**
 * Samples a raster row by row in the kernels' memory, which holds only the rows that one row is made of.
 *
 * @throws {EditError} `SHAPE_MISMATCH` when the window or the size is empty.
 */
export function rowSampler({ kernels, arena }: KernelUse, sampling: Sampling): RowSampler {
  const { source, size } = sampling;
  const { channels, width } = source;
  const { horizontal, vertical } = windowTaps(sampling);
  const rows = sourceRows({ kernels, arena }, source, vertical.taps);
  const [first, weights] = [arena.put(horizontal.first), arena.put(new Float64Array(horizontal.weights))];
  const perLevel = 1 / samplesPerLevel(source.data);
  const rowWeights = arena.put(new Float64Array(vertical.weights).map((weight) => weight * perLevel));
  const line = arena.reserve(width * channels * 4 + besideBytes);
  const out = arena.reserve(size.width * channels * 4 + besideBytes);
  const sampleBytes = source.data.BYTES_PER_ELEMENT;

  return (y, span = { from: 0, to: size.width }) => {
    const { taps } = vertical;
    const from = horizontal.first[span.from]! * channels;
    const count = (horizontal.first[span.to - 1]! + horizontal.taps) * channels - from;
    const sums = line + 4 * from;
    arena.view(Float32Array, sums, count).fill(0);
    const top = rows.from(vertical.first[y]!) + from * sampleBytes;
    kernels.addWeightedRows(sums, top, rows.bytes, sampleBytes, rowWeights + 8 * y * taps, taps, count);
    kernels.gatherRow(line, first, weights, horizontal.taps, channels, span.from, span.to, out);
    return out;
  };
}

/** Some rows of a raster, one behind the other, that move down with what is asked for. */
function sourceRows(
  { kernels, arena }: KernelUse,
  { data, width, height, channels }: Sampling['source'],
  taps: number,
) {
  const samples = width * channels;
  const bytes = samples * data.BYTES_PER_ELEMENT;
  const slots = Math.min(height, taps + spareRows);
  const memory = arena.reserve(slots * bytes + besideBytes);
  const all = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  /** Rows `top` to `end` (exclusive) are there. */
  let [top, end] = [0, 0];

  function load(y: number): void {
    const target = new Uint8Array(kernels.memory.buffer);
    if (y < top || y > end) [top, end] = [y, y];
    if (y + taps > top + slots) {
      target.copyWithin(memory, memory + (y - top) * bytes, memory + (end - top) * bytes);
      top = y;
    }
    const last = Math.min(height, top + slots);
    target.set(all.subarray(end * bytes, last * bytes), memory + (end - top) * bytes);
    end = last;
  }

  return {
    bytes,
    /** Where row `y` is, and the other `taps - 1` behind it. */
    from: (y: number): Pointer => {
      if (y < top || y + taps > end) load(y);
      return memory + (y - top) * bytes;
    },
  };
}
