import type { Pointer } from '../../kernels/exports.ts';
import type { KernelUse } from '../../kernels/kernels.ts';
import { copyFrom, type PixelStream } from './pixel-stream.ts';

/** No match of deflate reaches farther back. */
export const windowBytes = 32_768;

/** The beginning of a deflate block. */
export interface BlockStart {
  /** Bit of the stream. */
  readonly bit: number;
  /** Byte of the inflated data. */
  readonly byte: number;
}

/** A beginning of a block from which a stream can be inflated. */
export interface Place extends BlockStart {
  /** The inflated bytes before it, at most `windowBytes`. */
  readonly window: Uint8Array;
}

/** Inflated bytes in the memory of the kernels, until the next are asked for. */
export interface Piece {
  readonly from: Pointer;
  readonly to: Pointer;
  /** Position of the first in the inflated data. */
  readonly byte: number;
  /** Bytes in memory before it: the window, and what was asked to be kept. */
  readonly history: number;
  /** Blocks that begin in it; some may be left out. */
  readonly blocks: readonly BlockStart[];
  /** Its matches, if asked for, as the kernel `recode` reads them. */
  readonly matches: Pointer;
  readonly matchesEnd: Pointer;
}

/** A stream that is inflated piece by piece. */
export interface Inflater {
  /**
   * The next bytes; `undefined` when there are none: see `ending`.
   *
   * @param keep the first byte of earlier pieces that is still needed; the window is kept anyway.
   */
  readonly next: (keep?: Pointer) => Piece | undefined;
  /** How the stream ended, when it did. */
  readonly ending: () => 'none' | 'whole' | 'damaged' | 'early';
  /** The first bit that is not read. */
  readonly bit: () => number;
  /** The bit at which the last block began. */
  readonly head: () => number;
}

interface InflaterOptions {
  readonly stream: PixelStream;
  readonly place: Place;
  /** The stream's end in bytes; its checksum is not part of it. */
  readonly end: number;
  /** Up to this many bytes before a piece may be asked to be kept. */
  readonly keptBytes: number;
  readonly hasMatches?: boolean;
}

/** Inflated at once: fits into the second cache of a core, together with what is made of it. */
export const pieceBytes = 128 * 1024;
const inputBytes = 64 * 1024;
/** A match, and what a copy may write too much. */
const slackBytes = 258 + 16;
/** As in the kernel: blocks nearer to each other are not noted. */
const noteBytes = 4096;
/** Where fields of the kernel's state are, in numbers of 32 bits. */
const [bitAt, , inputEndAt, isWholeAt, outAt, outEndAt, , matchesAt, blocksAt, notedAt, headAt] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13,
];
const fieldCount = 14;
const endings = ['none', 'none', 'whole', 'damaged', 'early'] as const;
const wantsInput = 0;

/** Inflates a stream piece by piece from a place on, in the kernels' memory. */
export function inflater(use: KernelUse, options: InflaterOptions): Inflater {
  const run = begun(use, options);
  let head = options.place.bit;
  let ending: (typeof endings)[number] = 'none';

  function next(keep = Number.POSITIVE_INFINITY): Piece | undefined {
    if (ending !== 'none') return undefined;
    slide(run, keep);
    const blocks: BlockStart[] = [];
    for (;;) {
      const status = use.kernels.inflate(run.state);
      blocks.push(...takeBlocks(run));
      head = bitOf(run, headAt);
      ending = endings[status]!;
      if (status !== wantsInput) break;
      refill(run);
    }
    if (ending === 'damaged' || ending === 'early') return undefined;
    const { from, byte, buffer, matches } = run;
    const [to, matchesEnd] = [run.fields()[outAt]!, run.fields()[matchesAt]!];
    return { from, to, byte, history: from - buffer, blocks, matches, matchesEnd };
  }

  return { next, ending: () => ending, bit: () => bitOf(run, bitAt), head: () => head };
}

/** A stream that is being inflated. */
interface Run {
  readonly stream: PixelStream;
  readonly end: number;
  readonly memory: () => Uint8Array;
  readonly state: Pointer;
  readonly fields: () => Uint32Array;
  readonly input: Pointer;
  readonly buffer: Pointer;
  readonly blocks: Pointer;
  readonly matches: Pointer;
  /** Bytes of the stream that were copied to the input. */
  read: number;
  /** Where the current piece begins, in memory and in the data. */
  from: Pointer;
  byte: number;
}

function begun({ kernels, arena }: KernelUse, options: InflaterOptions): Run {
  const { stream, place, end, keptBytes, hasMatches = false } = options;
  const stateBytes = kernels.inflateStateBytes();
  const [state, input] = [arena.reserve(stateBytes), arena.reserve(inputBytes)];
  const buffer = arena.reserve(Math.max(windowBytes, keptBytes) + pieceBytes + slackBytes);
  const blocks = arena.reserve(8 * (pieceBytes / noteBytes + 2));
  const matchesMost = Math.ceil(pieceBytes / 3) + pieceBytes / noteBytes + 2;
  const from = buffer + place.window.length;
  const run: Run = {
    ...{ stream, end, state, input, buffer, blocks, from, byte: place.byte },
    memory: () => new Uint8Array(kernels.memory.buffer),
    fields: () => new Uint32Array(kernels.memory.buffer, state, fieldCount),
    matches: hasMatches ? arena.reserve(8 * matchesMost) : 0,
    read: Math.floor(place.bit / 8),
  };
  run
    .memory()
    .fill(0, state, state + stateBytes)
    .set(place.window, buffer);
  const fields = run.fields();
  fields.set([place.bit % 8, input, input, 0, from]);
  fields[blocksAt] = blocks;
  fields[notedAt] = from - noteBytes;
  return run;
}

/** A bit of the input as one of the stream. */
function bitOf({ fields, input, read }: Run, index: number): number {
  return 8 * (read - (fields()[inputEndAt]! - input)) + fields()[index]!;
}

/** Moves unused input to the front, and the next bytes of the stream behind it. */
function refill(run: Run): void {
  const { stream, end, input } = run;
  const [fields, memory] = [run.fields(), run.memory()];
  const used = fields[bitAt]! >>> 3;
  const left = fields[inputEndAt]! - input - used;
  memory.copyWithin(input, input + used, input + used + left);
  const room = memory.subarray(input + left, input + Math.min(inputBytes, left + end - run.read));
  run.read += copyFrom(stream, run.read, room);
  fields[bitAt]! &= 7;
  fields[inputEndAt] = input + left + room.length;
  fields[isWholeAt] = run.read >= end ? 1 : 0;
}

/** Moves what is still needed to the front, and makes room for a piece behind it. */
function slide(run: Run, keep: Pointer): void {
  const { buffer, matches } = run;
  const fields = run.fields();
  const to = fields[outAt]!;
  const first = Math.max(buffer, Math.min(to - windowBytes, keep));
  run.memory().copyWithin(buffer, first, to);
  run.byte += to - run.from;
  run.from = buffer + to - first;
  fields[outAt] = run.from;
  fields[notedAt]! -= first - buffer;
  fields.set([run.from + pieceBytes + slackBytes, buffer, matches], outEndAt);
}

/** The blocks that were noted since the last call. */
function takeBlocks(run: Run): BlockStart[] {
  const fields = run.fields();
  const notes = new Uint32Array(fields.buffer, run.blocks, (fields[blocksAt]! - run.blocks) / 4);
  const bitsBefore = bitOf(run, bitAt) - fields[bitAt]!;
  fields[blocksAt] = run.blocks;
  return Array.from({ length: notes.length / 2 }, (_, i) => ({
    bit: bitsBefore + notes[2 * i]!,
    byte: run.byte + notes[2 * i + 1]! - run.from,
  }));
}
