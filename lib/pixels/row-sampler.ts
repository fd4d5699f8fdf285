import type { Pointer } from '../kernels/exports.ts';
import type { KernelUse } from '../kernels/kernels.ts';
import { type Box, type FloatRaster, type Raster, type Size, samplesPerLevel } from './raster.ts';
import { type AxisTaps, type Kernel, windowTaps } from './taps.ts';

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

/** Rows of the source in memory beyond those of one sum: so they seldom have to be moved. */
const spareRows = 12;
/** Vectors may read or write so many bytes too many. */
const besideBytes = 16;

/**
 * Samples a raster row by row in the kernels' memory, which holds only the rows that one row is made of.
 *
 * A class: its methods stay compiled, where functions made for each raster would be compiled again and again.
 */
export class RowSampler {
  readonly #use: KernelUse;
  readonly #rows: SourceRows;
  readonly #channels: number;
  readonly #sampleBytes: number;
  readonly #width: number;
  readonly #horizontal: AxisTaps;
  readonly #vertical: AxisTaps;
  readonly #first: Pointer;
  readonly #weights: Pointer;
  readonly #rowWeights: Pointer;
  readonly #line: Pointer;
  readonly #out: Pointer;

  /** @throws {EditError} `SHAPE_MISMATCH` when the window or the size is empty. */
  constructor(use: KernelUse, sampling: Sampling) {
    const { arena } = use;
    const { source, size } = sampling;
    const { horizontal, vertical } = windowTaps(sampling);
    const perLevel = 1 / samplesPerLevel(source.data);
    this.#use = use;
    this.#channels = source.channels;
    this.#sampleBytes = source.data.BYTES_PER_ELEMENT;
    this.#width = size.width;
    this.#horizontal = horizontal;
    this.#vertical = vertical;
    this.#rows = new SourceRows(use, source, vertical.taps);
    this.#first = arena.put(horizontal.first);
    this.#weights = arena.put(new Float64Array(horizontal.weights));
    this.#rowWeights = arena.put(new Float64Array(vertical.weights).map((weight) => weight * perLevel));
    this.#line = arena.reserve(source.width * source.channels * 4 + besideBytes);
    this.#out = arena.reserve(size.width * source.channels * 4 + besideBytes);
  }

  /**
   * Makes one row; rows must come from above to below.
   *
   * @returns floats in levels of 8 bit, `size.width` x C; only the pixels of `span` are made, at their place.
   */
  row(y: number, { from, to }: Span = { from: 0, to: this.#width }): Pointer {
    const { kernels, arena } = this.#use;
    const channels = this.#channels;
    const { first, taps } = this.#horizontal;
    const begin = first[from]! * channels;
    const count = (first[to - 1]! + taps) * channels - begin;
    const sums = this.#line + 4 * begin;
    arena.view(Float32Array, sums, count).fill(0);
    const { first: firstRow, taps: rowCount } = this.#vertical;
    const top = this.#rows.from(firstRow[y]!) + begin * this.#sampleBytes;
    const weights = this.#rowWeights + 8 * y * rowCount;
    kernels.addWeightedRows(sums, top, this.#rows.bytes, this.#sampleBytes, weights, rowCount, count);
    kernels.gatherRow(this.#line, this.#first, this.#weights, taps, channels, from, to, this.#out);
    return this.#out;
  }
}

/** Some rows of a raster, one behind the other, that move down with what is asked for. */
class SourceRows {
  /** Of a row. */
  readonly bytes: number;
  readonly #use: KernelUse;
  readonly #all: Uint8Array;
  readonly #height: number;
  readonly #taps: number;
  readonly #slots: number;
  readonly #memory: Pointer;
  /** Rows `top` to `end` (exclusive) are there. */
  #top = 0;
  #end = 0;

  constructor(use: KernelUse, { data, width, height, channels }: Sampling['source'], taps: number) {
    this.bytes = width * channels * data.BYTES_PER_ELEMENT;
    this.#use = use;
    this.#all = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.#height = height;
    this.#taps = taps;
    this.#slots = Math.min(height, taps + spareRows);
    this.#memory = use.arena.reserve(this.#slots * this.bytes + besideBytes);
  }

  /** Where row `y` is, and the others of a sum behind it. */
  from(y: number): Pointer {
    if (y < this.#top || y + this.#taps > this.#end) this.#load(y);
    return this.#memory + (y - this.#top) * this.bytes;
  }

  #load(y: number): void {
    const { bytes } = this;
    const memory = this.#memory;
    const target = new Uint8Array(this.#use.kernels.memory.buffer);
    if (y < this.#top || y > this.#end) [this.#top, this.#end] = [y, y];
    if (y + this.#taps > this.#top + this.#slots) {
      target.copyWithin(memory, memory + (y - this.#top) * bytes, memory + (this.#end - this.#top) * bytes);
      this.#top = y;
    }
    const last = Math.min(this.#height, this.#top + this.#slots);
    const rows = this.#all.subarray(this.#end * bytes, last * bytes);
    target.set(rows, memory + (this.#end - this.#top) * bytes);
    this.#end = last;
  }
}
