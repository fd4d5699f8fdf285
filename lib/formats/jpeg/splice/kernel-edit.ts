import type { Pointer } from '../../../kernels/exports.ts';
import type { KernelUse } from '../../../kernels/kernels.ts';
import { assertInside, holdsMcu, refill, startInterval } from '../scan/bit-reader.ts';
import type { BitWriter } from '../scan/bit-writer.ts';
import type { HuffmanTable } from '../scan/huffman.ts';
import { type KernelScan, openKernelScan, readOn } from '../scan/kernel-scan.ts';
import { flush, type KernelWriter, openKernelWriter } from '../scan/kernel-writer.ts';
import { offsetOfMcu, type ScanIndex } from '../scan/scan-index.ts';
import type { JpegStructure } from '../scan/structure.ts';
import { isFull, type KernelEncoder } from './kernel-encoder.ts';

/** Rectangles of changes, 8 words each. @see `lib/kernels/assembly/jpeg-edit.ts`. */
export interface KernelPatches {
  readonly pointer: Pointer;
  readonly count: number;
}

/** What MCUs are written from and to. */
export interface KernelEditJob {
  readonly source: Uint8Array;
  readonly structure: JpegStructure;
  readonly index: ScanIndex;
  readonly patches: KernelPatches;
  readonly encoders: ReadonlyMap<HuffmanTable, KernelEncoder>;
  readonly output: BitWriter;
  /**
   * `copy` codes the touched blocks and copies the bits of the others. `count` counts the symbols of all
   * blocks, `recode` codes all of them.
   */
  readonly pass: 'copy' | 'count' | 'recode';
}

/** MCUs of a scan on their way through the kernels to an output. */
export interface KernelEdit extends KernelEditJob {
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

export function openKernelEdit(use: KernelUse, job: KernelEditJob): KernelEdit {
  const scan = openKernelScan(use, job.source, job.structure);
  const writer = openKernelWriter(use, job.output, job.pass === 'count');
  const pointerOf = (table: HuffmanTable) => job.encoders.get(table)!.pointer;
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
  words[word.mcusWide] = job.structure.mcusWide;
  words[word.isRecoding] = job.pass === 'copy' ? 0 : 1;
  words[word.patches] = job.patches.count;
  words[word.firstPatch] = job.patches.pointer;
  words[word.encoders] = encoders;
  return { ...job, use, scan, writer, pointer };
}

/**
 * Stands before an MCU.
 *
 * @param owed by component, the DC value that the output is ahead of the source there.
 * @returns where the byte lies in the file that holds its first bit.
 */
export function standAt(edit: KernelEdit, mcu: number, owed: readonly number[]): number {
  const { source, index, use, pointer } = edit;
  const { reader } = edit.scan;
  const offset = offsetOfMcu(source, index, mcu);
  startInterval(reader, offset);
  reader.dropped = Math.floor(index.positions[mcu]! / 8);
  use.arena
    .view(Int32Array, pointer + 4 * word.owed, 4)
    .fill(0)
    .set(owed);
  return offset;
}

/** Copies the bits up to a bit of the interval. */
export function copyTo({ scan, writer, use }: KernelEdit, bit: number): void {
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

/** Writes MCUs with their changes from where the reader stands; false when an encoder is full. */
export function editMcus(edit: KernelEdit, first: number, end: number): boolean {
  const { scan, writer, use, pointer, encoders } = edit;
  for (let mcu = first; mcu < end; ) {
    const from = mcu;
    mcu += readOn(scan, () => use.kernels.editMcus(pointer, from, end - from));
    flush(writer);
    for (const encoder of encoders.values()) if (isFull(use, encoder)) return false;
    if (!holdsMcu(scan.reader)) refill(scan.reader);
  }
  return true;
}
