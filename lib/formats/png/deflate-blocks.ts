import { EditError } from '../../errors.ts';
import { type HuffmanCode, huffmanCode, longLook, lookBits } from './huffman.ts';

/** The beginning of a deflate block. */
export interface BlockStart {
  /** Bit of the stream. */
  readonly bit: number;
  /** Byte of the inflated data. */
  readonly byte: number;
}

/** Reads go beyond the end of a stream, so it must be followed by this many bytes of any value. */
export const paddingBytes = 8;

/**
 * Finds the end of the block that begins at `start`. Codes are read and nothing is inflated; one table
 * look-up skips a run of literals.
 *
 * @param stream a deflate stream, followed by `paddingBytes`.
 * @returns the beginning of the next block, or the end of the last.
 * @throws {EditError} `IMAGE_UNREADABLE` when it is no deflate stream, `IMAGE_TRUNCATED` when it ends early.
 * @see RFC 1951
 */
export function blockEnd(stream: Uint8Array, start: BlockStart): BlockStart & { readonly isLast: boolean } {
  const head = peek(stream, start.bit);
  const end = { isLast: (head & 1) === 1, ...endOf(stream, (head >>> 1) & 3, start) };
  if (end.bit <= 8 * (stream.length - paddingBytes)) return end;
  throw new EditError('IMAGE_TRUNCATED', 'Expected a whole deflate stream, got its end within a block');
}

function endOf(stream: Uint8Array, kind: number, { bit, byte }: BlockStart): BlockStart {
  switch (kind) {
    case 0:
      return storedEnd(stream, bit + 3, byte);
    case 1:
      return codedEnd(stream, { bit: bit + 3, byte }, fixedCodes());
    case 2: {
      const { end, ...codes } = readCodes(stream, bit + 3);
      return codedEnd(stream, { bit: end, byte }, codes);
    }
    default:
      throw unreadable();
  }
}

/** Reads at least 25 bits; the next bit is the lowest. */
function peek(stream: Uint8Array, bit: number): number {
  const at = bit >>> 3;
  const word = stream[at]! | (stream[at + 1]! << 8) | (stream[at + 2]! << 16) | (stream[at + 3]! << 24);
  return word >>> (bit & 7);
}

function storedEnd(stream: Uint8Array, bit: number, byte: number): BlockStart {
  const at = (bit + 7) >>> 3;
  const length = stream[at]! | (stream[at + 1]! << 8);
  const check = stream[at + 2]! | (stream[at + 3]! << 8);
  if ((length ^ check) !== 0xffff) throw unreadable();
  return { bit: 8 * (at + 4 + length), byte: byte + length };
}

interface Codes {
  readonly literals: HuffmanCode;
  readonly distances: HuffmanCode;
}

const endOfBlock = 256;
/** Lengths by symbol, from 257: the base, and the number of extra bits. @see RFC 1951, 3.2.5 */
const lengthBases = Int32Array.of(
  ...[3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31],
  ...[35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258],
);
const lengthBits = Int32Array.of(
  ...[0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0],
);
const firstLength = endOfBlock + 1;
const lastLength = endOfBlock + lengthBases.length;
/** Extra bits of distances. */
const distanceBits = Int32Array.of(
  ...[0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13],
);

/** The hot loop: a few ns for each look-up, most of which skip two literals of a photo. */
function codedEnd(stream: Uint8Array, start: BlockStart, { literals, distances }: Codes): BlockStart {
  const runs = literalRuns(literals);
  const { looks } = literals;
  const lookMask = (1 << lookBits) - 1;
  const endBit = 8 * (stream.length - paddingBytes);
  const view = new DataView(stream.buffer, stream.byteOffset, stream.length);
  let { bit, byte } = start;
  while (bit <= endBit) {
    const word = view.getInt32(bit >>> 3, true) >>> (bit & 7);
    const run = runs[word & lookMask]!;
    if (run !== 0) {
      bit += run & 15;
      byte += run >>> 4;
      continue;
    }
    const look = looks[word & lookMask]! || longLook(literals, word);
    const symbol = look >>> 4;
    if (look === 0 || symbol > lastLength) throw unreadable();
    bit += look & 15;
    if (symbol < endOfBlock) {
      byte++;
      continue;
    }
    if (symbol === endOfBlock) return { bit, byte };
    const kind = symbol - firstLength;
    const more = lengthBits[kind]!;
    byte += lengthBases[kind]! + ((word >>> (look & 15)) & ((1 << more) - 1));
    bit += more;
    const distanceWord = view.getInt32(bit >>> 3, true) >>> (bit & 7);
    const distance = distances.looks[distanceWord & lookMask]! || longLook(distances, distanceWord);
    if (distance === 0 || distance >>> 4 >= distanceBits.length) throw unreadable();
    bit += (distance & 15) + distanceBits[distance >>> 4]!;
  }
  throw new EditError('IMAGE_TRUNCATED', 'Expected the end of a block of deflate, got the end of the stream');
}

/** By the next bits of the stream: the run of literals in them as `count << 4 | bits`; 0 for no literal. */
function literalRuns({ looks }: HuffmanCode): Int32Array {
  const runs = new Int32Array(looks.length);
  for (let index = 0; index < runs.length; index++) {
    let bits = 0;
    let count = 0;
    for (;;) {
      const look = looks[index >>> bits]!;
      // The shift fills with zeros, which are not bits of the stream.
      if (look === 0 || look >>> 4 >= endOfBlock || bits + (look & 15) > lookBits) break;
      bits += look & 15;
      count++;
    }
    runs[index] = (count << 4) | bits;
  }
  return runs;
}

/** The order in which lengths of the code length code are stored. */
const lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** Takes numbers of some bits from a stream, one after the other. */
interface BitReader {
  bit: number;
  readonly stream: Uint8Array;
}

function take(reader: BitReader, count: number): number {
  const value = peek(reader.stream, reader.bit) & ((1 << count) - 1);
  reader.bit += count;
  return value;
}

/** Reads the codes at the head of a block. @see RFC 1951, 3.2.7 */
function readCodes(stream: Uint8Array, startBit: number): Codes & { readonly end: number } {
  const reader: BitReader = { stream, bit: startBit };
  const literalCount = 257 + take(reader, 5);
  const distanceCount = 1 + take(reader, 5);
  const orderCount = 4 + take(reader, 4);
  const orderLengths = new Uint8Array(19);
  for (let i = 0; i < orderCount; i++) orderLengths[lengthOrder[i]!] = take(reader, 3);
  const lengths = new Uint8Array(literalCount + distanceCount);
  readLengths(reader, huffmanCode(orderLengths), lengths);
  return {
    literals: huffmanCode(lengths.subarray(0, literalCount)),
    distances: huffmanCode(lengths.subarray(literalCount)),
    end: reader.bit,
  };
}

/** Symbols that repeat the length before them, or 0. */
const repeatLast = 16;
const repeatZero = 17;

function readLengths(reader: BitReader, code: HuffmanCode, lengths: Uint8Array): void {
  for (let i = 0; i < lengths.length; ) {
    const look = longLook(code, peek(reader.stream, reader.bit));
    if (look === 0) throw unreadable();
    reader.bit += look & 15;
    const symbol = look >>> 4;
    if (symbol < repeatLast) {
      lengths[i++] = symbol;
      continue;
    }
    if (symbol === repeatLast && i === 0) throw unreadable();
    const value = symbol === repeatLast ? lengths[i - 1]! : 0;
    const times = repeats(reader, symbol);
    if (i + times > lengths.length) throw unreadable();
    lengths.fill(value, i, i + times);
    i += times;
  }
}

function repeats(reader: BitReader, symbol: number): number {
  if (symbol === repeatLast) return 3 + take(reader, 2);
  return symbol === repeatZero ? 3 + take(reader, 3) : 11 + take(reader, 7);
}

let fixed: Codes | undefined;

/** @see RFC 1951, 3.2.6 */
function fixedCodes(): Codes {
  if (fixed === undefined) {
    const lengths = new Uint8Array(288).fill(8).fill(9, 144, 256).fill(7, 256, 280);
    fixed = { literals: huffmanCode(lengths), distances: huffmanCode(new Uint8Array(30).fill(5)) };
  }
  return fixed;
}

function unreadable(): EditError {
  return new EditError('IMAGE_UNREADABLE', 'Expected a deflate stream, got something else');
}
