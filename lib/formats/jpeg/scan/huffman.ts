import { EditError } from '../../../errors.ts';

/** Longest code a JPEG may have. */
export const maxCodeLength = 16;

/** A Huffman table as DHT defines it: canonical codes, sorted by length. */
export interface HuffmanTable {
  /** How many codes there are of each length; index 1..16, index 0 unused. */
  readonly counts: Uint8Array;
  /** Symbols in the order of their codes. */
  readonly symbols: Uint8Array;
}

/** The codes by symbol; a length of 0 says the table lacks the symbol. */
export interface HuffmanCodes {
  readonly code: Uint16Array;
  readonly length: Uint8Array;
}

/**
 * Reads one table of a DHT payload at `at`, just after its class and id.
 *
 * @throws {EditError} `IMAGE_UNREADABLE` when the table is cut off, over-subscribed, or uses a code of all ones.
 * @see ITU-T T.81, B.2.4.2 and C.2.
 */
export function readHuffmanTable(bytes: Uint8Array, at: number, end: number): HuffmanTable {
  if (at + maxCodeLength > end)
    throw new EditError('IMAGE_UNREADABLE', 'Expected 16 code counts in a Huffman table');
  const counts = new Uint8Array(maxCodeLength + 1);
  counts.set(bytes.subarray(at, at + maxCodeLength), 1);
  let total = 0;
  let code = 0;
  for (let length = 1; length <= maxCodeLength; length++) {
    const count = counts[length]!;
    total += count;
    code += count;
    // The first code beyond those of this length must still fit: no code is all ones.
    if (count > 0 && code >= 1 << length) {
      throw new EditError(
        'IMAGE_UNREADABLE',
        `Expected at most ${(1 << length) - 1} codes of up to ${length} bits`,
      );
    }
    code <<= 1;
  }
  const from = at + maxCodeLength;
  if (total > 256 || from + total > end) {
    throw new EditError('IMAGE_UNREADABLE', `Expected ${total} symbols in a Huffman table, got fewer`);
  }
  return { counts, symbols: new Uint8Array(bytes.subarray(from, from + total)) };
}

/** Code and code length of every symbol. @see ITU-T T.81, annex C. */
export function codesOf({ counts, symbols }: HuffmanTable): HuffmanCodes {
  const codes = { code: new Uint16Array(256), length: new Uint8Array(256) };
  let code = 0;
  let index = 0;
  for (let length = 1; length <= maxCodeLength; length++) {
    for (let i = counts[length]!; i > 0; i--) {
      const symbol = symbols[index++]!;
      codes.code[symbol] = code++;
      codes.length[symbol] = length;
    }
    code <<= 1;
  }
  return codes;
}

/** First 16 bit code no symbol uses; the canonical order lets new symbols be appended from here. */
export function firstFreeCode({ counts }: HuffmanTable): number {
  let code = 0;
  for (let length = 1; length <= maxCodeLength; length++) code = (code + counts[length]!) << 1;
  return code >> 1;
}

/**
 * Lookup by the next 16 bits: `length << 8 | symbol`, 0 where no code begins so.
 *
 * @param into 65536 entries, all zero.
 */
export function fillSymbolLookup(table: HuffmanTable, into: Uint16Array): void {
  let at = 0;
  let index = 0;
  for (let length = 1; length <= maxCodeLength; length++) {
    const span = 1 << (maxCodeLength - length);
    for (let i = table.counts[length]!; i > 0; i--) {
      into.fill((length << 8) | table.symbols[index++]!, at, at + span);
      at += span;
    }
  }
}

/** The payload of a DHT segment for one table, class and id first. */
export function encodeHuffmanTable(tableClass: 0 | 1, id: number, table: HuffmanTable): Uint8Array {
  const bytes = new Uint8Array(1 + maxCodeLength + table.symbols.length);
  bytes[0] = (tableClass << 4) | id;
  bytes.set(table.counts.subarray(1), 1);
  bytes.set(table.symbols, 1 + maxCodeLength);
  return bytes;
}

/**
 * The optimal table for symbol frequencies, codes limited to 16 bits, none of all ones.
 *
 * Merges the two least frequent trees, then moves codes longer than 16 bits up in pairs.
 *
 * @param frequencies 256 counts; symbols of count 0 get no code.
 * @see ITU-T T.81, K.2 (figures K.1 to K.4).
 */
export function optimalHuffmanTable(frequencies: Float64Array): HuffmanTable {
  const lengths = codeLengths(frequencies);
  const tally = new Int32Array(lengths.reduce((a, b) => Math.max(a, b), maxCodeLength) + 1);
  for (const length of lengths) if (length > 0) tally[length]!++;
  limitLengths(tally);
  const symbols = Array.from({ length: 256 }, (_, symbol) => symbol)
    .filter((symbol) => frequencies[symbol]! > 0)
    .sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  return { counts: Uint8Array.from(tally.subarray(0, maxCodeLength + 1)), symbols: Uint8Array.from(symbols) };
}

/** Huffman code length of each symbol; entry 256 is a pseudo symbol that takes the code of all ones. */
function codeLengths(frequencies: Float64Array): number[] {
  const lengths = new Array<number>(257).fill(0);
  let trees: { weight: number; leaves: number[] }[] = [{ weight: 1, leaves: [256] }];
  for (let symbol = 0; symbol < 256; symbol++) {
    if (frequencies[symbol]! > 0) trees.push({ weight: frequencies[symbol]!, leaves: [symbol] });
  }
  while (trees.length > 1) {
    // Among equals the pseudo symbol, being first, sinks deepest: a stable sort keeps it so.
    trees = trees.sort((a, b) => a.weight - b.weight);
    const [a, b] = trees.splice(0, 2);
    const leaves = [...a!.leaves, ...b!.leaves];
    for (const leaf of leaves) lengths[leaf]!++;
    trees.unshift({ weight: a!.weight + b!.weight, leaves });
  }
  return lengths;
}

function limitLengths(tally: Int32Array): void {
  for (let i = tally.length - 1; i > maxCodeLength; i--) {
    while (tally[i]! > 0) {
      let j = i - 2;
      while (tally[j] === 0) j--;
      tally[i]! -= 2;
      tally[i - 1]!++;
      tally[j + 1]! += 2;
      tally[j]!--;
    }
  }
  // The pseudo symbol leaves the longest length.
  let last = maxCodeLength;
  while (last > 0 && tally[last] === 0) last--;
  if (last > 0) tally[last]!--;
}
