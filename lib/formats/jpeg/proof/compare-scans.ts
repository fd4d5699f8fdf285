import { EditError } from '../../../errors.ts';
import { assertExhausted, assertInside, findRestart, openWindow, startInterval } from '../scan/bit-reader.ts';
import { readAc, readDc } from '../scan/block-codec.ts';
import type { JpegStructure } from '../scan/structure.ts';
import { multiBits, scanTables, skipAc } from '../scan/walk.ts';
import { countSet } from '../splice/edits.ts';
import { holdMcu, nowhere, passSameMcus, type Side, type Sides, shareCodes } from './same-bits.ts';

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

/**
 * Decodes two sequential scans in step and compares each block that is not touched.
 *
 * @throws {EditError} when either scan does not decode to its end.
 */
export function compareSequentialScans({ source, output, before, after, touched }: ScanPair): BlockCounts {
  const a = openSide(source, before);
  const b = openSide(output, after);
  const sides: Sides = { a, b, gap: new Int32Array(before.components.length), same: nowhere };
  const areAlike = a.tables.blocks.map((block, i) => shareCodes(block, b.tables.blocks[i]!));
  const mayPass = areAlike.every(Boolean);
  const touchedMcus = mcusOf(before, touched);
  const total = before.mcusWide * before.mcusHigh;
  const interval = a.scan.restartInterval || total;
  let differingBlocks = 0;
  let intervalEnd = interval;
  for (let mcu = 0; mcu < total; ) {
    if (mcu === intervalEnd) {
      nextInterval(sides, mcu / interval - 1);
      intervalEnd += interval;
    }
    if (mayPass && touchedMcus[mcu] === 0) {
      const next = touchedMcus.indexOf(1, mcu);
      const end = Math.min(next < 0 ? total : next, intervalEnd);
      const passed = passSameMcus(sides, end - mcu);
      mcu += passed;
      if (passed > 0) continue;
    }
    holdMcu(sides);
    differingBlocks += compareMcu(sides, { before, touched, areAlike }, mcu++);
  }
  for (const side of [a, b]) assertFinished(side);
  return { ...countBlocks(touched), differingBlocks };
}

/** Compares the blocks of one MCU that are not touched; the number of those that differ. */
function compareMcu(
  sides: Sides,
  {
    before,
    touched,
    areAlike,
  }: Pick<ScanPair, 'before' | 'touched'> & { readonly areAlike: readonly boolean[] },
  mcu: number,
): number {
  const { a, b } = sides;
  const mcuColumn = mcu % before.mcusWide;
  const mcuRow = Math.floor(mcu / before.mcusWide);
  let differing = 0;
  for (let block = 0; block < a.tables.blocks.length; block++) {
    const { component, column, row } = a.tables.blocks[block]!;
    const { h, v, blocksWide } = before.components[component]!;
    const at = (mcuRow * v + row) * blocksWide + mcuColumn * h + column;
    const isDcEqual = compareDc(sides, block, component);
    if (touched[component]!.bitmap[at] === 1) {
      skipAc(a.window, a.tables, block);
      skipAc(b.window, b.tables, block);
      continue;
    }
    const isAcEqual = (areAlike[block]! && passEqualAc(a, b, block)) || compareAc(a, b, block);
    if (!isDcEqual || !isAcEqual) differing++;
  }
  assertInside(a.window);
  assertInside(b.window);
  return differing;
}

/** By MCU in coding order, 1 where any of its blocks is touched. */
function mcusOf({ components, mcusWide, mcusHigh }: JpegStructure, touched: ScanPair['touched']): Uint8Array {
  const mcus = new Uint8Array(mcusWide * mcusHigh);
  components.forEach(({ h, v, blocksWide }, component) => {
    const { bitmap } = touched[component]!;
    for (let at = bitmap.indexOf(1); at >= 0; at = bitmap.indexOf(1, at + 1)) {
      const mcuRow = Math.floor(Math.floor(at / blocksWide) / v);
      mcus[mcuRow * mcusWide + Math.floor((at % blocksWide) / h)] = 1;
    }
  });
  return mcus;
}

/** How many blocks the bitmaps hold, touched and others. */
export function countBlocks(
  touched: ScanPair['touched'],
): Pick<BlockCounts, 'comparedBlocks' | 'touchedBlocks'> {
  let touchedBlocks = 0;
  let all = 0;
  for (const { bitmap } of touched) {
    touchedBlocks += countSet(bitmap);
    all += bitmap.length;
  }
  return { comparedBlocks: all - touchedBlocks, touchedBlocks };
}

function openSide(bytes: Uint8Array, structure: JpegStructure): Side {
  const [scan] = structure.scans;
  const isWhole = structure.scans.length === 1 && scan!.members.length === structure.components.length;
  if (!scan || !isWhole || structure.process !== 'sequential') {
    throw new EditError('KIND_UNSUPPORTED', 'Expected one sequential scan of all components');
  }
  const window = openWindow(bytes, scan.dataOffset, scan.dataEnd);
  return { window, tables: scanTables(structure, scan), scan, bytes };
}

function nextInterval(sides: Sides, index: number): void {
  for (const { window, bytes, scan } of [sides.a, sides.b]) {
    assertExhausted(window);
    startInterval(window, findRestart(bytes, window.next, scan.dataEnd, index % 8));
  }
  sides.gap.fill(0);
  sides.same = nowhere;
}

function assertFinished({ window, scan }: Side): void {
  assertExhausted(window);
  if (window.next !== scan.dataEnd) {
    throw new EditError('IMAGE_UNREADABLE', 'Expected no restart marker after the last block');
  }
}

function compareDc({ a, b, gap }: Sides, block: number, component: number): boolean {
  gap[component]! += readDc(b.window, b.tables, block) - readDc(a.window, a.tables, block);
  return gap[component] === 0;
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
