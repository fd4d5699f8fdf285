import { EditError } from '../../errors.ts';
import { readAc, readDc } from './block-codec.ts';
import { type HuffmanTable, maxCodeLength } from './huffman.ts';
import {
  assertExhausted,
  assertInside,
  findRestart,
  holdsMcu,
  openWindow,
  type ScanWindow,
  slide,
  startInterval,
} from './scan-window.ts';
import type { JpegScan, JpegStructure } from './structure.ts';
import { type McuBlock, multiBits, type ScanTables, scanTables, skipAc, skipMcus } from './walk.ts';

export interface ScanPair {
  readonly source: Uint8Array;
  readonly output: Uint8Array;
  readonly before: JpegStructure;
  readonly after: JpegStructure;
  readonly touched: readonly { readonly bitmap: Uint8Array }[];
}

export interface BlockCounts {
  readonly comparedBlocks: number;
  readonly differingBlocks: number;
  readonly touchedBlocks: number;
}

interface Side {
  readonly window: ScanWindow;
  readonly tables: ScanTables;
  readonly scan: JpegScan;
  readonly bytes: Uint8Array;
  /** DC value of the last block, by component. */
  readonly dc: Int32Array;
}

/**
 * Decodes two sequential scans in step and compares each block that is not touched.
 *
 * @throws {EditError} when either scan does not decode to its end.
 */
export function compareSequentialScans({ source, output, before, after, touched }: ScanPair): BlockCounts {
  const a = openSide(source, before);
  const b = openSide(output, after);
  const areAlike = a.tables.blocks.map((block, i) => shareCodes(block, b.tables.blocks[i]!));
  const total = before.mcusWide * before.mcusHigh;
  const interval = a.scan.restartInterval || total;
  const sameUntil = areAlike.every(Boolean) ? commonPrefix(a, b) : 0;
  let differingBlocks = 0;
  for (let mcu = 0; mcu < total; mcu++) {
    if (interval === total) mcu += passSameBytes(a, b, sameUntil, total - mcu);
    if (mcu === total) break;
    if (mcu > 0 && mcu % interval === 0) for (const side of [a, b]) nextInterval(side, mcu / interval - 1);
    if (!holdsMcu(a.window)) slide(a.window);
    if (!holdsMcu(b.window)) slide(b.window);
    const mcuColumn = mcu % before.mcusWide;
    const mcuRow = Math.floor(mcu / before.mcusWide);
    for (let block = 0; block < a.tables.blocks.length; block++) {
      const { component, column, row } = a.tables.blocks[block]!;
      const { h, v, blocksWide } = before.components[component]!;
      const at = (mcuRow * v + row) * blocksWide + mcuColumn * h + column;
      const isDcEqual = compareDc(a, b, block, component);
      if (touched[component]!.bitmap[at] === 1) {
        skipAc(a.window, a.tables, block);
        skipAc(b.window, b.tables, block);
        continue;
      }
      const isAcEqual = (areAlike[block]! && passEqualAc(a, b, block)) || compareAc(a, b, block);
      if (!isDcEqual || !isAcEqual) differingBlocks++;
    }
    assertInside(a.window);
    assertInside(b.window);
  }
  for (const side of [a, b]) assertFinished(side);
  return { ...countBlocks(touched), differingBlocks };
}

/** How many blocks the bitmaps hold, touched and others. */
export function countBlocks(
  touched: ScanPair['touched'],
): Pick<BlockCounts, 'comparedBlocks' | 'touchedBlocks'> {
  let touchedBlocks = 0;
  let all = 0;
  for (const { bitmap } of touched) {
    for (const bit of bitmap) touchedBlocks += bit;
    all += bitmap.length;
  }
  return { comparedBlocks: all - touchedBlocks, touchedBlocks };
}

/** How many bytes the two scans begin with in common. */
function commonPrefix(a: Side, b: Side): number {
  const length = Math.min(a.scan.dataEnd - a.scan.dataOffset, b.scan.dataEnd - b.scan.dataOffset);
  const shift = b.scan.dataOffset - a.scan.dataOffset;
  const end = a.scan.dataOffset + length;
  let at = a.scan.dataOffset;
  while (at < end && a.bytes[at] === b.bytes[at + shift]) at++;
  return at - a.scan.dataOffset;
}

/**
 * Passes MCUs as long as both windows hold the same bytes: with the same codes they hold the same coefficients, and DC values stay
 * as far apart as they were.
 *
 * @returns how many were passed.
 */
function passSameBytes(a: Side, b: Side, sameUntil: number, most: number): number {
  let passed = 0;
  while (
    passed < most &&
    a.window.next - a.scan.dataOffset < sameUntil &&
    a.window.position === b.window.position
  ) {
    passed += skipMcus(a.window, a.tables, most - passed);
    b.window.position = a.window.position;
    if (passed === most) break;
    slide(a.window);
    slide(b.window);
  }
  return passed;
}

function openSide(bytes: Uint8Array, structure: JpegStructure): Side {
  const [scan] = structure.scans;
  const isWhole = structure.scans.length === 1 && scan!.members.length === structure.components.length;
  if (!scan || !isWhole || structure.process !== 'sequential') {
    throw new EditError('KIND_UNSUPPORTED', 'Expected one sequential scan of all components');
  }
  const window = openWindow(bytes, scan.dataOffset, scan.dataEnd);
  return {
    window,
    tables: scanTables(structure, scan),
    scan,
    bytes,
    dc: new Int32Array(structure.components.length),
  };
}

function nextInterval({ window, bytes, scan, dc }: Side, index: number): void {
  assertExhausted(window);
  startInterval(window, findRestart(bytes, window.next, scan.dataEnd, index % 8));
  dc.fill(0);
}

function assertFinished({ window, scan }: Side): void {
  assertExhausted(window);
  if (window.next !== scan.dataEnd) {
    throw new EditError('IMAGE_UNREADABLE', 'Expected no restart marker after the last block');
  }
}

/** True when bits that are a code in `a` are the same code in `b`: its canonical codes begin with those of `a`. */
function shareCodes(a: McuBlock, b: McuBlock): boolean {
  return beginsWith(b.dcTable, a.dcTable) && beginsWith(b.acTable, a.acTable);
}

function beginsWith(longer: HuffmanTable, table: HuffmanTable): boolean {
  const sameShorter = table.counts.every(
    (count, length) => length === maxCodeLength || count === longer.counts[length],
  );
  return sameShorter && table.symbols.every((symbol, i) => symbol === longer.symbols[i]);
}

function compareDc(a: Side, b: Side, block: number, component: number): boolean {
  a.dc[component]! += readDc(a.window, a.tables, block);
  b.dc[component]! += readDc(b.window, b.tables, block);
  return a.dc[component] === b.dc[component];
}

/** Bits a 32 bit load holds for certain, wherever in a byte it begins. */
const certainBits = 25;

/**
 * Passes a block whose AC bits are the same on both sides, some symbols at a time.
 *
 * @returns false, with both sides where they were, as soon as the bits differ or the lookup cannot tell.
 */
function passEqualAc(a: Side, b: Side, block: number): boolean {
  const { multi, acSlots } = a.tables;
  const base = acSlots[block]! << multiBits;
  let inA = a.window.position;
  let inB = b.window.position;
  for (let k = 1; k < 64; ) {
    const bits = a.window.view.getInt32(inA >> 3) << (inA & 7);
    const others = b.window.view.getInt32(inB >> 3) << (inB & 7);
    const entry = multi[base + (bits >>> (32 - multiBits))]!;
    const taken = entry & 31;
    k += (entry >> 5) & 0x3ff;
    if (entry === 0 || k > 64 || taken > certainBits || (bits ^ others) >>> (32 - taken) !== 0) return false;
    inA += taken;
    inB += taken;
    if (entry >= 0x8000) break;
  }
  a.window.position = inA;
  b.window.position = inB;
  return true;
}

const ofA = new Int16Array(64);
const ofB = new Int16Array(64);

function compareAc(a: Side, b: Side, block: number): boolean {
  readAc(a.window, a.tables, block, ofA);
  readAc(b.window, b.tables, block, ofB);
  for (let k = 1; k < 64; k++) if (ofA[k] !== ofB[k]) return false;
  return true;
}
