import { EditError } from '../../../errors.ts';
import { marker } from '../container/segments.ts';

/** Bytes without stuffing held at once: fits the cache, and bounds memory however long the scan is. */
const bufferedBytes = 64 * 1024;
/** More than the longest MCU: 10 blocks of 64 coefficients of 16 + 15 bits, 2480 bytes. */
const longestMcuBytes = 2560;

/**
 * Reads the entropy-coded segments of a scan through a moving buffer; FF 00 is unstuffed to FF.
 *
 * Positions are bits from the start of the buffer, most significant bit first. Enough zeros follow the last
 * byte that reading one MCU cannot leave the buffer; whether it left the *data* is checked after each MCU.
 */
export interface BitReader {
  readonly source: Uint8Array;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Offset in the file of the first byte not yet buffered, and of the end of the scan. */
  next: number;
  readonly scanEnd: number;
  /** Bytes in the buffer. */
  filled: number;
  /** No more bytes in this restart interval: `next` is at a marker or the end of the scan. */
  ended: boolean;
  /** The next bit to read. */
  position: number;
}

export function openBitReader(source: Uint8Array, from: number, scanEnd: number): BitReader {
  const bytes = new Uint8Array(bufferedBytes + longestMcuBytes + 8);
  const view = new DataView(bytes.buffer);
  const reader = { source, bytes, view, next: from, scanEnd, filled: 0, ended: false, position: 0 };
  fill(reader);
  return reader;
}

/** Continues with the restart interval that begins at byte `from` of the file. */
export function startInterval(reader: BitReader, from: number): void {
  reader.next = from;
  reader.filled = 0;
  reader.position = 0;
  reader.ended = false;
  fill(reader);
}

/** True when an MCU that begins at the position can be read without refilling the buffer. */
export function holdsMcu(reader: BitReader): boolean {
  return reader.ended || reader.position <= (reader.filled - longestMcuBytes) * 8;
}

/** Drops the bytes before the position and reads more; the position moves down with them. */
export function refill(reader: BitReader): void {
  const dropped = reader.position >> 3;
  reader.bytes.copyWithin(0, dropped, reader.filled);
  reader.filled -= dropped;
  reader.position -= dropped * 8;
  fill(reader);
}

function fill(reader: BitReader): void {
  const { source, bytes, scanEnd } = reader;
  let { next, filled } = reader;
  while (filled < bufferedBytes && next < scanEnd) {
    if (source[next] === 0xff) {
      if (source[next + 1] !== 0) {
        reader.ended = true;
        break;
      }
      bytes[filled++] = 0xff;
      next += 2;
    }
    // Stuffed bytes are some 250 apart: the bytes between them are found and copied natively.
    const end = Math.min(scanEnd, next + bufferedBytes - filled);
    const stuffed = source.indexOf(0xff, next);
    const run = source.subarray(next, stuffed < 0 ? end : Math.min(end, stuffed));
    bytes.set(run, filled);
    filled += run.length;
    next += run.length;
  }
  reader.ended ||= next >= scanEnd;
  reader.next = next;
  reader.filled = filled;
  bytes.fill(0, filled, filled + longestMcuBytes + 8);
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
 * @throws {EditError} `IMAGE_UNREADABLE` unless only the padding of the last byte of the interval is left.
 */
export function assertExhausted(reader: BitReader): void {
  assertInside(reader);
  if (!reader.ended || reader.filled * 8 - reader.position > 7) {
    throw new EditError('IMAGE_UNREADABLE', 'Expected the scan to end after its last block, got more data');
  }
}

/** @throws {EditError} `IMAGE_UNREADABLE` unless the whole scan has been read. */
export function assertFinished(reader: BitReader): void {
  assertExhausted(reader);
  if (reader.next === reader.scanEnd) return;
  throw new EditError('IMAGE_UNREADABLE', 'Expected the end of the scan after its last block, got a marker');
}

/**
 * Ends a restart interval and begins the next, behind the restart marker `index` (counted from 0) of the
 * scan.
 */
export function nextInterval(reader: BitReader, index: number): void {
  assertExhausted(reader);
  startInterval(reader, findRestart(reader, reader.next, index));
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
