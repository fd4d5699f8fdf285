import { EditError } from '../../../errors.ts';
import { type KernelUse, useKernels } from '../../../kernels/kernels.ts';
import {
  assertEnd,
  assertInside,
  type BitReader,
  findRestart,
  holdsMcu,
  openBitReader,
  readBits,
  readSigned,
  readSymbol,
  refill,
  startInterval,
} from './bit-reader.ts';
import type { JpegScan } from './headers.ts';
import { fillSymbolLookup, type HuffmanTable } from './huffman.ts';
import { undefinedTable } from './mcu-blocks.ts';
import { assertCompleteScript, visitScan } from './scan-order.ts';
import type { JpegStructure } from './structure.ts';

/** A coefficient takes 2 bytes: 134 million of them, a picture of 89 megapixels at 4:2:0. */
const maxCoefficientBytes = 256 * 1024 * 1024;

/** Quantised coefficients by component: blocksHigh x blocksWide x 64, zigzag order. */
export type Coefficients = readonly Int16Array[];

export interface DecodedScans {
  readonly coefficients: Coefficients;
  /** By scan, the offset in the file of what follows its last block. */
  readonly ends: readonly number[];
  /** By scan, what stands between restart intervals. */
  readonly restarts: readonly Restarts[];
}

/**
 * Bytes between two restart intervals, marker included, by the index of the marker; only those with fill
 * bytes.
 */
export type Restarts = ReadonlyMap<number, Uint8Array>;

/**
 * Decodes every scan of a file, sequential or progressive, to its quantised coefficients.
 *
 * Memory: 2 bytes a coefficient, at most 256 MiB.
 *
 * @throws {EditError} `KIND_UNSUPPORTED` above that or when the scans are incomplete, `IMAGE_UNREADABLE`,
 *   `IMAGE_TRUNCATED`.
 * @see ITU-T T.81, annexes F and G.
 */
export function decodeCoefficients(source: Uint8Array, structure: JpegStructure): DecodedScans {
  assertCompleteScript(structure);
  return useKernels((use) => decodeScans(use, source, structure));
}

function decodeScans(use: KernelUse, source: Uint8Array, structure: JpegStructure): DecodedScans {
  const sizes = structure.components.map(({ blocksWide, blocksHigh }) => blocksWide * blocksHigh * 64);
  const bytes = sizes.reduce((sum, size) => sum + 2 * size, 0);
  if (bytes > maxCoefficientBytes) {
    throw new EditError(
      'KIND_UNSUPPORTED',
      `Expected at most ${maxCoefficientBytes} bytes of coefficients, got ${bytes}`,
    );
  }
  const coefficients = sizes.map((size) => new Int16Array(size));
  const lookups = new Map<HuffmanTable, Uint16Array>();
  const ends: number[] = [];
  const restarts: Restarts[] = [];
  for (const scan of structure.scans) {
    const state: ScanState = {
      reader: openBitReader(use, source, scan.dataOffset, scan.dataEnd),
      scan,
      previousDc: new Int32Array(scan.members.length),
      eobRun: 0,
      restarts: new Map(),
    };
    ends.push(decodeScan(structure, state, blockDecoder(structure, scan, lookups), coefficients));
    restarts.push(state.restarts);
  }
  return { coefficients, ends, restarts };
}

interface ScanState {
  readonly reader: BitReader;
  readonly scan: JpegScan;
  /** By member of the scan. */
  readonly previousDc: Int32Array;
  /** Blocks still to come that end here without a bit of their own. */
  eobRun: number;
  readonly restarts: Map<number, Uint8Array>;
}

type BlockDecoder = (state: ScanState, data: Int16Array, base: number, member: number) => void;

/** @returns the offset in the file of what follows the last block. */
function decodeScan(
  structure: JpegStructure,
  state: ScanState,
  decode: BlockDecoder,
  coefficients: Coefficients,
): number {
  const { reader, scan } = state;
  const data = scan.members.map(({ component }) => coefficients[component]!);
  visitScan(structure, scan, {
    mcu: () => {
      assertInside(reader);
      if (!holdsMcu(reader)) refill(reader);
    },
    block: (member, block) => decode(state, data[member]!, block * 64, member),
    restart: (index) => {
      passRestart(state, index);
      state.eobRun = 0;
      state.previousDc.fill(0);
    },
  });
  return assertEnd(reader, scan.restartInterval);
}

/** A restart marker without fill bytes. */
const bareRestartBytes = 2;

function passRestart({ reader, scan, restarts }: ScanState, index: number): void {
  const from = assertEnd(reader, scan.restartInterval);
  const to = findRestart(reader, from, index);
  if (to - from > bareRestartBytes) restarts.set(index, reader.source.subarray(from, to));
  startInterval(reader, to);
}

function blockDecoder(
  { process }: JpegStructure,
  { members, ss, ah }: JpegScan,
  lookups: Map<HuffmanTable, Uint16Array>,
): BlockDecoder {
  if (ss === 0 && ah > 0) return refineDc;
  const isSequential = process === 'sequential';
  const dc = ss === 0 ? members.map((member) => lookupOf(member.dc, lookups)) : [];
  const ac = ss > 0 || isSequential ? members.map((member) => lookupOf(member.ac, lookups)) : [];
  if (isSequential) {
    return (state, data, base, member) => {
      decodeFirstDc(state, data, base, member, dc[member]!);
      decodeFirstAc(state, data, base, ac[member]!, 1);
      // A sequential block ends alone.
      if (state.eobRun > 0) throw badSymbol();
    };
  }
  if (ss === 0) return (state, data, base, member) => decodeFirstDc(state, data, base, member, dc[member]!);
  if (ah > 0) return (state, data, base, member) => refineAc(state, data, base, ac[member]!);
  return (state, data, base, member) => decodeFirstAc(state, data, base, ac[member]!, ss);
}

/** Far beyond what 8 bit samples give; the difference of two still fits 16 bits. */
const largestValue = 16383;

function inRange(value: number): number {
  if (Math.abs(value) > largestValue) {
    throw new EditError('IMAGE_UNREADABLE', `Expected coefficients of at most ${largestValue}, got ${value}`);
  }
  return value;
}

const badSymbol = () => new EditError('IMAGE_UNREADABLE', 'Expected an AC symbol of T.81 within the band');

function lookupOf(table: HuffmanTable | undefined, lookups: Map<HuffmanTable, Uint16Array>): Uint16Array {
  if (!table) throw undefinedTable();
  let lookup = lookups.get(table);
  if (!lookup) {
    lookup = new Uint16Array(65536);
    fillSymbolLookup(table, lookup);
    lookups.set(table, lookup);
  }
  return lookup;
}

function decodeFirstDc(
  { reader, scan, previousDc }: ScanState,
  data: Int16Array,
  base: number,
  member: number,
  lookup: Uint16Array,
): void {
  previousDc[member]! += readSigned(reader, readSymbol(reader, lookup, 0));
  data[base] = inRange(previousDc[member]! * 2 ** scan.al);
}

const refineDc: BlockDecoder = ({ reader, scan }, data, base) => {
  if (readBits(reader, 1) === 1) data[base]! |= 1 << scan.al;
};

/** @see ITU-T T.81, figure G.3 for runs of ended blocks; without them figure F.13. */
function decodeFirstAc(
  state: ScanState,
  data: Int16Array,
  base: number,
  lookup: Uint16Array,
  from: number,
): void {
  if (state.eobRun > 0) {
    state.eobRun--;
    return;
  }
  const { reader, scan } = state;
  for (let k = from; k <= scan.se; k++) {
    const symbol = readSymbol(reader, lookup, 0);
    const size = symbol & 15;
    const run = symbol >> 4;
    if (size === 0 && run < 15) {
      state.eobRun = (1 << run) + readBits(reader, run) - 1;
      return;
    }
    k += run;
    if (k > scan.se) throw badSymbol();
    if (size > 0) data[base + k] = inRange(readSigned(reader, size) * 2 ** scan.al);
  }
}

/** @see ITU-T T.81, figure G.7. */
function refineAc(state: ScanState, data: Int16Array, base: number, lookup: Uint16Array): void {
  const { reader, scan } = state;
  const band = { end: base + scan.se, step: 1 << scan.al };
  let k = base + scan.ss;
  while (state.eobRun === 0 && k <= band.end) {
    const symbol = readSymbol(reader, lookup, 0);
    const size = symbol & 15;
    const run = symbol >> 4;
    if (size > 1) throw badSymbol();
    if (size === 0 && run < 15) state.eobRun = (1 << run) + readBits(reader, run);
    else k = refineRun(reader, data, band, { from: k, run, isNew: size === 1 }) + 1;
  }
  if (state.eobRun === 0) return;
  passZeros(reader, data, band, k, 64);
  state.eobRun--;
}

/** Where a band of a block ends in the coefficients, and the value of the bit the scan sends. */
interface Band {
  readonly end: number;
  readonly step: number;
}

interface Run {
  readonly from: number;
  /** Zeros before the coefficient that is meant. */
  readonly run: number;
  /** That coefficient becomes nonzero. */
  readonly isNew: boolean;
}

function refineRun(reader: BitReader, data: Int16Array, band: Band, { from, run, isNew }: Run): number {
  const value = isNew ? (readBits(reader, 1) === 1 ? band.step : -band.step) : 0;
  const k = passZeros(reader, data, band, from, run);
  if (!isNew) return k;
  if (k > band.end) throw badSymbol();
  data[k] = value;
  return k;
}

/**
 * Refines the nonzero coefficients from `from` on; returns where the zero after `count` zeros is, or `end +
 * 1`.
 */
function passZeros(
  reader: BitReader,
  data: Int16Array,
  { end, step }: Band,
  from: number,
  count: number,
): number {
  let left = count;
  for (let k = from; k <= end; k++) {
    const value = data[k]!;
    if (value === 0) {
      if (left-- === 0) return k;
    } else if (readBits(reader, 1) === 1) data[k] = value > 0 ? value + step : value - step;
  }
  return end + 1;
}
