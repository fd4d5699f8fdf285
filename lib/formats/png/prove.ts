import { Readable } from 'node:stream';
import { createInflate } from 'node:zlib';
import type { Box, Mask, Raster } from '../../pixels/raster.ts';
import { isIntact, type PngChunk, readPngChunks } from './chunks.ts';
import { unfilterRow } from './filters.ts';
import { type FilteredBox, filteredBox, fits, type Layout, layoutOf, rowBytesOf } from './layout.ts';

/** Where a PNG may differ. */
export interface Allowed {
  readonly box: Box;
  /** Mask of the box in stored orientation: 0 = must not have changed. */
  readonly mask: Mask;
  /** The old pixels of the box with one more on each side, clipped to the picture. */
  readonly before: Raster;
}

/** A box where the files may differ, and what the output holds there. */
interface Watched {
  readonly area: FilteredBox;
  /** Filter numbers of its rows, and its filtered bytes. */
  readonly filters: Uint8Array;
  readonly filtered: Uint8Array;
}

const chunkBytes = 512 * 1024;

/**
 * Compares two PNGs before their pixels are decoded: outside the boxes every filtered byte must be the same,
 * and so are the pixels then. Inside, the rows of the output are decoded and compared where the mask is 0.
 *
 * @returns the number of pixels outside the masks that differ; `undefined` when the files differ outside the
 * boxes, or `output` is damaged.
 * @see https://www.w3.org/TR/png-3/#4Concepts
 */
export async function provePng(
  source: Uint8Array,
  output: Uint8Array,
  allowed: readonly Allowed[],
): Promise<number | undefined> {
  const [from, to] = [readPngChunks(source).chunks, readPngChunks(output).chunks];
  const layout = layoutOf(to[0]!.data);
  const isSameKind = Buffer.compare(from[0]!.data, to[0]!.data) === 0;
  if (layout === undefined || !isSameKind || !to.every(isIntact)) return undefined;
  if ([...from, ...to].some(({ name }) => name === 'tRNS')) return undefined;
  if (allowed.some(({ before }) => !fits(before, layout))) return undefined;
  const areas = allowed.map(({ box }) => watchedArea(filteredBox(box, layout)));
  const isSame = sameOutside(inflated(from), inflated(to), areas, layout);
  // A stream that cannot be inflated is no picture.
  if (!(await isSame.catch(() => false))) return undefined;
  let differing = 0;
  for (const [i, watch] of areas.entries()) {
    const count = differingPixels(watch, allowed[i]!, layout);
    if (count === undefined) return undefined;
    differing += count;
  }
  return differing;
}

function watchedArea(area: FilteredBox): Watched {
  return {
    area,
    filters: new Uint8Array(area.rows),
    filtered: new Uint8Array(area.rows * area.bytes),
  };
}

/** Inflates the IDAT chunks part by part; throws for a wrong checksum. */
function inflated(chunks: readonly PngChunk[]): AsyncIterator<Buffer> {
  const inflate = createInflate({ chunkSize: chunkBytes });
  Readable.from(pixelParts(chunks)).pipe(inflate);
  return inflate[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
}

/** Joins the data of small IDAT chunks: each part costs a turn of the thread that inflates. */
function* pixelParts(chunks: readonly PngChunk[]): Generator<Buffer> {
  let part: Uint8Array[] = [];
  let length = 0;
  for (const { name, data } of chunks) {
    if (name !== 'IDAT') continue;
    part.push(data);
    length += data.length;
    if (length < chunkBytes) continue;
    yield Buffer.concat(part);
    [part, length] = [[], 0];
  }
  yield Buffer.concat(part);
}

/** Compares two streams outside the boxes; keeps the bytes of the boxes. */
async function sameOutside(
  before: AsyncIterator<Buffer>,
  after: AsyncIterator<Buffer>,
  areas: readonly Watched[],
  layout: Layout,
): Promise<boolean> {
  let [a, b]: Buffer[] = [Buffer.alloc(0), Buffer.alloc(0)];
  let at = 0;
  for (;;) {
    const [restA, restB] = await Promise.all([filled(a!, before), filled(b!, after)]);
    if (restA === undefined || restB === undefined) {
      return restA === restB && at === layout.rowBytes * layout.height;
    }
    const length = Math.min(restA.length, restB.length);
    if (!samePart(restA.subarray(0, length), restB.subarray(0, length), at, areas, layout)) return false;
    at += length;
    a = restA.subarray(length);
    b = restB.subarray(length);
  }
}

/** The rest of a part, or the next part; `undefined` at the end. */
async function filled(left: Buffer, next: AsyncIterator<Buffer>): Promise<Buffer | undefined> {
  if (left.length > 0) return left;
  const { done, value } = await next.next();
  return done === true ? undefined : value;
}

/** Compares two parts of the same length. @param at their offset in the filtered bytes of the picture. */
function samePart(
  a: Buffer,
  b: Buffer,
  at: number,
  areas: readonly Watched[],
  { rowBytes }: Layout,
): boolean {
  const end = at + a.length;
  let done = at;
  const firstRow = Math.floor(at / rowBytes);
  for (let row = firstRow; row * rowBytes < end; row++) {
    for (const [from, watch, to] of spansOf(row, areas, rowBytes)) {
      const [start, stop] = [Math.max(from, at), Math.min(to, end)];
      const begin = (row - watch.area.box.top) * watch.area.bytes;
      if (row * rowBytes >= at) watch.filters[row - watch.area.box.top] = b[row * rowBytes - at]!;
      if (start >= stop) continue;
      watch.filtered.set(b.subarray(start - at, stop - at), begin + start - from);
      if (a.compare(b, done - at, start - at, done - at, start - at) !== 0) return false;
      done = Math.max(done, stop);
    }
  }
  return a.compare(b, done - at, a.length, done - at, a.length) === 0;
}

/** The parts of a row that may differ, from left to right. */
function spansOf(row: number, areas: readonly Watched[], rowBytes: number): [number, Watched, number][] {
  return areas
    .filter(({ area }) => row >= area.box.top && row < area.box.top + area.rows)
    .map((watch): [number, Watched, number] => {
      const from = row * rowBytes + watch.area.columnAt;
      return [from, watch, from + watch.area.bytes];
    })
    .sort(([a], [b]) => a - b);
}

/** Counts the differing pixels of a box outside its mask; `undefined` for an unknown filter. */
function differingPixels(
  { area, filters, filtered }: Watched,
  { box, mask, before }: Allowed,
  layout: Layout,
): number | undefined {
  const { pixelBytes } = layout;
  const expected = rowBytesOf(before, area, layout);
  const { stride } = expected;
  const decoded = { data: expected.data.slice(), stride };
  let differing = 0;
  for (let row = 0; row < area.rows; row++) {
    const at = (row + 1) * stride + pixelBytes;
    decoded.data.set(filtered.subarray(row * area.bytes, (row + 1) * area.bytes), at);
    const isKnown = unfilterRow(filters[row]!, decoded, at, { pixelBytes, length: area.bytes });
    if (!isKnown) return undefined;
    for (let column = 0; column * pixelBytes < area.bytes; column++) {
      const isMasked = row < box.height && column < box.width && mask.data[row * box.width + column]! > 0;
      if (!isMasked && !samePixel(decoded.data, expected.data, at + column * pixelBytes, pixelBytes))
        differing++;
    }
  }
  return differing;
}

function samePixel(a: Uint8Array, b: Uint8Array, at: number, pixelBytes: number): boolean {
  for (let i = at; i < at + pixelBytes; i++) if (a[i] !== b[i]) return false;
  return true;
}
