import type { Pointer } from '../../../kernels/exports.ts';
import type { KernelUse } from '../../../kernels/kernels.ts';
import { codesOf, type HuffmanTable, maxCodeLength } from '../scan/huffman.ts';
import { growingCodes } from './huffman-coding.ts';

/** The codes of a table where kernels write with them; it can take symbols that the table lacks. */
export interface KernelEncoder {
  readonly table: HuffmanTable;
  readonly pointer: Pointer;
}

/** @see `lib/kernels/assembly/jpeg-writer.ts`. */
const byte = {
  nextCode: 1024,
  isFull: 1028,
  addedCount: 1032,
  added: 1036,
  frequencies: 1292,
  end: 2316,
} as const;

/** An encoder for the codes of a table, with all its frequencies 0. */
function kernelEncoder({ arena }: KernelUse, table: HuffmanTable): KernelEncoder {
  const pointer = arena.reserve(byte.end);
  const { code, length } = codesOf(table);
  const words = arena.view(Uint32Array, pointer, byte.end / 4).fill(0);
  for (let symbol = 0; symbol < 256; symbol++) words[symbol] = (code[symbol]! << 8) | length[symbol]!;
  words[byte.nextCode / 4] = growingCodes(table).nextCode;
  return { table, pointer };
}

/** An encoder for each table, with its own codes or those of another. */
export const encodersOf = (
  use: KernelUse,
  tables: readonly HuffmanTable[],
  codedBy = (table: HuffmanTable) => table,
): ReadonlyMap<HuffmanTable, KernelEncoder> =>
  new Map(tables.map((table) => [table, kernelEncoder(use, codedBy(table))] as const));

/** True when a symbol was asked for and no code was left: what was written is void. */
export const isFull = ({ arena }: KernelUse, { pointer }: KernelEncoder): boolean =>
  arena.view(Uint32Array, pointer + byte.isFull, 1)[0] !== 0;

/** The table with the symbols that it gained at its end; the same object when there are none. */
export function grownTable({ arena }: KernelUse, { table, pointer }: KernelEncoder): HuffmanTable {
  const count = arena.view(Uint32Array, pointer + byte.addedCount, 1)[0]!;
  if (count === 0) return table;
  const counts = table.counts.slice();
  counts[maxCodeLength]! += count;
  const added = arena.view(Uint8Array, pointer + byte.added, count);
  return { counts, symbols: Uint8Array.from([...table.symbols, ...added]) };
}

/** How often each symbol was asked for while they were counted. */
export const frequenciesOf = ({ arena }: KernelUse, { pointer }: KernelEncoder): Float64Array =>
  Float64Array.from(arena.view(Uint32Array, pointer + byte.frequencies, 256));
