import { EditError } from '../../../errors.ts';
import { assertInside, holdsMcu, type ScanWindow } from './bit-reader.ts';
import { fillSymbolLookup, type HuffmanTable } from './huffman.ts';
import type { JpegScan, JpegStructure } from './structure.ts';

/** Bits the multi-symbol lookup sees: 12 to 15 were measured, 13 and 14 are fastest and 32 KB fits the first cache. */
export const multiBits = 14;
const multiSize = 1 << multiBits;
const dcBits = 10;
const dcSize = 1 << dcBits;
const symbolSize = 1 << 16;

/** Lookups of a scan, those of its tables one after another. */
export interface ScanTables {
  /** By 16 bits: `length << 8 | symbol`, 0 none. */
  readonly symbols: Uint16Array;
  /** By 14 bits: bits taken, `coefficients passed << 5`, bit 15 set at the end of the block; 0: look in `symbols`. */
  readonly multi: Uint16Array;
  /** By 10 bits: bits of a whole DC difference; 0: look in `symbols`. */
  readonly dc: Uint8Array;
  /** The blocks of an MCU in coding order. */
  readonly blocks: readonly McuBlock[];
  readonly dcSlots: Int32Array;
  readonly acSlots: Int32Array;
}

export interface McuBlock {
  readonly component: number;
  /** Within the MCU. */
  readonly column: number;
  readonly row: number;
  readonly dcTable: HuffmanTable;
  readonly acTable: HuffmanTable;
}

/** The lookups for walking an interleaved (or one-component) sequential scan. */
export function scanTables({ components }: JpegStructure, scan: JpegScan): ScanTables {
  const blocks: McuBlock[] = [];
  for (const { component, dc, ac } of scan.members) {
    if (!dc || !ac)
      throw new EditError('IMAGE_UNREADABLE', 'Expected the Huffman tables a scan names before it');
    const { h, v } = components[component]!;
    for (let row = 0; row < v; row++) {
      for (let column = 0; column < h; column++)
        blocks.push({ component, column, row, dcTable: dc, acTable: ac });
    }
  }
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
  const slots = (tables: HuffmanTable[]) => Int32Array.from(tables, (table) => distinct.indexOf(table));
  return {
    symbols,
    multi,
    dc,
    blocks,
    dcSlots: slots(blocks.map(({ dcTable }) => dcTable)),
    acSlots: slots(blocks.map(({ acTable }) => acTable)),
  };
}

function fillDcLookup(symbols: Uint16Array, into: Uint8Array): void {
  for (let i = 0; i < dcSize; i++) {
    const entry = symbols[i << (16 - dcBits)]!;
    const length = entry >> 8;
    if (length > 0 && length <= dcBits) into[i] = length + (entry & 255);
  }
}

/** As many whole symbols as begin within the window; the extra bits of the last may lie beyond it. */
function fillMultiLookup(symbols: Uint16Array, into: Uint16Array): void {
  for (let i = 0; i < multiSize; i++) {
    let taken = 0;
    let passed = 0;
    let end = 0;
    while (taken < multiBits && passed < 64) {
      const entry = symbols[((i << taken) & (multiSize - 1)) << (16 - multiBits)]!;
      const length = entry >> 8;
      if (length === 0 || taken + length > multiBits) break;
      const symbol = entry & 255;
      const size = symbol & 15;
      const run = symbol >> 4;
      if (size === 0 && run > 0 && run < 15) break;
      taken += length + size;
      passed += run + 1;
      if (symbol === 0) {
        end = 0x8000;
        break;
      }
    }
    into[i] = end | (passed << 5) | taken;
  }
}

/**
 * Walks up to `count` MCUs by code lengths alone, as long as the window holds them and they end at bit `end` of it or before.
 *
 * @returns how many were walked; fewer than asked when the window must slide first.
 * @throws {EditError} `IMAGE_UNREADABLE` or `IMAGE_TRUNCATED` on data no encoder writes.
 */
export function skipMcus(
  window: ScanWindow,
  tables: ScanTables,
  count: number,
  end: number = Number.POSITIVE_INFINITY,
): number {
  const { blocks } = tables;
  for (let mcu = 0; mcu < count; mcu++) {
    if (!holdsMcu(window)) return mcu;
    const start = window.position;
    for (let block = 0; block < blocks.length; block++) {
      skipDc(window, tables, block);
      skipAc(window, tables, block);
    }
    assertInside(window);
    if (window.position > end) {
      window.position = start;
      return mcu;
    }
  }
  return count;
}

export function skipDc(window: ScanWindow, tables: ScanTables, block: number): void {
  const { view, position } = window;
  const slot = tables.dcSlots[block]!;
  const bits = view.getInt32(position >> 3) << (position & 7);
  const length = tables.dc[slot * dcSize + (bits >>> (32 - dcBits))]!;
  window.position = position + (length || slowDcLength(tables.symbols[slot * symbolSize + (bits >>> 16)]!));
}

function slowDcLength(entry: number): number {
  if (entry === 0) throw badCode();
  return (entry >> 8) + (entry & 255);
}

const badCode = () =>
  new EditError('IMAGE_UNREADABLE', 'Expected a Huffman code, got bits no code begins with');

/** Passes the 63 AC coefficients of a block. */
export function skipAc(window: ScanWindow, tables: ScanTables, block: number): void {
  const { view } = window;
  const { multi, symbols } = tables;
  const slot = tables.acSlots[block]!;
  const base = slot << multiBits;
  let { position } = window;
  let k = 1;
  for (;;) {
    const bits = view.getInt32(position >> 3) << (position & 7);
    const entry = multi[base + (bits >>> (32 - multiBits))]!;
    const after = k + ((entry >> 5) & 0x3ff);
    if (entry !== 0 && after <= 64) {
      position += entry & 31;
      k = after;
      if (entry >= 0x8000 || k === 64) break;
      continue;
    }
    // One symbol at a time: a long code, or the block ends within the looked-up symbols.
    const symbol = symbols[slot * symbolSize + (bits >>> 16)]!;
    if (symbol === 0) throw badCode();
    position += (symbol >> 8) + (symbol & 15);
    if ((symbol & 255) === 0) break;
    k += coefficientsPassed(symbol);
    if (k > 64) throw new EditError('IMAGE_UNREADABLE', 'Expected 64 coefficients in a block, got more');
    if (k === 64) break;
  }
  window.position = position;
}

function coefficientsPassed(entry: number): number {
  const run = (entry >> 4) & 15;
  if ((entry & 15) === 0 && run !== 15) {
    throw new EditError('IMAGE_UNREADABLE', 'Expected a sequential AC symbol, got an end-of-band run');
  }
  return run + 1;
}
