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
 * @throws {EditError} `IMAGE_UNREADABLE` when the table is cut off, over-subscribed, or uses a code of all
 *   ones.
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
