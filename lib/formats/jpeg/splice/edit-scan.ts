import type { Pointer } from '../../../kernels/exports.ts';
import type { KernelUse } from '../../../kernels/kernels.ts';
import { assertInside, endOfBits, holdsMcu, refill, startInterval } from '../scan/bit-reader.ts';
import { type BitWriter, writeBytes } from '../scan/bit-writer.ts';
import type { HuffmanTable } from '../scan/huffman.ts';
import { type KernelScan, openKernelScan, readOn } from '../scan/kernel-scan.ts';
import { endBits, flush, type KernelWriter, openKernelWriter } from '../scan/kernel-writer.ts';
import { offsetOfMcu, type ScanIndex } from '../scan/scan-index.ts';
import type { JpegStructure } from '../scan/structure.ts';
import { isFull, type KernelEncoder } from './kernel-encoder.ts';

/** A sequential scan and the changes to make in it. */
export interface ScanEdit {
  readonly source: Uint8Array;
  readonly structure: JpegStructure;
  readonly index: ScanIndex;
  /** By MCU in coding order, 1 where any of its blocks is touched. */
  readonly mcus: Uint8Array;
  /** Changes in the memory of the kernels. */
  readonly patches: KernelPatches;
}

/** Rectangles of changes, 8 words each. @see `lib/kernels/assembly/jpeg-edit.ts`. */
export interface KernelPatches {
  readonly pointer: Pointer;
  readonly count: number;
}

export interface ScanOutput {
  readonly encoders: ReadonlyMap<HuffmanTable, KernelEncoder>;
  readonly output: BitWriter;
  /**
   * `copy` codes the touched blocks and copies the bits of the others. `count` counts the symbols of all blocks,
   * `recode` codes all of them.
   */
  readonly pass: 'copy' | 'count' | 'recode';
}

interface Editing extends ScanEdit, ScanOutput {
  readonly use: KernelUse;
  readonly scan: KernelScan;
  readonly writer: KernelWriter;
  /** Where the kernel finds all of this. */
  readonly pointer: Pointer;
}

/** @see `lib/kernels/assembly/jpeg-edit.ts`. */
const word = {
  scan: 0,
  writer: 1,
  owed: 4,
  mcusWide: 8,
  isRecoding: 9,
  patches: 10,
  firstPatch: 11,
  encoders: 12,
} as const;
const editWords = 16;
/** Coefficients and changes of a block. */
const scratchBytes = 256;

function openEditing(use: KernelUse, edit: ScanEdit, output: ScanOutput): Editing {
  const scan = openKernelScan(use, edit.source, edit.structure);
  const writer = openKernelWriter(use, output.output, output.pass === 'count');
  const pointerOf = (table: HuffmanTable) => output.encoders.get(table)!.pointer;
  const encoders = use.arena.put(
    Uint32Array.from(
      scan.blocks.flatMap(({ dcTable, acTable }) => [dcTable, acTable]),
      pointerOf,
    ),
  );
  const pointer = use.arena.reserve(4 * editWords + scratchBytes);
  const words = use.arena.view(Uint32Array, pointer, editWords).fill(0);
  words[word.scan] = scan.pointer;
  words[word.writer] = writer.pointer;
  words[word.mcusWide] = edit.structure.mcusWide;
  words[word.isRecoding] = output.pass === 'copy' ? 0 : 1;
  words[word.patches] = edit.patches.count;
  words[word.firstPatch] = edit.patches.pointer;
  words[word.encoders] = encoders;
  return { ...edit, ...output, use, scan, writer, pointer };
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
export function editScan(use: KernelUse, edit: ScanEdit, output: ScanOutput): boolean {
  const { structure, index, mcus, source } = edit;
  const { interval, starts } = index;
  const editing = openEditing(use, edit, output);
  const total = mcus.length;
  for (let first = 0; first < total; ) {
    const next = output.pass === 'copy' ? nextMcu(mcus, first, total, 1) : first;
    let from = starts[first / interval]!;
    let behind = Math.min(first + interval, total);
    if (next < behind) {
      if (!editInterval(editing, first, behind)) return false;
      from = endOfBits(editing.scan.reader);
    } else if (next < total) behind = next - (next % interval);
    else behind = total;
    const to = behind === total ? structure.scans[0]!.dataEnd : starts[behind / interval]!;
    writeBytes(output.output, source.subarray(from, to));
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
function editInterval(editing: Editing, first: number, end: number): boolean {
  const { source, index, mcus, pass, output, use, pointer } = editing;
  const { reader } = editing.scan;
  const interval = first / index.interval;
  const copies = pass === 'copy';
  const begin = copies ? nextMcu(mcus, first, end, 1) : first;
  const offset = offsetOfMcu(source, index, begin);
  writeBytes(output, source.subarray(index.starts[interval]!, offset));
  startInterval(reader, offset);
  reader.dropped = Math.floor(index.positions[begin]! / 8);
  use.arena.view(Int32Array, pointer + 4 * word.owed, 4).fill(0);
  copyTo(editing, index.positions[begin]!);
  for (let mcu = begin; mcu < end; ) {
    // With the MCU behind the touched ones, whose DC differences are corrected.
    const runEnd = copies ? Math.min(nextMcu(mcus, mcu, end, 0) + 1, end) : end;
    if (!editRun(editing, mcu, runEnd)) return false;
    mcu = copies ? nextMcu(mcus, runEnd, end, 1) : end;
    copyTo(editing, mcu < end ? index.positions[mcu]! : index.ends[interval]!);
  }
  endBits(editing.writer);
  return true;
}

/** Copies the bits up to a bit of the interval. */
function copyTo({ scan, writer, use }: Editing, bit: number): void {
  const { reader } = scan;
  for (;;) {
    const target = bit - 8 * reader.dropped;
    const held = Math.min(target, 8 * reader.filled);
    readOn(scan, (pointer) => use.kernels.copyBits(pointer, writer.pointer, held));
    flush(writer);
    if (target <= held) return;
    if (reader.ended) reader.position = target;
    assertInside(reader);
    refill(reader);
  }
}

function editRun(editing: Editing, first: number, end: number): boolean {
  const { scan, writer, use, pointer, encoders } = editing;
  for (let mcu = first; mcu < end; ) {
    const from = mcu;
    mcu += readOn(scan, () => use.kernels.editMcus(pointer, from, end - from));
    flush(writer);
    for (const encoder of encoders.values()) if (isFull(use, encoder)) return false;
    if (!holdsMcu(scan.reader)) refill(scan.reader);
  }
  return true;
}
