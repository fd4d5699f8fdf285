import { EditError } from '../../../errors.ts';
import {
  type BitReader,
  holdsMcu,
  nextInterval,
  openBitReader,
  peekBits,
  refill,
} from '../scan/bit-reader.ts';
import { readAc, readDc, skipMcus } from '../scan/blocks.ts';
import { type HuffmanTable, maxCodeLength } from '../scan/huffman.ts';
import { multiBits, type ScanTables, scanTables } from '../scan/scan-tables.ts';
import type { JpegStructure } from '../scan/structure.ts';

export interface OpenScan {
  readonly reader: BitReader;
  readonly tables: ScanTables;
}

/** Two sequential scans that are decoded in step. */
export interface ScanPair {
  readonly a: OpenScan;
  readonly b: OpenScan;
  /** DC value of the last block in `b` minus that in `a`, by component. */
  readonly dcGap: Int32Array;
  /**
   * Bits found to be equal: up to bit `end` of its buffer, `a` holds what `b` holds `ahead` bits further on.
   */
  equalBits: { readonly ahead: number; readonly end: number };
}

const noEqualBits: ScanPair['equalBits'] = { ahead: 0, end: -1 };

export function openScanPair(
  source: Uint8Array,
  before: JpegStructure,
  output: Uint8Array,
  after: JpegStructure,
): ScanPair {
  const dcGap = new Int32Array(before.components.length);
  return { a: openScan(source, before), b: openScan(output, after), dcGap, equalBits: noEqualBits };
}

function openScan(bytes: Uint8Array, structure: JpegStructure): OpenScan {
  const [scan] = structure.scans;
  const isWhole = structure.scans.length === 1 && scan!.members.length === structure.components.length;
  if (!scan || !isWhole || structure.process !== 'sequential') {
    throw new EditError('KIND_UNSUPPORTED', 'Expected one sequential scan of all components');
  }
  const reader = openBitReader(bytes, scan.dataOffset, scan.dataEnd);
  return { reader, tables: scanTables(structure, scan) };
}

/** Begins the restart interval behind restart marker `index` (counted from 0) in both scans. */
export function nextIntervals(pair: ScanPair, index: number): void {
  nextInterval(pair.a.reader, index);
  nextInterval(pair.b.reader, index);
  pair.dcGap.fill(0);
  pair.equalBits = noEqualBits;
}

/** Makes sure that both buffers hold the next MCU. */
export function holdMcu(pair: ScanPair): void {
  for (const { reader } of [pair.a, pair.b]) {
    if (holdsMcu(reader)) continue;
    refill(reader);
    pair.equalBits = noEqualBits;
  }
}

/**
 * By block of an MCU, true when bits that are a code in `a` are the same code in `b`.
 *
 * Canonical codes are sorted by length, so this holds when the table of `b` is that of `a` with symbols
 * appended.
 */
export function sharedCodes({ a, b }: ScanPair): boolean[] {
  return a.tables.blocks.map((block, i) => {
    const other = b.tables.blocks[i]!;
    return beginsWith(other.dcTable, block.dcTable) && beginsWith(other.acTable, block.acTable);
  });
}

function beginsWith(longer: HuffmanTable, table: HuffmanTable): boolean {
  const hasSameCounts = table.counts.every(
    (count, length) => length === maxCodeLength || count === longer.counts[length],
  );
  return hasSameCounts && table.symbols.every((symbol, i) => symbol === longer.symbols[i]);
}

/**
 * Skips MCUs that are the same bits in both scans. With the same codes these hold the same coefficients, so
 * only `a` is decoded.
 *
 * @returns how many were skipped, at most `most` and no more than the buffers hold; 0 while a DC value
 *   differs.
 */
export function skipEqualMcus(pair: ScanPair, most: number): number {
  if (pair.dcGap.some((levels) => levels !== 0)) return 0;
  const { reader: a, tables } = pair.a;
  const { reader: b } = pair.b;
  const ahead = b.position - a.position;
  if (pair.equalBits.ahead !== ahead || pair.equalBits.end < a.position) {
    pair.equalBits = { ahead, end: a.position + countEqualBits(a, b) };
  }
  const skipped = skipMcus(a, tables, most, pair.equalBits.end);
  b.position = a.position + ahead;
  return skipped;
}

/** Bits compared at once: no more than a 32 bit load holds whatever bit of a byte it begins at, less one. */
const loadBits = 24;

/** How many bits agree from the two positions on, rounded down to whole loads. */
function countEqualBits(a: BitReader, b: BitReader): number {
  const most = Math.min(a.filled * 8 - a.position, b.filled * 8 - b.position);
  let bits = 0;
  for (; bits + loadBits <= most; bits += loadBits) {
    if (peekBits(a.view, a.position + bits, loadBits) !== peekBits(b.view, b.position + bits, loadBits))
      break;
  }
  return bits;
}

/** Reads the DC difference of a block in both scans; true when its DC values agree. */
export function hasEqualDc({ a, b, dcGap }: ScanPair, block: number, component: number): boolean {
  dcGap[component]! += readDc(b.reader, b.tables, block) - readDc(a.reader, a.tables, block);
  return dcGap[component] === 0;
}

/** Reads the AC coefficients of a block in both scans; true when they agree. */
export function hasEqualAc({ a, b }: ScanPair, block: number, sharesCodes: boolean): boolean {
  if (sharesCodes && skipEqualAc(a, b, block)) return true;
  readAc(a.reader, a.tables, block, ofA);
  readAc(b.reader, b.tables, block, ofB);
  for (let k = 1; k < 64; k++) if (ofA[k] !== ofB[k]) return false;
  return true;
}

const ofA = new Int16Array(64);
const ofB = new Int16Array(64);

/** Bits a 32 bit load holds whatever bit of a byte it begins at. */
const certainBits = 25;

/**
 * Skips a block whose AC bits are the same in both scans, some symbols at a time.
 *
 * @returns false, with both positions as they were, as soon as the bits differ or the lookup cannot tell.
 */
function skipEqualAc(a: OpenScan, b: OpenScan, block: number): boolean {
  const { multi, acSlots } = a.tables;
  const base = acSlots[block]! << multiBits;
  let inA = a.reader.position;
  let inB = b.reader.position;
  for (let k = 1; k < 64; ) {
    const bits = a.reader.view.getInt32(inA >> 3) << (inA & 7);
    const others = b.reader.view.getInt32(inB >> 3) << (inB & 7);
    const entry = multi[base + (bits >>> (32 - multiBits))]!;
    const taken = entry & 31;
    k += (entry >> 5) & 0x3ff;
    if (entry === 0 || k > 64 || taken > certainBits || (bits ^ others) >>> (32 - taken) !== 0) return false;
    inA += taken;
    inB += taken;
    if (entry >= 0x8000) break;
  }
  a.reader.position = inA;
  b.reader.position = inB;
  return true;
}
