import type { Pointer } from '../../../kernels/exports.ts';
import type { KernelUse } from '../../../kernels/kernels.ts';
import { type BitWriter, writeBytes } from './bit-writer.ts';

/**
 * Takes what kernels write to its place in the output.
 *
 * Kernels write into a buffer of their own memory; `flush` moves its whole bytes. Up to 31 bits stay
 * pending in the kernels until `endBits`.
 */
export interface KernelWriter {
  readonly use: KernelUse;
  readonly output: BitWriter;
  /** Words, then nothing: the buffer is elsewhere. */
  readonly pointer: Pointer;
  readonly buffer: Pointer;
}

/** @see `lib/kernels/assembly/jpeg-writer.ts`. */
const word = { out: 0, last: 1, isCounting: 3 } as const;
const words = 6;

/** What one refill of a reader can become: every byte stuffed, an MCU on top, and its pending bits. */
const bufferBytes = 256 * 1024;

export function openKernelWriter(use: KernelUse, output: BitWriter, isCounting: boolean): KernelWriter {
  const pointer = use.arena.reserve(4 * words);
  const buffer = use.arena.reserve(bufferBytes);
  const view = use.arena.view(Uint32Array, pointer, words).fill(0);
  view[word.out] = buffer;
  view[word.last] = buffer + bufferBytes / 2;
  view[word.isCounting] = isCounting ? 1 : 0;
  return { use, output, pointer, buffer };
}

/** Moves what was written to the output. */
export function flush({ use, output, pointer, buffer }: KernelWriter): void {
  const view = use.arena.view(Uint32Array, pointer, words);
  writeBytes(output, use.arena.view(Uint8Array, buffer, view[word.out]! - buffer));
  view[word.out] = buffer;
}

/** Fills the last byte with ones and moves everything to the output. */
export function endBits(writer: KernelWriter): void {
  writer.use.kernels.endBits(writer.pointer);
  flush(writer);
}
