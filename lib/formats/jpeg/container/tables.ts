import type { DefinedTable } from '../scan/headers.ts';
import { type HuffmanTable, maxCodeLength } from '../scan/huffman.ts';
import { uint16 } from './segments.ts';

export interface TableReplacement {
  readonly table: DefinedTable;
  readonly by: HuffmanTable;
}

/**
 * The first `end` bytes of a file with some Huffman tables replaced where they were defined.
 *
 * Every other byte stays; the length fields of the DHT segments concerned follow.
 */
export function replaceTables(
  source: Uint8Array,
  end: number,
  replacements: readonly TableReplacement[],
): Uint8Array {
  const ordered = replacements.toSorted((a, b) => a.table.offset - b.table.offset);
  const growth = ordered.reduce((sum, { table, by }) => sum + by.symbols.length - table.symbols.length, 0);
  const header = new Uint8Array(end + growth);
  const lengths = new Map<number, number>();
  let from = 0;
  let to = 0;
  for (const { table, by } of ordered) {
    // Where the length field lands: nothing of this segment has moved yet when its first table is met.
    if (!lengths.has(table.lengthOffset)) lengths.set(table.lengthOffset, table.lengthOffset + to - from);
    header.set(source.subarray(from, table.offset + 1), to);
    to += table.offset + 1 - from;
    header.set(by.counts.subarray(1), to);
    header.set(by.symbols, to + maxCodeLength);
    to += maxCodeLength + by.symbols.length;
    from = table.offset + 1 + maxCodeLength + table.symbols.length;
    const at = lengths.get(table.lengthOffset)!;
    addToUint16(header, at, by.symbols.length - table.symbols.length);
  }
  header.set(source.subarray(from, end), to);
  return header;
}

function addToUint16(bytes: Uint8Array, at: number, by: number): void {
  const value = uint16(bytes, at) + by;
  bytes[at] = value >> 8;
  bytes[at + 1] = value & 0xff;
}
