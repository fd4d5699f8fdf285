import { EditError } from '../../../errors.ts';
import type { Pointer } from '../../../kernels/exports.ts';
import { type KernelUse, useKernels } from '../../../kernels/kernels.ts';
import { type BlockSet, placesIn } from '../block-mask.ts';
import {
  assertEnd,
  type BitReader,
  endOfBits,
  findRestart,
  holdsMcu,
  peekBits,
  refill,
  startInterval,
} from '../scan/bit-reader.ts';
import { type HuffmanTable, maxCodeLength } from '../scan/huffman.ts';
import { type KernelScan, openKernelScan, readOn } from '../scan/kernel-scan.ts';
import type { McuBlock } from '../scan/mcu-blocks.ts';
import { bitBehind, type ScanIndex, unknownPlace } from '../scan/scan-index.ts';
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

export interface ComparedScans {
  /** Blocks outside the touched ones that differ. */
  readonly differing: number;
  /**
   * Where the MCUs of the output are that hold the same bits; `undefined` for a scan of several intervals.
   */
  readonly outputIndex: ScanIndex | undefined;
}

/** Two sequential scans that are compared from MCU to MCU. */
interface ScanPair {
  readonly use: KernelUse;
  readonly a: KernelScan;
  readonly b: KernelScan;
  /** Where the MCUs of `a` begin. */
  readonly index: ScanIndex;
  readonly restartInterval: number;
  /** By MCU, a bit for each of its blocks that may differ. */
  readonly masks: Uint16Array;
  /** Bits that are a code in `a` are the same code in `b`. */
  readonly sharesCodes: boolean;
  /** Where the kernel finds all of this, and the masks that it is given. */
  readonly pointer: Pointer;
  readonly given: Pointer;
  /** By MCU, its first bit in `b` where that is known. */
  readonly places: Uint32Array;
}

/** @see `lib/kernels/assembly/jpeg-compare.ts`. */
const word = { a: 0, b: 1, differing: 2, gaps: 4 } as const;
const pairWords = 8;
const components = 4;
/** Coefficients of two blocks. */
const scratchBytes = 256;
/** MCUs compared at once. */
const batch = 4096;

/**
 * Compares two sequential scans and counts the blocks outside the touched ones that differ.
 *
 * Runs of untouched MCUs must be the same bits: with the same codes these hold the same coefficients, as
 * long as the DC values before them agree. Touched MCUs, and the first behind them, are decoded in step,
 * each file with its own tables. Of the source's index only the places of MCUs are taken; what stands in
 * the output is read from there alone. Restart intervals of the same bytes hold the same coefficients: they
 * are not decoded.
 *
 * @throws {EditError} when either scan does not decode to its end, or when other bytes than those of blocks
 * differ.
 */
export function compareScans(files: FilePair, index: ScanIndex): ComparedScans {
  return useKernels((use) => {
    const pair = openPair(use, files, index);
    let [atA, atB] = [files.before.scans[0]!.dataOffset, files.after.scans[0]!.dataOffset];
    const total = index.positions.length;
    for (let first = 0; first < total; first += index.interval) {
      const end = Math.min(first + index.interval, total);
      // The number of the marker behind the interval.
      const marker = end < total ? first / index.interval : undefined;
      const toA = endOfInterval(pair.a.reader, atA, marker);
      const toB = endOfInterval(pair.b.reader, atB, marker);
      const areSame = areSameBytes(files.source.subarray(atA, toA), files.output.subarray(atB, toB));
      if (!areSame || !pair.sharesCodes) compareInterval(pair, { first, end, atA, toA, atB, toB });
      atA = toA;
      atB = toB;
    }
    const differing = use.arena.view(Uint32Array, pair.pointer, pairWords)[word.differing]!;
    return { differing, outputIndex: outputIndexOf(files, pair) };
  });
}

function openPair(use: KernelUse, files: FilePair, index: ScanIndex): ScanPair {
  const { source, output, before, after, touched } = files;
  for (const { scans, components } of [before, after])
    if (scans[0]?.members.length !== components.length)
      throw new EditError('KIND_UNSUPPORTED', 'Expected one sequential scan of all components');
  const a = openKernelScan(use, source, before);
  const b = openKernelScan(use, output, after);
  const pointer = use.arena.reserve(4 * pairWords + scratchBytes);
  const given = use.arena.reserve(2 * batch);
  const words = use.arena.view(Uint32Array, pointer, pairWords).fill(0);
  words[word.a] = a.pointer;
  words[word.b] = b.pointer;
  const masks = masksOf(before, a.blocks, touched);
  const { restartInterval } = before.scans[0]!;
  const sharesCodes = shareCodes(a.blocks, b.blocks);
  const places = new Uint32Array(masks.length).fill(unknownPlace);
  return { use, a, b, index, restartInterval, masks, sharesCodes, pointer, given, places };
}

/** By MCU, a bit for each of its blocks that is touched. */
function masksOf(structure: JpegStructure, blocks: readonly McuBlock[], touched: BlockSet): Uint16Array {
  const { components, mcusWide, mcusHigh } = structure;
  const masks = new Uint16Array(mcusWide * mcusHigh);
  for (const [component, { h, v, blocksWide }] of components.entries()) {
    const firstBlock = blocks.findIndex((block) => block.component === component);
    for (const at of placesIn(touched[component]!)) {
      const row = Math.floor(at / blocksWide);
      const column = at % blocksWide;
      const bit = firstBlock + (row % v) * h + (column % h);
      masks[Math.floor(row / v) * mcusWide + Math.floor(column / h)]! |= 1 << bit;
    }
  }
  return masks;
}

/**
 * True when bits that are a code in `a` are the same code in `b`.
 *
 * Canonical codes are sorted by length, so this holds when the tables of `b` are those of `a` with symbols
 * appended.
 */
function shareCodes(a: readonly McuBlock[], b: readonly McuBlock[]): boolean {
  return a.every(({ dcTable, acTable }, i) => {
    const other = b[i]!;
    return beginsWith(other.dcTable, dcTable) && beginsWith(other.acTable, acTable);
  });
}

function beginsWith(longer: HuffmanTable, table: HuffmanTable): boolean {
  const hasSameCounts = table.counts.every(
    (count, length) => length === maxCodeLength || count === longer.counts[length],
  );
  return hasSameCounts && table.symbols.every((symbol, i) => symbol === longer.symbols[i]);
}

/** Where the next interval begins: behind a restart marker; without one the end of the scan. */
const endOfInterval = (reader: BitReader, at: number, marker: number | undefined): number =>
  marker === undefined ? reader.scanEnd : findRestart(reader, at, marker);

export const areSameBytes = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

/** A restart interval: its MCUs, and where it lies in both files. */
interface Interval {
  readonly first: number;
  readonly end: number;
  readonly atA: number;
  readonly toA: number;
  readonly atB: number;
  readonly toB: number;
}

function compareInterval(pair: ScanPair, interval: Interval): void {
  const { a, b, masks, sharesCodes } = pair;
  const { first, end, atA, atB } = interval;
  startInterval(a.reader, atA);
  startInterval(b.reader, atB);
  gapsOf(pair).fill(0);
  for (let mcu = first; mcu < end; ) {
    if (sharesCodes && masks[mcu] === 0 && gapsOf(pair).every((levels) => levels === 0)) {
      const next = passEqual(pair, mcu, touchedFrom(masks, mcu, end));
      if (next > mcu) {
        mcu = next;
        continue;
      }
    }
    mcu = decodeRun(pair, mcu, end);
  }
  assertEqualEnds(pair, interval);
}

const gapsOf = ({ use, pointer }: ScanPair): Int32Array =>
  use.arena.view(Int32Array, pointer + 4 * word.gaps, components);

function touchedFrom(masks: Uint16Array, from: number, end: number): number {
  let at = from;
  while (at < end && masks[at] === 0) at++;
  return at;
}

/** Decodes the MCUs up to the first that is not touched, and that one. @returns the one behind them. */
function decodeRun(pair: ScanPair, first: number, end: number): number {
  const { use, a, b, masks, sharesCodes, pointer, given } = pair;
  let most = Math.min(end, first + batch);
  if (sharesCodes) {
    let untouched = first;
    while (untouched < most && masks[untouched] !== 0) untouched++;
    most = Math.min(most, untouched + 1);
  }
  use.arena.view(Uint16Array, given, most - first).set(masks.subarray(first, most));
  holdMcus(pair);
  const compare = () => use.kernels.compareMcus(pointer, given, most - first);
  return first + readOn(a, () => readOn(b, compare));
}

/**
 * Passes MCUs, up to `end`, that are the same bits in both scans.
 *
 * @returns the first that is not passed.
 * @throws {EditError} `NOT_EXACT` when the index does not say where the source was read to.
 */
function passEqual(pair: ScanPair, first: number, end: number): number {
  const { use, a, b, index, places } = pair;
  let mcu = first;
  for (;;) {
    holdMcus(pair);
    const from = index.positions[mcu]!;
    const at = 8 * a.reader.dropped + a.reader.position;
    if (at !== from) throw new EditError('NOT_EXACT', `Expected MCU ${mcu} at bit ${from}, got bit ${at}`);
    const wanted = Math.min(bitBehind(index, end) - from, heldBits(a.reader), heldBits(b.reader));
    const equal = readOn(a, (ofA) => readOn(b, (ofB) => use.kernels.equalBits(ofA, ofB, wanted)));
    const next = lastMcuUpTo(index, mcu, end, from + equal);
    if (next === mcu) return mcu;
    const ahead = 8 * b.reader.dropped + b.reader.position - from;
    for (let known = mcu; known < next; known++) places[known] = index.positions[known]! + ahead;
    const passed = bitBehind(index, next) - from;
    a.reader.position += passed;
    b.reader.position += passed;
    if (next === end || equal < wanted) return next;
    mcu = next;
  }
}

/** Fills the buffers that do not hold an MCU that begins at their positions. */
function holdMcus({ a, b }: ScanPair): void {
  for (const { reader } of [a, b]) if (!holdsMcu(reader)) refill(reader);
}

/** The DC values before MCUs of the same bits are those of the source. */
function outputIndexOf({ after }: FilePair, { b, index, places }: ScanPair): ScanIndex | undefined {
  if (index.starts.length > 1) return undefined;
  const { reader } = b;
  return {
    ...index,
    positions: places,
    starts: Float64Array.of(after.scans[0]!.dataOffset),
    ends: Uint32Array.of(8 * reader.dropped + reader.position),
    stations: reader.stations,
    end: endOfBits(reader),
  };
}

const heldBits = ({ filled, position }: BitReader) => Math.max(0, 8 * filled - position);

/** The last MCU of `from` to `end` that begins at `bit` or before. */
function lastMcuUpTo(index: ScanIndex, from: number, end: number, bit: number): number {
  let low = from;
  let high = end;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (bitBehind(index, middle) <= bit) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * At the end of an interval less than a byte is left, of ones or as in the source. What stands between it
 * and the next interval must not differ either.
 */
function assertEqualEnds({ a, b, restartInterval }: ScanPair, { toA, toB }: Interval): void {
  const paddings = [a.reader, b.reader].map(paddingOf);
  if (paddings[1] !== paddings[0] && /0/.test(paddings[1]!))
    throw new EditError('NOT_EXACT', 'Expected ones behind the last bit of a block, got others');
  const [fromA, fromB] = [assertEnd(a.reader, restartInterval), assertEnd(b.reader, restartInterval)];
  if (areSameBytes(a.reader.source.subarray(fromA, toA), b.reader.source.subarray(fromB, toB))) return;
  throw new EditError('NOT_EXACT', 'Expected the same bytes behind the last block, got others');
}

/** The bits of the last byte that belong to no block, as zeros and ones. */
function paddingOf({ view, position }: BitReader): string {
  const count = -position & 7;
  return count === 0 ? '' : peekBits(view, position, count).toString(2).padStart(count, '0');
}
