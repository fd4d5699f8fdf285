import { type KernelUse, useKernels } from '../../../kernels/kernels.ts';
import {
  assertEnd,
  assertInside,
  type BitReader,
  endOfBits,
  findRestart,
  holdsMcu,
  offsetOfByte,
  openBitReader,
  refill,
  startInterval,
} from '../scan/bit-reader.ts';
import { alignWithOnes, type BitWriter, copyBits, writeBytes } from '../scan/bit-writer.ts';
import { readAc, readAcSymbols, readDc, skipAc, skipDc, skipMcus } from '../scan/blocks.ts';
import { type EntropySink, emitAc, emitValue, type SymbolSink } from '../scan/encode-coefficients.ts';
import type { JpegScan } from '../scan/headers.ts';
import type { ScanTables } from '../scan/scan-tables.ts';
import type { JpegStructure } from '../scan/structure.ts';
import { applyAc, type CoefficientEdits, checkedDc } from './edits.ts';

/**
 * Where the rows of MCUs begin, in bits of the scan without stuffed bytes. The last entry is the end of the
 * last row.
 */
export type McuRows = Float64Array;

/** A sequential scan and the changes to make in it. */
export interface ScanEdit {
  readonly source: Uint8Array;
  readonly structure: JpegStructure;
  readonly scan: JpegScan;
  /** Where rows of MCUs begin; `undefined` for a scan with restart markers. */
  readonly rows: McuRows | undefined;
  readonly tables: ScanTables;
  readonly edits: CoefficientEdits;
}

export interface ScanOutput {
  /** Takes the symbols of changed blocks; of all blocks when `recodes`. */
  readonly sink: EntropySink;
  /** Where bits and markers are copied to; `undefined` when symbols are only counted. */
  readonly writer: BitWriter | undefined;
  readonly recodes: boolean;
  /** Asked after each changed MCU: stops early when true. */
  readonly isVoid: () => boolean;
}

interface Progress extends ScanEdit, ScanOutput {
  readonly reader: BitReader;
  /** Sinks of the blocks of an MCU. */
  readonly dc: readonly SymbolSink[];
  readonly ac: readonly SymbolSink[];
  /** First bit of the reader's buffer that was not written yet. */
  copied: number;
  /** What was added to the last DC value of each component: the next difference must take it back. */
  readonly owed: Int32Array;
}

/**
 * Writes a sequential scan with some coefficients changed.
 *
 * Bits of untouched blocks are copied; restart intervals without an edit, and what stands between a block and
 * a marker, as bytes. A touched block is decoded, changed and coded again, and the DC difference of the block
 * that follows it in its component is corrected.
 */
export function editScan(edit: ScanEdit, output: ScanOutput): void {
  useKernels((use) => editIntervals(use, edit, output));
}

function editIntervals(use: KernelUse, edit: ScanEdit, output: ScanOutput): void {
  const { source, scan, structure, tables } = edit;
  const total = structure.mcusWide * structure.mcusHigh;
  const interval = scan.restartInterval || total;
  const progress: Progress = {
    ...edit,
    ...output,
    reader: openBitReader(use, source, scan.dataOffset, scan.dataEnd),
    dc: tables.blocks.map(({ dcTable }) => output.sink.symbolsOf(dcTable)),
    ac: tables.blocks.map(({ acTable }) => output.sink.symbolsOf(acTable)),
    copied: 0,
    owed: new Int32Array(structure.components.length),
  };
  let at: number | undefined = scan.dataOffset;
  for (let first = 0; at !== undefined; first += interval) {
    at = writeInterval(progress, at, first, Math.min(first + interval, total));
  }
}

/**
 * Writes the restart interval of the MCUs `first` to `end` and the marker behind it.
 *
 * @returns where the next interval begins; `undefined` when the scan is written to its end or void.
 */
function writeInterval(progress: Progress, at: number, first: number, end: number): number | undefined {
  const { source, structure, scan, edits, reader, writer } = progress;
  const total = structure.mcusWide * structure.mcusHigh;
  const next = nextEdit(edits, first, total);
  const isCopied = scan.restartInterval > 0 && !progress.recodes && next >= end;
  const isLast = end === total || (isCopied && next === total);
  if (!isCopied) {
    if (progress.rows && writer && !progress.recodes) editRows(progress, progress.rows, writer);
    else editInterval(progress, at, first, end);
    if (progress.isVoid()) return undefined;
    if (writer) alignWithOnes(writer);
  }
  const from = isCopied ? at : endOfBits(reader);
  const to = isLast ? scan.dataEnd : findRestart(reader, from, first / scan.restartInterval);
  if (writer) writeBytes(writer, source.subarray(from, to));
  return isLast ? undefined : to;
}

/** The first MCU from `from` on with an edit, `end` for none before it. */
function nextEdit({ mcus }: CoefficientEdits, from: number, end: number): number {
  const next = mcus.indexOf(1, from);
  return next < 0 || next > end ? end : next;
}

function editInterval(progress: Progress, from: number, first: number, end: number): void {
  const { reader, scan } = progress;
  startInterval(reader, from);
  editMcus(progress, first, end);
  if (progress.isVoid()) return;
  copyUntil(progress, reader.position);
  assertEnd(reader, scan.restartInterval);
}

/**
 * Edits a scan without restart markers. The rows before the first edit and behind the last are not decoded.
 */
function editRows(progress: Progress, rows: McuRows, writer: BitWriter): void {
  const { source, structure, scan, edits, reader } = progress;
  const row = Math.floor(edits.mcus.indexOf(1) / structure.mcusWide);
  const before = Math.floor(rows[row]! / 8);
  const from = offsetOfByte(source, scan.dataOffset, before);
  writeBytes(writer, source.subarray(scan.dataOffset, from));
  startInterval(reader, from);
  reader.position = rows[row]! % 8;
  editMcus(progress, row * structure.mcusWide, structure.mcusWide * structure.mcusHigh);
  if (!progress.isVoid()) copyRest(progress, rows.at(-1)! - before * 8);
}

function editMcus(progress: Progress, first: number, end: number): void {
  const { reader, owed, edits, tables, recodes, rows } = progress;
  progress.copied = 0;
  owed.fill(0);
  for (let mcu = first; mcu < end && !progress.isVoid(); ) {
    if (!holdsMcu(reader)) moveOn(progress);
    else if (recodes || edits.mcus[mcu] === 1 || owed.some((levels) => levels !== 0)) {
      editMcu(progress, mcu++);
    } else {
      const next = nextEdit(edits, mcu, end);
      // What follows the last edit is copied without a look.
      if (rows && next === end) return;
      mcu += skipMcus(reader, tables, next - mcu);
    }
  }
}

/** Reads on from the position; the bits before it are written. */
function moveOn(progress: Progress): void {
  copyUntil(progress, progress.reader.position);
  refill(progress.reader);
  progress.copied = progress.reader.position;
}

/** Copies the bits up to bit `end` of the interval. */
function copyRest(progress: Progress, end: number): void {
  const { reader } = progress;
  for (;;) {
    reader.position = Math.min(end - reader.dropped * 8, reader.filled * 8);
    if (reader.position < reader.filled * 8 || reader.ended) break;
    moveOn(progress);
  }
  copyUntil(progress, reader.position);
}

/**
 * Copies the bits that were read without a change, up to a position. Recoding writes their symbols instead.
 */
function copyUntil(progress: Progress, position: number): void {
  const { writer, reader, copied } = progress;
  if (writer && !progress.recodes) copyBits(writer, reader, copied, position);
  progress.copied = position;
}

const delta = new Int16Array(64);
const coefficients = new Int16Array(64);

function editMcu(progress: Progress, mcu: number): void {
  const { structure, tables, edits, reader, owed, recodes } = progress;
  const mcuColumn = mcu % structure.mcusWide;
  const mcuRow = Math.floor(mcu / structure.mcusWide);
  for (let block = 0; block < tables.blocks.length; block++) {
    const { component, column, row } = tables.blocks[block]!;
    const { h, v } = structure.components[component]!;
    const isTouched = edits.deltaAt(component, mcuColumn * h + column, mcuRow * v + row, delta);
    if (isTouched || owed[component] !== 0 || recodes) {
      editBlock(progress, block, component, isTouched);
    } else {
      skipDc(reader, tables, block);
      skipAc(reader, tables, block);
    }
  }
  assertInside(reader);
}

/** Codes the next block again: with `delta` added, or with its DC difference corrected. */
function editBlock(progress: Progress, block: number, component: number, isTouched: boolean): void {
  const { reader, tables, owed } = progress;
  copyUntil(progress, reader.position);
  const added = isTouched ? delta[0]! : 0;
  const difference = readDc(reader, tables, block) + added - owed[component]!;
  emitValue(progress.dc[block]!, 0, checkedDc(difference));
  owed[component] = added;
  if (isTouched) {
    readAc(reader, tables, block, coefficients);
    applyAc(coefficients, delta);
    emitAc(progress.ac[block]!, coefficients);
  } else if (progress.recodes) readAcSymbols(reader, tables, block, progress.ac[block]!);
  progress.copied = reader.position;
  if (!isTouched && !progress.recodes) skipAc(reader, tables, block);
}
