import { Readable } from 'node:stream';
import { createInflate } from 'node:zlib';
import type { Box, Mask, Raster } from '../../pixels/raster.ts';
import { isIntact, type PngChunk, readPngChunks } from './chunks.ts';
import { unfilterRow } from './filters.ts';
import { fits, type Layout, layoutOf, type Place, placeOf, rowBytesOf } from './layout.ts';

/** Where a PNG may differ. */
export interface Allowed {
  readonly box: Box;
  /** Of the box, as stored: 0 = must not have changed. */
  readonly mask: Mask;
  /** The picture there, and one pixel on each side as far as it goes. */
  readonly before: Raster;
}

interface Watch {
  readonly place: Place;
  /** The filters of its rows, and the bytes of its columns, as the output has them. */
  readonly filters: Uint8Array;
  readonly filtered: Uint8Array;
}

const chunkBytes = 512 * 1024;

/**
 * Compares two PNGs before their pixels are decoded: outside the boxes every byte must be the same, filters included, and so
 * are the pixels. In the boxes the rows of the output are decoded and compared where the mask says so, and beside them what is
 * predicted from them.
 *
 * @returns the number of pixels outside the masks that differ; `undefined` when the files differ in anything but the boxes, or
 * `output` is damaged.
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
  if ([...from, ...to].some(({ type }) => type === 'tRNS')) return undefined;
  if (allowed.some(({ before }) => !fits(before, layout))) return undefined;
  const watches = allowed.map(({ box }) => watchOf(placeOf(box, layout)));
  const isSame = sameOutside(inflated(from), inflated(to), watches, layout);
  // What cannot be inflated is no picture.
  if (!(await isSame.catch(() => false))) return undefined;
  let differing = 0;
  for (const [i, watch] of watches.entries()) {
    const count = differingPixels(watch, allowed[i]!, layout);
    if (count === undefined) return undefined;
    differing += count;
  }
  return differing;
}

function watchOf(place: Place): Watch {
  return {
    place,
    filters: new Uint8Array(place.rows),
    filtered: new Uint8Array(place.rows * place.bytes),
  };
}

/** What the IDAT chunks inflate to, part by part; throws at a wrong checksum. */
function inflated(chunks: readonly PngChunk[]): AsyncIterator<Buffer> {
  const inflate = createInflate({ chunkSize: chunkBytes });
  Readable.from(pixelParts(chunks)).pipe(inflate);
  return inflate[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
}

/** Data of IDAT chunks, which are mostly small, some together: each part costs a turn of the thread that inflates. */
function* pixelParts(chunks: readonly PngChunk[]): Generator<Buffer> {
  let part: Uint8Array[] = [];
  let length = 0;
  for (const { type, data } of chunks) {
    if (type !== 'IDAT') continue;
    part.push(data);
    length += data.length;
    if (length < chunkBytes) continue;
    yield Buffer.concat(part);
    [part, length] = [[], 0];
  }
  yield Buffer.concat(part);
}

/** Compares two sequences as they come; what the boxes hold is kept for later. */
async function sameOutside(
  before: AsyncIterator<Buffer>,
  after: AsyncIterator<Buffer>,
  watches: readonly Watch[],
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
    if (!samePart(restA.subarray(0, length), restB.subarray(0, length), at, watches, layout)) return false;
    at += length;
    a = restA.subarray(length);
    b = restB.subarray(length);
  }
}

/** What is left, or the next that comes; `undefined` at the end. */
async function filled(left: Buffer, next: AsyncIterator<Buffer>): Promise<Buffer | undefined> {
  if (left.length > 0) return left;
  const { done, value } = await next.next();
  return done === true ? undefined : value;
}

/** @param at where the parts begin in the picture's bytes. */
function samePart(
  a: Buffer,
  b: Buffer,
  at: number,
  watches: readonly Watch[],
  { rowBytes }: Layout,
): boolean {
  const end = at + a.length;
  let done = at;
  const firstRow = Math.floor(at / rowBytes);
  for (let row = firstRow; row * rowBytes < end; row++) {
    for (const [from, watch, to] of spansOf(row, watches, rowBytes)) {
      const [start, stop] = [Math.max(from, at), Math.min(to, end)];
      const begin = (row - watch.place.box.top) * watch.place.bytes;
      if (row * rowBytes >= at) watch.filters[row - watch.place.box.top] = b[row * rowBytes - at]!;
      if (start >= stop) continue;
      watch.filtered.set(b.subarray(start - at, stop - at), begin + start - from);
      if (a.compare(b, done - at, start - at, done - at, start - at) !== 0) return false;
      done = Math.max(done, stop);
    }
  }
  return a.compare(b, done - at, a.length, done - at, a.length) === 0;
}

/** The parts of a row that may differ, from left to right. */
function spansOf(row: number, watches: readonly Watch[], rowBytes: number): [number, Watch, number][] {
  return watches
    .filter(({ place }) => row >= place.box.top && row < place.box.top + place.rows)
    .map((watch): [number, Watch, number] => {
      const from = row * rowBytes + watch.place.columnAt;
      return [from, watch, from + watch.place.bytes];
    })
    .sort(([a], [b]) => a - b);
}

/** Decodes what the output holds in a box; `undefined` for a filter that there is not. */
function differingPixels(
  { place, filters, filtered }: Watch,
  { box, mask, before }: Allowed,
  layout: Layout,
): number | undefined {
  const { pixelBytes } = layout;
  const expected = rowBytesOf(before, place, layout);
  const { stride } = expected;
  const decoded = { data: expected.data.slice(), stride };
  let differing = 0;
  for (let row = 0; row < place.rows; row++) {
    const at = (row + 1) * stride + pixelBytes;
    decoded.data.set(filtered.subarray(row * place.bytes, (row + 1) * place.bytes), at);
    const isKnown = unfilterRow(filters[row]!, decoded, at, { pixelBytes, length: place.bytes });
    if (!isKnown) return undefined;
    for (let column = 0; column * pixelBytes < place.bytes; column++) {
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
