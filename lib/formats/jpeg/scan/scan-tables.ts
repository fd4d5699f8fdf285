import type { JpegScan } from './headers.ts';
import { fillSymbolLookup } from './huffman.ts';
import { type McuBlock, mcuBlocks } from './mcu-blocks.ts';
import type { JpegStructure } from './structure.ts';

/**
 * Bits the multi-symbol lookup sees: 12 to 15 were measured, 13 and 14 are fastest and 32 KB fits the first
 * cache.
 */
export const multiBits = 14;
const multiSize = 1 << multiBits;
export const dcBits = 10;
const dcSize = 1 << dcBits;
const symbolSize = 1 << 16;

/**
 * The lookups to decode an interleaved (or one-component) sequential scan; those of its tables one after
 * another.
 */
export interface ScanTables {
  /** By 16 bits: `length << 8 | symbol`, 0 for none. */
  readonly symbols: Uint16Array;
  /**
   * By 14 bits: bits taken, `coefficients passed << 5`, bit 15 set at the end of the block; 0: look in
   * `symbols`.
   */
  readonly multi: Uint16Array;
  /** By 10 bits: length of a DC code and its extra bits together; 0: look in `symbols`. */
  readonly dc: Uint8Array;
  /** The blocks of an MCU in coding order. */
  readonly blocks: readonly McuBlock[];
  /** Which table each block of the MCU uses. */
  readonly dcSlots: Int32Array;
  readonly acSlots: Int32Array;
}

/** @throws {EditError} `IMAGE_UNREADABLE` when the scan names a table that was not defined before it. */
export function scanTables(structure: JpegStructure, scan: JpegScan): ScanTables {
  const blocks = mcuBlocks(structure, scan);
  const distinct = [...new Set(blocks.flatMap(({ dcTable, acTable }) => [dcTable, acTable]))];
  const symbols = new Uint16Array(distinct.length * symbolSize);
  const multi = new Uint16Array(distinct.length * multiSize);
  const dc = new Uint8Array(distinct.length * dcSize);
  const areDc = new Set(blocks.map(({ dcTable }) => dcTable));
  distinct.forEach((table, slot) => {
    const lookup = symbols.subarray(slot * symbolSize, (slot + 1) * symbolSize);
    fillSymbolLookup(table, lookup);
    if (areDc.has(table)) fillDcLookup(lookup, dc.subarray(slot * dcSize, (slot + 1) * dcSize));
    else fillMultiLookup(lookup, multi.subarray(slot * multiSize, (slot + 1) * multiSize));
  });
  const dcSlots = Int32Array.from(blocks, ({ dcTable }) => distinct.indexOf(dcTable));
  const acSlots = Int32Array.from(blocks, ({ acTable }) => distinct.indexOf(acTable));
  return { symbols, multi, dc, blocks, dcSlots, acSlots };
}

function fillDcLookup(symbols: Uint16Array, into: Uint8Array): void {
  for (let i = 0; i < dcSize; i++) {
    const entry = symbols[i << (16 - dcBits)]!;
    const length = entry >> 8;
    if (length > 0 && length <= dcBits) into[i] = length + (entry & 255);
  }
}

/** As many whole symbols as begin within the 14 bits; the extra bits of the last may lie beyond them. */
function fillMultiLookup(symbols: Uint16Array, into: Uint16Array): void {
  for (let i = 0; i < multiSize; i++) {
    let taken = 0;
    let passed = 0;
    let end = 0;
    while (end === 0 && taken < multiBits && passed < 64) {
      const entry = symbols[((i << taken) & (multiSize - 1)) << (16 - multiBits)]!;
      const length = entry >> 8;
      const run = (entry >> 4) & 15;
      const size = entry & 15;
      if (length === 0 || taken + length > multiBits || isRunOfBlocks(run, size)) break;
      taken += length + size;
      passed += run + 1;
      if ((entry & 255) === 0) end = 0x8000;
    }
    into[i] = end | (passed << 5) | taken;
  }
}

/** True for the symbols that end several blocks at once, which only progressive scans use. */
const isRunOfBlocks = (run: number, size: number) => size === 0 && run > 0 && run < 15;
