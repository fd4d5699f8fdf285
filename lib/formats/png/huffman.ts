import { EditError } from '../../errors.ts';

/** Codes up to this length are found by one look-up. Larger tables do not fit the L1 cache. */
export const lookBits = 10;
const longestCode = 15;

/** A canonical Huffman code of deflate. */
export interface HuffmanCode {
  /** By the next `lookBits` bits of the stream: `symbol << 4 | length`, 0 for a longer code. */
  readonly looks: Int32Array;
  /** The number of codes of each length, 0 to 15 bits. */
  readonly counts: Int32Array;
  /** The symbols in the order of their codes. */
  readonly symbols: Int32Array;
}

/**
 * Builds a canonical code from the length of each symbol, in bits; 0 = not used.
 *
 * @throws {EditError} `IMAGE_UNREADABLE` when there are more codes than the lengths allow.
 * @see RFC 1951, 3.2.2
 */
export function huffmanCode(lengths: Uint8Array): HuffmanCode {
  const counts = new Int32Array(longestCode + 1);
  for (const length of lengths) counts[length]!++;
  counts[0] = 0;
  const offsets = new Int32Array(longestCode + 2);
  const nextCode = new Int32Array(longestCode + 2);
  let left = 1;
  for (let length = 1; length <= longestCode; length++) {
    left = 2 * left - counts[length]!;
    if (left < 0) throw new EditError('IMAGE_UNREADABLE', 'Expected a Huffman code, got too many codes');
    offsets[length + 1] = offsets[length]! + counts[length]!;
    nextCode[length + 1] = (nextCode[length]! + counts[length]!) << 1;
  }
  const symbols = new Int32Array(lengths.length);
  const looks = new Int32Array(1 << lookBits);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol]!;
    if (length === 0) continue;
    symbols[offsets[length]!++] = symbol;
    const code = nextCode[length]!++;
    if (length > lookBits) continue;
    // The first bit of a code is the lowest bit of the stream.
    const step = 1 << length;
    for (let at = reversed(code, length); at < looks.length; at += step) looks[at] = (symbol << 4) | length;
  }
  return { looks, counts, symbols };
}

function reversed(code: number, length: number): number {
  let out = 0;
  for (let bit = 0; bit < length; bit++) out |= ((code >> bit) & 1) << (length - 1 - bit);
  return out;
}

/**
 * Decodes the next symbol.
 *
 * @param bits at least 15, the next is lowest.
 * @returns `symbol << 4 | length`; 0 for no code.
 */
export function longLook({ counts, symbols }: HuffmanCode, bits: number): number {
  let code = 0;
  let first = 0;
  let index = 0;
  for (let length = 1; length <= longestCode; length++) {
    code |= (bits >>> (length - 1)) & 1;
    const count = counts[length]!;
    if (code - first < count) return (symbols[index + code - first]! << 4) | length;
    index += count;
    first = (first + count) << 1;
    code <<= 1;
  }
  return 0;
}
