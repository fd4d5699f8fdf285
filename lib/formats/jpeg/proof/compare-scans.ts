import { EditError } from '../../../errors.ts';
import { type KernelUse, useKernels } from '../../../kernels/kernels.ts';
import type { BlockSet } from '../block-mask.ts';
import {
  assertEnd,
  assertInside,
  type BitReader,
  findRestart,
  holdsMcu,
  openBitReader,
  peekBits,
  refill,
  startInterval,
} from '../scan/bit-reader.ts';
import { readAc, readDc, skipAc, skipMcus } from '../scan/blocks.ts';
import { type HuffmanTable, maxCodeLength } from '../scan/huffman.ts';
import { type ScanTables, scanTables } from '../scan/scan-tables.ts';
import type { JpegStructure } from '../scan/structure.ts';

export interface FilePair {
  readonly source: Uint8Array;
  readonly output: Uint8Array;
  /** Their headers. */
  readonly before: JpegStructure;
  readonly after: JpegStructure;
  /** The blocks that may differ. */
  readonly touched: BlockSet;
}

/**
 * Decodes two sequential scans in step and counts the blocks outside the touched ones that differ.
 *
 * Restart intervals of the same bytes hold the same coefficients: where no block is touched they are not
 * decoded.
 *
 * @throws {EditError} when either scan does not decode to its end, or when other bytes than those of blocks
 * differ.
 */
export function compareScans(pair: FilePair): number {
  return useKernels((use) => compareWith(use, pair));
}

function compareWith(use: KernelUse, { source, output, before, after, touched }: FilePair): number {
  const [a, b] = [openScan(use, source, before), openScan(use, output, after)];
  const dcGap = new Int32Array(before.components.length);
  const pair: ScanPair = { a, b, dcGap, equalBits: noEqualBits };
  const blocks: MayDiffer = {
    structure: before,
    touched,
    // No MCU is skipped when the codes differ.
    mcus: shareCodes(a.tables, b.tables) ? mcusOf(before, touched) : undefined,
  };
  const total = before.mcusWide * before.mcusHigh;
  const { restartInterval } = before.scans[0]!;
  const interval = restartInterval || total;
  let differing = 0;
  for (let first = 0; first < total; first += interval) {
    const end = Math.min(first + interval, total);
    // The index of the marker behind the interval.
    const index = end < total ? first / interval : undefined;
    const [toA, toB] = [endOfInterval(a, index), endOfInterval(b, index)];
    const mayDiffer = blocks.mcus?.subarray(first, end).includes(1) ?? true;
    if (mayDiffer || restartInterval === 0 || !equalParts(a, a.at, toA, b, b.at, toB)) {
      startIntervals(pair);
      differing += compareInterval(pair, blocks, first, end);
      assertEqualEnds(pair, restartInterval, toA, toB);
    }
    a.at = toA;
    b.at = toB;
  }
  return differing;
}

/** Where the next interval begins: behind a restart marker; without an index the end of the scan. */
const endOfInterval = ({ reader, at }: OpenScan, index: number | undefined): number =>
  index === undefined ? reader.scanEnd : findRestart(reader, at, index);

function equalParts(a: OpenScan, fromA: number, toA: number, b: OpenScan, fromB: number, toB: number) {
  const ofA = a.reader.source.subarray(fromA, toA);
  return Buffer.compare(ofA, b.reader.source.subarray(fromB, toB)) === 0;
}

/** What stands between the last block and the next interval must not differ either. */
function assertEqualEnds({ a, b }: ScanPair, restartInterval: number, toA: number, toB: number): void {
  const [fromA, fromB] = [assertEnd(a.reader, restartInterval), assertEnd(b.reader, restartInterval)];
  if (equalParts(a, fromA, toA, b, fromB, toB)) return;
  throw new EditError('NOT_EXACT', 'Expected the same bytes behind the last block, got others');
}

/** The blocks that may differ. */
interface MayDiffer {
  readonly structure: JpegStructure;
  readonly touched: BlockSet;
  /**
   * By MCU in coding order, 1 where any of its blocks is touched; `undefined` when every MCU is to be
   * decoded.
   */
  readonly mcus: Uint8Array | undefined;
}

function compareInterval(pair: ScanPair, blocks: MayDiffer, first: number, end: number): number {
  const { mcus } = blocks;
  let differing = 0;
  for (let mcu = first; mcu < end; ) {
    if (mcus?.[mcu] === 0) {
      const next = mcus.indexOf(1, mcu);
      const skipped = skipEqualMcus(pair, (next < 0 || next > end ? end : next) - mcu);
      mcu += skipped;
      if (skipped > 0) continue;
    }
    holdMcu(pair);
    differing += compareMcu(pair, blocks, mcu++);
  }
  return differing;
}

interface OpenScan {
  readonly reader: BitReader;
  readonly tables: ScanTables;
  /** Offset in the file of the restart interval that is compared. */
  at: number;
}

/** Two sequential scans that are decoded in step. */
interface ScanPair {
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

function openScan(use: KernelUse, bytes: Uint8Array, structure: JpegStructure): OpenScan {
  const [scan] = structure.scans;
  if (scan?.members.length !== structure.components.length) {
    throw new EditError('KIND_UNSUPPORTED', 'Expected one sequential scan of all components');
  }
  const reader = openBitReader(use, bytes, scan.dataOffset, scan.dataEnd);
  return { reader, tables: scanTables(structure, scan), at: scan.dataOffset };
}

function startIntervals(pair: ScanPair): void {
  for (const { reader, at } of [pair.a, pair.b]) startInterval(reader, at);
  pair.dcGap.fill(0);
  pair.equalBits = noEqualBits;
}

/** Makes sure that both buffers hold the next MCU. */
function holdMcu(pair: ScanPair): void {
  for (const { reader } of [pair.a, pair.b]) {
    if (holdsMcu(reader)) continue;
    refill(reader);
    pair.equalBits = noEqualBits;
  }
}

/**
 * True when bits that are a code in `a` are the same code in `b`.
 *
 * Canonical codes are sorted by length, so this holds when the tables of `b` are those of `a` with symbols
 * appended.
 */
function shareCodes(a: ScanTables, b: ScanTables): boolean {
  return a.blocks.every(({ dcTable, acTable }, i) => {
    const other = b.blocks[i]!;
    return beginsWith(other.dcTable, dcTable) && beginsWith(other.acTable, acTable);
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
 * differs.
 */
function skipEqualMcus(pair: ScanPair, most: number): number {
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

/** Bits compared at once: a 32 bit load holds as many wherever in a byte it begins. */
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

/** Compares the blocks of one MCU that are not touched; the number of those that differ. */
function compareMcu({ a, b, dcGap }: ScanPair, { structure, touched }: MayDiffer, mcu: number): number {
  const { mcusWide, components } = structure;
  let differing = 0;
  for (let block = 0; block < a.tables.blocks.length; block++) {
    const { component, column, row } = a.tables.blocks[block]!;
    const { h, v, blocksWide } = components[component]!;
    const at = (Math.floor(mcu / mcusWide) * v + row) * blocksWide + (mcu % mcusWide) * h + column;
    dcGap[component]! += readDc(b.reader, b.tables, block) - readDc(a.reader, a.tables, block);
    if (touched[component]![at] === 1) {
      skipAc(a.reader, a.tables, block);
      skipAc(b.reader, b.tables, block);
    } else if (!hasEqualAc(a, b, block) || dcGap[component] !== 0) differing++;
  }
  assertInside(a.reader);
  assertInside(b.reader);
  return differing;
}

const ofA = new Int16Array(64);
const ofB = new Int16Array(64);

/** Reads the AC coefficients of a block in both scans; true when they agree. */
function hasEqualAc(a: OpenScan, b: OpenScan, block: number): boolean {
  readAc(a.reader, a.tables, block, ofA);
  readAc(b.reader, b.tables, block, ofB);
  for (let k = 1; k < 64; k++) if (ofA[k] !== ofB[k]) return false;
  return true;
}

/** By MCU in coding order, 1 where any of its blocks is touched. */
function mcusOf({ components, mcusWide, mcusHigh }: JpegStructure, touched: BlockSet): Uint8Array {
  const mcus = new Uint8Array(mcusWide * mcusHigh);
  components.forEach(({ h, v, blocksWide }, component) => {
    const bitmap = touched[component]!;
    for (let at = bitmap.indexOf(1); at >= 0; at = bitmap.indexOf(1, at + 1)) {
      const mcuRow = Math.floor(Math.floor(at / blocksWide) / v);
      mcus[mcuRow * mcusWide + Math.floor((at % blocksWide) / h)] = 1;
    }
  });
  return mcus;
}
