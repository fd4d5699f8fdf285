import { EditError } from '../../errors.ts';
import { type HuffmanCode, huffmanCode, longLook, lookBits } from './huffman.ts';

/** Where a block of a deflate stream begins. */
export interface BlockStart {
  /** In the stream. */
  readonly bit: number;
  /** In what the stream inflates to. */
  readonly byte: number;
}

/** A stream needs as many bytes more than it has, of any value: reads go beyond its end. */
export const paddingBytes = 8;

/**
 * The end of the block that begins at `start`. Codes are read, nothing is inflated: runs of literals with one look.
 *
 * @param stream a deflate stream and `paddingBytes`.
 * @returns where the next block begins, or what follows the last.
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

/** At least 25 bits, the next one lowest. */
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
/** Of lengths, from symbol 257: the shortest, and further bits that are added. @see RFC 1951, 3.2.5 */
const lengthBases = Int32Array.of(
  ...[3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31],
  ...[35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258],
);
const lengthBits = Int32Array.of(
  ...[0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0],
);
/** Further bits of distances. */
const distanceBits = Int32Array.of(
  ...[0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13],
);

/** The hot loop: a few ns for each look, most of which pass two literals of a photo. */
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
    if (look === 0) throw unreadable();
    const symbol = look >>> 4;
    bit += look & 15;
    if (symbol < endOfBlock) {
      byte++;
      continue;
    }
    if (symbol === endOfBlock) return { bit, byte };
    const kind = symbol - endOfBlock - 1;
    if (kind >= lengthBases.length) throw unreadable();
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

/** By the next bits: whole literals in them, `count << 4 | bits`; 0 when the first is none. */
function literalRuns({ looks }: HuffmanCode): Int32Array {
  const runs = new Int32Array(looks.length);
  for (let index = 0; index < runs.length; index++) {
    let bits = 0;
    let count = 0;
    for (;;) {
      const look = looks[index >>> bits]!;
      // Above the bits that are left there are zeros, which say nothing.
      if (look === 0 || look >>> 4 >= endOfBlock || bits + (look & 15) > lookBits) break;
      bits += look & 15;
      count++;
    }
    runs[index] = (count << 4) | bits;
  }
  return runs;
}

/** Of code lengths, in the order in which they are sent. */
const lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** @see RFC 1951, 3.2.7 */
function readCodes(stream: Uint8Array, startBit: number): Codes & { readonly end: number } {
  let bit = startBit;
  const take = (count: number): number => {
    const value = peek(stream, bit) & ((1 << count) - 1);
    bit += count;
    return value;
  };
  const literalCount = 257 + take(5);
  const distanceCount = 1 + take(5);
  const orderCount = 4 + take(4);
  const orderLengths = new Uint8Array(19);
  for (let i = 0; i < orderCount; i++) orderLengths[lengthOrder[i]!] = take(3);
  const code = huffmanCode(orderLengths);
  const lengths = new Uint8Array(literalCount + distanceCount);
  for (let i = 0; i < lengths.length; ) {
    const look = longLook(code, peek(stream, bit));
    if (look === 0) throw unreadable();
    bit += look & 15;
    const symbol = look >>> 4;
    if (symbol < 16) {
      lengths[i++] = symbol;
      continue;
    }
    if (symbol === 16 && i === 0) throw unreadable();
    const value = symbol === 16 ? lengths[i - 1]! : 0;
    const times = symbol === 16 ? 3 + take(2) : symbol === 17 ? 3 + take(3) : 11 + take(7);
    if (i + times > lengths.length) throw unreadable();
    lengths.fill(value, i, i + times);
    i += times;
  }
  return {
    literals: huffmanCode(lengths.subarray(0, literalCount)),
    distances: huffmanCode(lengths.subarray(literalCount)),
    end: bit,
  };
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
