import { EditError } from '../../../errors.ts';
import type { Pointer } from '../../../kernels/exports.ts';
import type { KernelUse } from '../../../kernels/kernels.ts';
import { marker } from '../container/segments.ts';

/** Bytes without stuffing held at once: fits the cache, and bounds memory however long the scan is. */
const bufferedBytes = 64 * 1024;
/** Bytes unstuffed at once. An interval begins with so many: often only the beginning of one is read. */
const pieceBytes = 16 * 1024;
/** More than the longest MCU: 10 blocks of 64 coefficients of 16 + 15 bits, 2480 bytes. */
const longestMcuBytes = 2560;

/**
 * Reads the entropy-coded segments of a scan through a moving buffer in the memory of the kernels; FF 00 is
 * unstuffed to FF.
 *
 * Positions are bits from the start of the buffer, most significant bit first. Enough zeros follow the last
 * byte that reading one MCU cannot leave the buffer; whether it left the *data* is checked after each MCU.
 */
export interface BitReader {
  readonly use: KernelUse;
  readonly source: Uint8Array;
  readonly buffer: Pointer;
  /** Bytes of the file on their way to the buffer. */
  readonly stuffed: Pointer;
  /** Where the kernel says how much it read and wrote. */
  readonly counts: Pointer;
  /** The buffer; another one after each filling. */
  bytes: Uint8Array;
  view: DataView;
  /** Offset in the file of the first byte not yet buffered, and of the end of the scan. */
  next: number;
  readonly scanEnd: number;
  /** Bytes in the buffer, and bytes of this restart interval that were dropped from it. */
  filled: number;
  dropped: number;
  /** No more bytes in this restart interval: `next` is at a marker or the end of the scan. */
  ended: boolean;
  /** The next bit to read. */
  position: number;
  /** Places within the intervals that were read, in order. */
  readonly stations: Station[];
}

/** A known place of a scan. */
export interface Station {
  /** Counts within the interval, without stuffed bytes; above 0. */
  readonly byte: number;
  /** The same place in the file. */
  readonly offset: number;
}

const capacity = bufferedBytes + longestMcuBytes + 8;
const nothing = new Uint8Array();

export function openBitReader(use: KernelUse, source: Uint8Array, from: number, scanEnd: number): BitReader {
  const reader: BitReader = {
    use,
    source,
    buffer: use.arena.reserve(capacity),
    stuffed: use.arena.reserve(pieceBytes + 1),
    counts: use.arena.reserve(8),
    bytes: nothing,
    view: new DataView(nothing.buffer),
    next: from,
    scanEnd,
    filled: 0,
    dropped: 0,
    ended: false,
    position: 0,
    stations: [],
  };
  fill(reader, pieceBytes);
  return reader;
}

/** Continues with the restart interval that begins at byte `from` of the file. */
export function startInterval(reader: BitReader, from: number): void {
  reader.next = from;
  reader.filled = 0;
  reader.dropped = 0;
  reader.position = 0;
  reader.ended = false;
  fill(reader, pieceBytes);
}

/** The last position at which an MCU can begin and be read without refilling the buffer. */
export function lastMcuStart({ ended, filled }: BitReader): number {
  return ended ? 8 * capacity : Math.max(0, filled - longestMcuBytes) * 8;
}

/** True when an MCU that begins at the position can be read without refilling the buffer. */
export const holdsMcu = (reader: BitReader): boolean => reader.position <= lastMcuStart(reader);

/** Drops the bytes before the position and reads more; the position moves down with them. */
export function refill(reader: BitReader): void {
  const dropped = reader.position >> 3;
  reader.bytes.copyWithin(0, dropped, reader.filled);
  reader.filled -= dropped;
  reader.dropped += dropped;
  reader.position -= dropped * 8;
  fill(reader, bufferedBytes);
}

/** Reads on to about `wanted` bytes in the buffer. */
function fill(reader: BitReader, wanted: number): void {
  const { buffer, scanEnd } = reader;
  const { memory } = reader.use.kernels;
  reader.bytes = new Uint8Array(memory.buffer, buffer, capacity);
  reader.view = new DataView(memory.buffer, buffer, capacity);
  for (let left = wanted - reader.filled; left > 0 && !reader.ended; left -= pieceBytes) {
    addPiece(reader, Math.min(left, pieceBytes, scanEnd - reader.next));
  }
  reader.bytes.fill(0, reader.filled);
}

/** Unstuffs the next `length` bytes of the file. */
function addPiece(reader: BitReader, length: number): void {
  const { use, source, counts, scanEnd, next, filled, dropped, stations } = reader;
  if (dropped + filled > 0) stations.push({ byte: dropped + filled, offset: next });
  const stuffed = use.arena.view(Uint8Array, reader.stuffed, length + 1);
  stuffed.set(source.subarray(next, next + length + 1));
  // Behind the scan an FF cannot be data.
  if (next + length === scanEnd) stuffed[length] = 0xff;
  use.kernels.unstuff(reader.stuffed, length, reader.buffer + filled, counts);
  const [read, written] = use.arena.view(Uint32Array, counts, 2);
  reader.next = next + read!;
  reader.filled += written!;
  reader.ended = read! < length || reader.next >= scanEnd;
}

/** Offset in the file of byte `count`, stuffed bytes not counted, of the data that begins at byte `from`. */
export function offsetOfByte(source: Uint8Array, from: number, count: number): number {
  let at = from + count;
  for (let ff = source.indexOf(0xff, from); ff >= 0 && ff < at; ff = source.indexOf(0xff, ff + 2)) at++;
  return at;
}

/** The `count` (1..25) bits at a bit position. */
export function peekBits(view: DataView, position: number, count: number): number {
  return (view.getInt32(position >> 3) << (position & 7)) >>> (32 - count);
}

/** The next `count` (0..25) bits. */
export function readBits(reader: BitReader, count: number): number {
  if (count === 0) return 0;
  const bits = peekBits(reader.view, reader.position, count);
  reader.position += count;
  return bits;
}

/**
 * The signed value coded in `size` (0..15) extra bits. @see ITU-T T.81, figures F.12 (EXTEND) and F.17
 * (RECEIVE).
 */
export function readSigned(reader: BitReader, size: number): number {
  if (size === 0) return 0;
  const bits = readBits(reader, size);
  return bits < 1 << (size - 1) ? bits - (1 << size) + 1 : bits;
}

/**
 * The next Huffman symbol.
 *
 * @param lookup by 16 bits, `length << 8 | symbol`, 0 for none; 65536 entries for each table.
 * @param slot which of the tables in `lookup`.
 */
export function readSymbol(reader: BitReader, lookup: Uint16Array, slot: number): number {
  const { view, position } = reader;
  const entry = lookup[(slot << 16) + ((view.getInt32(position >> 3) << (position & 7)) >>> 16)]!;
  if (entry === 0) throw noCode();
  reader.position = position + (entry >> 8);
  return entry & 255;
}

export const noCode = () =>
  new EditError('IMAGE_UNREADABLE', 'Expected a Huffman code, got bits that begin no code');

/** @throws {EditError} `IMAGE_TRUNCATED` when the last MCU was read beyond the data. */
export function assertInside(reader: BitReader): void {
  if (reader.ended && reader.position > reader.filled * 8) {
    throw new EditError('IMAGE_TRUNCATED', 'Expected more entropy-coded data, got the end of the scan');
  }
}

/**
 * Offset in the file of the first byte of which no bit was read. Counts back from what was read last: a place
 * near the end is found fast.
 */
export function endOfBits({ source, next, filled, position }: BitReader): number {
  let at = next;
  for (let left = filled - ((position + 7) >> 3); left > 0; left--)
    at -= source[at - 1] === 0 && source[at - 2] === 0xff ? 2 : 1;
  return at;
}

/**
 * Checks that the last MCU of a scan, or of a restart interval, was read from data that were there.
 *
 * Behind the last block of a scan decoders pass over fill bytes, restart markers and bytes that do not belong
 * there. Behind that of an interval a marker must follow, or zeros up to the end: other bytes left over show
 * that it was not read as it was written.
 *
 * @returns the offset in the file of what follows the last block.
 * @throws {EditError} `IMAGE_TRUNCATED` or `IMAGE_UNREADABLE`.
 */
export function assertEnd(reader: BitReader, restartInterval: number): number {
  assertInside(reader);
  const at = endOfBits(reader);
  const { source, scanEnd } = reader;
  if (restartInterval === 0 || at === scanEnd || (source[at] === 0xff && source[at + 1] !== 0)) return at;
  if (scanEnd - at > 1 && source.subarray(at, scanEnd).every((byte) => byte === 0)) return at;
  throw new EditError('IMAGE_UNREADABLE', 'Expected a marker behind the last block of an interval, got data');
}

/**
 * Offset in the file just behind restart marker `index` (counted from 0) of the scan, searched from byte
 * `from`.
 *
 * @throws {EditError} `IMAGE_UNREADABLE` when another marker comes first, `IMAGE_TRUNCATED` when none comes.
 */
export function findRestart(
  { source, scanEnd }: Pick<BitReader, 'source' | 'scanEnd'>,
  from: number,
  index: number,
): number {
  const number = index % 8;
  let at = from;
  for (;;) {
    at = source.indexOf(0xff, at);
    if (at < 0 || at + 1 >= scanEnd) {
      throw new EditError('IMAGE_TRUNCATED', `Expected restart marker ${number}, got the end of the scan`);
    }
    const next = source[at + 1]!;
    if (next === marker.rst0 + number) return at + 2;
    if (next !== 0xff && next !== 0) {
      const found = `FF ${next.toString(16)}`;
      throw new EditError('IMAGE_UNREADABLE', `Expected restart marker ${number}, got ${found}`);
    }
    at += next === 0xff ? 1 : 2;
  }
}
