import type { Pointer } from '../../kernels/exports.ts';
import type { KernelUse } from '../../kernels/kernels.ts';
import { type BlockStart, type Inflater, inflater, type Piece, windowBytes } from './inflater.ts';
import type { FilteredBox, Layout } from './layout.ts';
import type { PixelStream } from './pixel-stream.ts';
import type { PngPixels } from './pixels.ts';
import { adlerBytes } from './zlib-stream.ts';

/** A box where the files may differ, and what the output holds there. */
export interface Watched {
  readonly area: FilteredBox;
  /** Filter numbers of its rows, and its filtered bytes. */
  readonly filters: Uint8Array;
  readonly filtered: Uint8Array;
}

export function watchedArea(area: FilteredBox): Watched {
  return {
    area,
    filters: new Uint8Array(area.rows),
    filtered: new Uint8Array(area.rows * area.bytes),
  };
}

/** Blocks of an output that take the place of others of its source. */
export interface Stretch {
  readonly stream: PixelStream;
  /** Its end in bytes. */
  readonly end: number;
  /** The bit at which its last block must begin; `undefined` where it is the output's own last. */
  readonly lastHead: number | undefined;
}

interface Job {
  readonly pixels: PngPixels;
  readonly first: BlockStart;
  /** The inflated byte at which the stretch ends in both. */
  readonly end: number;
  readonly areas: readonly Watched[];
  readonly stretch: Stretch;
}

/** Inflated bytes that are not compared yet. */
interface Rest {
  readonly at: Pointer;
  readonly length: number;
}

/**
 * Inflates a stretch of both files side by side, and compares them outside the boxes.
 *
 * @returns checksums of the stretch before and after; `undefined` when anything differs, or the stretch does
 * not end where it must.
 */
export function compareStretch(use: KernelUse, job: Job): { old: number; now: number } | undefined {
  const { first, end, stretch } = job;
  const source = sourceAt(use, job);
  if (source === undefined) return undefined;
  const place = { ...first, window: source.window };
  const written = inflater(use, { stream: stretch.stream, place, end: stretch.end, keptBytes: 0 });
  const compare = comparer(use, job);
  const adlers = { old: 1, now: 1 };
  let a: Rest | undefined = source.rest;
  let b: Rest | undefined = { at: 0, length: 0 };
  for (let done = first.byte; done < end; ) {
    a = filled(a, source.inflater);
    b = filled(b, written);
    if (a === undefined || b === undefined) return undefined;
    const length = Math.min(a.length, b.length, end - done);
    if (!compare(a.at, b.at, done, length)) return undefined;
    adlers.old = use.kernels.adler32(adlers.old, a.at, length);
    adlers.now = use.kernels.adler32(adlers.now, b.at, length);
    a = { at: a.at + length, length: a.length - length };
    b = { at: b.at + length, length: b.length - length };
    done += length;
  }
  return filled(b, written) === undefined && endsRight(written, stretch) ? adlers : undefined;
}

function endsRight(written: Inflater, { end, lastHead }: Stretch): boolean {
  const isWhole = written.ending() === 'whole' && Math.ceil(written.bit() / 8) === end;
  return isWhole && (lastHead === undefined || written.head() === lastHead);
}

/** Inflates the source up to the stretch. */
function sourceAt(use: KernelUse, { pixels, first }: Job) {
  const source = inflater(use, {
    stream: pixels.stream,
    place: pixels.placeBefore(first.byte),
    end: pixels.stream.bytes - adlerBytes,
    keptBytes: 0,
  });
  for (let piece = source.next(); piece !== undefined; piece = source.next()) {
    const skipped = first.byte - piece.byte;
    if (skipped > piece.to - piece.from) continue;
    const at = piece.from + skipped;
    const history = Math.min(windowBytes, piece.history + skipped);
    const window = new Uint8Array(use.kernels.memory.buffer).slice(at - history, at);
    return { inflater: source, window, rest: { at, length: piece.to - at } };
  }
  return undefined;
}

/** What is left, or the next piece; `undefined` at the end. */
function filled(rest: Rest, source: Inflater): Rest | undefined {
  if (rest.length > 0) return rest;
  for (let piece: Piece | undefined = source.next(); piece !== undefined; piece = source.next()) {
    if (piece.to > piece.from) return { at: piece.from, length: piece.to - piece.from };
  }
  return undefined;
}

/** The part of a row that may differ. */
interface Span {
  readonly from: number;
  readonly to: number;
  readonly row: number;
  readonly watch: Watched;
}

function spansOf(areas: readonly Watched[], { rowBytes }: Layout): Span[] {
  const spans = areas.flatMap((watch) =>
    Array.from({ length: watch.area.rows }, (_, row): Span => {
      const from = watch.area.rowAt + row * rowBytes + watch.area.columnAt;
      return { from, to: from + watch.area.bytes, row, watch };
    }),
  );
  return spans.sort((a, b) => a.from - b.from);
}

/** Compares parts of both, one behind the other, and keeps what may differ. */
function comparer({ kernels }: KernelUse, { areas, pixels: { layout } }: Job) {
  const spans = spansOf(areas, layout);
  let next = 0;
  return (a: Pointer, b: Pointer, from: number, length: number): boolean => {
    const to = from + length;
    const output = new Uint8Array(kernels.memory.buffer, b, length);
    const isSame = (start: number, stop: number) =>
      stop <= start || kernels.commonBytes(a + start - from, b + start - from, stop - start) === stop - start;
    while (next < spans.length && spans[next]!.to <= from) next++;
    let done = from;
    for (let i = next; i < spans.length && spans[i]!.from - spans[i]!.watch.area.columnAt < to; i++) {
      const { watch, row, ...span } = spans[i]!;
      const filterAt = span.from - watch.area.columnAt;
      if (filterAt >= from) watch.filters[row] = output[filterAt - from]!;
      const [start, stop] = [Math.max(span.from, from), Math.min(span.to, to)];
      if (start >= stop) continue;
      watch.filtered.set(
        output.subarray(start - from, stop - from),
        row * watch.area.bytes + start - span.from,
      );
      if (!isSame(done, start)) return false;
      done = Math.max(done, stop);
    }
    return isSame(done, to);
  };
}
