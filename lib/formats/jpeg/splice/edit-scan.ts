import type { KernelUse } from '../../../kernels/kernels.ts';
import { endOfBits } from '../scan/bit-reader.ts';
import { writeBytes } from '../scan/bit-writer.ts';
import { endBits } from '../scan/kernel-writer.ts';
import {
  copyTo,
  editMcus,
  type KernelEdit,
  type KernelEditJob,
  openKernelEdit,
  standAt,
} from './kernel-edit.ts';

/** A sequential scan and the changes to make in it. */
export interface ScanEdit extends KernelEditJob {
  /** By MCU in coding order, 1 where any of its blocks is touched. */
  readonly mcus: Uint8Array;
}

/**
 * Writes a sequential scan with some coefficients changed.
 *
 * The index says where to stand: bits before the first touched MCU, between touched ones and behind the last
 * are copied without being decoded. Restart intervals without an edit, and what stands between a block and a
 * marker, are copied as bytes.
 *
 * @returns false when an encoder had no code left: the output is void.
 */
export function editScan(use: KernelUse, job: ScanEdit): boolean {
  const { structure, index, mcus, source, output, pass } = job;
  const { interval, starts } = index;
  const edit = openKernelEdit(use, job);
  const total = mcus.length;
  for (let first = 0; first < total; ) {
    const next = pass === 'copy' ? nextMcu(mcus, first, total, 1) : first;
    let from = starts[first / interval]!;
    let behind = Math.min(first + interval, total);
    if (next < behind) {
      if (!editInterval(edit, mcus, first, behind)) return false;
      from = endOfBits(edit.scan.reader);
    } else if (next < total) behind = next - (next % interval);
    else behind = total;
    const to = behind === total ? structure.scans[0]!.dataEnd : starts[behind / interval]!;
    writeBytes(output, source.subarray(from, to));
    first = behind;
  }
  return true;
}

/** The first MCU from `from` on that is (1) or is not (0) touched, `end` for none before it. */
function nextMcu(mcus: Uint8Array, from: number, end: number, isTouched: 0 | 1): number {
  const next = mcus.indexOf(isTouched, from);
  return next < 0 || next > end ? end : next;
}

/** Writes the restart interval of the MCUs `first` to `end`; false when an encoder is full. */
function editInterval(edit: KernelEdit, mcus: Uint8Array, first: number, end: number): boolean {
  const { source, index, pass, output } = edit;
  const { positions, starts, ends } = index;
  const interval = first / index.interval;
  const copies = pass === 'copy';
  const begin = copies ? nextMcu(mcus, first, end, 1) : first;
  const offset = standAt(edit, begin, []);
  writeBytes(output, source.subarray(starts[interval]!, offset));
  copyTo(edit, positions[begin]!);
  for (let mcu = begin; mcu < end; ) {
    // With the MCU behind the touched ones, whose DC differences are corrected.
    const runEnd = copies ? Math.min(nextMcu(mcus, mcu, end, 0) + 1, end) : end;
    if (!editMcus(edit, mcu, runEnd)) return false;
    mcu = copies ? nextMcu(mcus, runEnd, end, 1) : end;
    copyTo(edit, mcu < end ? positions[mcu]! : ends[interval]!);
  }
  endBits(edit.writer);
  return true;
}
