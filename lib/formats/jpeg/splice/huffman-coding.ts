import { marker } from '../container/segments.ts';
import {
  alignWithOnes,
  type BitWriter,
  reserve,
  writeBits,
  writeBytes,
  writeSymbol,
} from '../scan/bit-writer.ts';
import type { EntropySink } from '../scan/encode-coefficients.ts';
import { codesOf, type HuffmanCodes, type HuffmanTable, maxCodeLength } from '../scan/huffman.ts';

/** The code of all ones is reserved; the last usable 16 bit code is one less. */
const lastCode = 0xfffe;

/**
 * The codes of a table that can take symbols it lacks.
 *
 * Canonical codes are sorted by length, so symbols of 16 bits appended after all others change no existing
 * code: everything coded before stays valid bit for bit. Optimised tables leave room for it unless they use
 * 16 bits themselves.
 */
export interface GrowingCodes extends HuffmanCodes {
  readonly table: HuffmanTable;
  readonly added: number[];
  nextCode: number;
  /** A symbol was asked for and no code is left: what was written is void. */
  full: boolean;
}

export function growingCodes(table: HuffmanTable): GrowingCodes {
  let nextCode = 0;
  for (let length = 1; length <= maxCodeLength; length++) nextCode = (nextCode + table.counts[length]!) << 1;
  return { ...codesOf(table), table, added: [], nextCode: nextCode >> 1, full: false };
}

/** Gives the symbol a code of 16 bits, or declares the table full. */
function addSymbol(codes: GrowingCodes, symbol: number): void {
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

/** Writes symbols with the codes given for their tables, which grow by the symbols they lack. */
export function codingSink(
  writer: BitWriter,
  codesByTable: ReadonlyMap<HuffmanTable, GrowingCodes>,
): EntropySink {
  return {
    symbolsOf: (table) => {
      const codes = codesByTable.get(table)!;
      return (symbol, extra, size) => {
        if (codes.length[symbol] === 0) addSymbol(codes, symbol);
        writeSymbol(writer, codes.code[symbol]!, codes.length[symbol]!, extra, size);
      };
    },
    bits: (value, count) => {
      reserve(writer, 16);
      writeBits(writer, value, count);
    },
    restart: (index) => {
      alignWithOnes(writer);
      writeBytes(writer, Uint8Array.of(0xff, marker.rst0 + (index % 8)));
    },
  };
}

/** Optimal tables, each with its codes, for the symbols a scan will write; by the table they replace. */
export function optimalCodes<Table extends HuffmanTable>(
  tables: readonly Table[],
  codeScan: (counter: EntropySink) => void,
): Map<Table, GrowingCodes> {
  const counts = new Map<HuffmanTable, Float64Array>(tables.map((table) => [table, new Float64Array(256)]));
  codeScan({
    symbolsOf: (table) => {
      const count = counts.get(table)!;
      return (symbol) => void count[symbol]!++;
    },
    bits: () => {},
    restart: () => {},
  });
  return new Map(tables.map((table) => [table, growingCodes(optimalHuffmanTable(counts.get(table)!))]));
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
