import {
  codesOf,
  firstFreeCode,
  type HuffmanCodes,
  type HuffmanTable,
  maxCodeLength,
} from '../scan/huffman.ts';

/** The code of all ones is reserved; the last usable 16 bit code is one less. */
const lastCode = 0xfffe;

/**
 * The codes of a table that can take symbols it lacks.
 *
 * Canonical codes are sorted by length, so symbols of 16 bits appended after all others change no existing code: everything
 * coded before stays valid bit for bit. Optimised tables leave room for it unless they use 16 bits themselves.
 */
export interface GrowingCodes extends HuffmanCodes {
  readonly table: HuffmanTable;
  readonly added: number[];
  nextCode: number;
  /** A symbol was asked for and no code is left: what was written is void. */
  full: boolean;
}

export function growingCodes(table: HuffmanTable): GrowingCodes {
  return { ...codesOf(table), table, added: [], nextCode: firstFreeCode(table), full: false };
}

/** Gives the symbol a code of 16 bits, or declares the table full. */
export function addSymbol(codes: GrowingCodes, symbol: number): void {
  if (codes.nextCode > lastCode) {
    codes.full = true;
    return;
  }
  codes.code[symbol] = codes.nextCode++;
  codes.length[symbol] = maxCodeLength;
  codes.added.push(symbol);
}

/** The table with the added symbols at its end. */
export function grownTable({ table, added }: GrowingCodes): HuffmanTable {
  const counts = table.counts.slice();
  counts[maxCodeLength]! += added.length;
  return { counts, symbols: Uint8Array.from([...table.symbols, ...added]) };
}
