import { EditError } from '../../../errors.ts';
import {
  assertExhausted,
  assertInside,
  findRestart,
  holdsMcu,
  openWindow,
  type ScanWindow,
  slide,
  startInterval,
} from '../scan/bit-reader.ts';
import { alignWithOnes, type BitWriter, copyBits, reserve, writeBytes } from '../scan/bit-writer.ts';
import {
  emitAc,
  emitDc,
  longestBlockBytes,
  readAc,
  readDc,
  type SymbolSink,
  transferAc,
} from '../scan/block-codec.ts';
import type { JpegScan, JpegStructure } from '../scan/structure.ts';
import { type ScanTables, skipAc, skipDc, skipMcus } from '../scan/walk.ts';
import { applyAc, type CoefficientEdits } from './edits.ts';

export interface ScanJob {
  readonly source: Uint8Array;
  readonly structure: JpegStructure;
  readonly scan: JpegScan;
  readonly tables: ScanTables;
  readonly edits: CoefficientEdits;
  /** Takes the symbols of changed blocks; of all blocks when `recodes`. */
  readonly sink: SymbolSink;
  /** Where bits and markers go that are copied as they are; `undefined` when symbols are only counted. */
  readonly writer: BitWriter | undefined;
  readonly recodes: boolean;
  /** Asked after each changed MCU: stops early when true. */
  readonly isVoid: () => boolean;
}

interface Progress {
  readonly window: ScanWindow;
  /** First bit of the window that was not written yet. */
  copied: number;
  /** What was added to the last DC value of each component: the next difference must take it back. */
  readonly owed: Int32Array;
}

/**
 * Writes a sequential scan again with some coefficients changed.
 *
 * Bits of untouched blocks are copied, restart intervals without an edit as bytes. A touched block is decoded, changed and coded
 * anew, and the DC difference of the block that follows it in its component is corrected.
 */
export function spliceScan(job: ScanJob): void {
  const { source, scan, structure, edits } = job;
  const total = structure.mcusWide * structure.mcusHigh;
  const interval = scan.restartInterval || total;
  const window = openWindow(source, scan.dataOffset, scan.dataEnd);
  const owed = new Int32Array(structure.components.length);
  let at = scan.dataOffset;
  for (let first = 0; first < total; first += interval) {
    const end = Math.min(first + interval, total);
    const next = edits.mcus.indexOf(1, first);
    const isUntouched = next < 0 || next >= end;
    if (isUntouched && !job.recodes && scan.restartInterval > 0) {
      const after =
        next < 0 || end === total
          ? scan.dataEnd
          : findRestart(source, at, scan.dataEnd, restartNumber(first, interval));
      if (job.writer) writeBytes(job.writer, source.subarray(at, after));
      if (next < 0) return;
      at = after;
      continue;
    }
    startInterval(window, at);
    spliceInterval(job, { window, copied: 0, owed: owed.fill(0) }, first, end);
    if (job.isVoid()) return;
    const after =
      end === total
        ? scan.dataEnd
        : findRestart(source, window.next, scan.dataEnd, restartNumber(first, interval));
    if (end === total && window.next !== scan.dataEnd) throw unexpectedMarker();
    if (job.writer) {
      alignWithOnes(job.writer);
      writeBytes(job.writer, source.subarray(window.next, after));
    }
    at = after;
  }
}

const restartNumber = (firstMcu: number, interval: number) => (firstMcu / interval) % 8;

const unexpectedMarker = () =>
  new EditError('IMAGE_UNREADABLE', 'Expected no restart marker after the last block');

function spliceInterval(job: ScanJob, progress: Progress, first: number, end: number): void {
  const { window, owed } = progress;
  const { edits, tables, recodes } = job;
  for (let mcu = first; mcu < end && !job.isVoid(); ) {
    if (!holdsMcu(window)) {
      copyUntil(job, progress, window.position);
      slide(window);
      progress.copied = window.position;
    } else if (recodes || edits.mcus[mcu] === 1 || owed.some((steps) => steps !== 0)) {
      editMcu(job, progress, mcu++);
    } else {
      const next = edits.mcus.indexOf(1, mcu);
      mcu += skipMcus(window, tables, (next < 0 || next > end ? end : next) - mcu);
    }
  }
  if (job.isVoid()) return;
  copyUntil(job, progress, window.position);
  assertExhausted(window);
}

/** Writes what was passed without a change, up to a bit position; recoding writes symbols instead. */
function copyUntil(job: ScanJob, progress: Progress, position: number): void {
  if (job.writer && !job.recodes) copyBits(job.writer, progress.window, progress.copied, position);
  progress.copied = position;
}

const delta = new Int16Array(64);
const coefficients = new Int16Array(64);

function editMcu(job: ScanJob, progress: Progress, mcu: number): void {
  const { structure, tables, edits, sink, writer } = job;
  const { window, owed } = progress;
  const mcuColumn = mcu % structure.mcusWide;
  const mcuRow = Math.floor(mcu / structure.mcusWide);
  if (writer) reserve(writer, tables.blocks.length * longestBlockBytes);
  for (let block = 0; block < tables.blocks.length; block++) {
    const { component, column, row } = tables.blocks[block]!;
    const { h, v } = structure.components[component]!;
    const isTouched = edits.deltaAt(component, mcuColumn * h + column, mcuRow * v + row, delta);
    const debt = owed[component]!;
    if (!isTouched && debt === 0 && !job.recodes) {
      skipDc(window, tables, block);
      skipAc(window, tables, block);
      continue;
    }
    copyUntil(job, progress, window.position);
    const added = isTouched ? delta[0]! : 0;
    emitDc(sink, block, checkedDc(readDc(window, tables, block) + added - debt));
    owed[component] = added;
    if (isTouched) {
      readAc(window, tables, block, coefficients);
      applyAc(coefficients, delta);
      emitAc(sink, block, coefficients);
    } else if (job.recodes) transferAc(window, tables, block, sink);
    progress.copied = window.position;
    if (!isTouched && !job.recodes) skipAc(window, tables, block);
  }
  assertInside(window);
}

function checkedDc(difference: number): number {
  if (Math.abs(difference) > 2047) {
    throw new EditError('KIND_UNSUPPORTED', `Expected DC differences of 11 bits, got ${difference}`);
  }
  return difference;
}
