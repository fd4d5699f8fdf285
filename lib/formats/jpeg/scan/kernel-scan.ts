import { EditError } from '../../../errors.ts';
import type { Pointer } from '../../../kernels/exports.ts';
import type { KernelUse } from '../../../kernels/kernels.ts';
import { type BitReader, lastMcuStart, openBitReader } from './bit-reader.ts';
import type { HuffmanTable } from './huffman.ts';
import { type McuBlock, mcuBlocks } from './mcu-blocks.ts';
import type { JpegStructure } from './structure.ts';

/** A scan of interleaved (or one-component) sequential MCUs that kernels read. */
export interface KernelScan {
  readonly use: KernelUse;
  readonly reader: BitReader;
  /** The blocks of an MCU in coding order. */
  readonly blocks: readonly McuBlock[];
  /** Where the kernels find buffer, place and decoders: the words below, then 4 for each block. */
  readonly pointer: Pointer;
}

/** @see `lib/kernels/assembly/jpeg-reader.ts`. */
const word = {
  buffer: 0,
  position: 1,
  lastStart: 2,
  dataEnd: 3,
  blocks: 4,
  components: 5,
  fault: 6,
} as const;
const dcWord = 8;
const firstBlockWord = 12;
const blockWords = 4;
const components = 4;

/**
 * Opens the one scan of a sequential file and makes the lookups of its tables.
 *
 * @throws {EditError} `IMAGE_UNREADABLE` when the scan names a table that was not defined before it.
 */
export function openKernelScan(use: KernelUse, source: Uint8Array, structure: JpegStructure): KernelScan {
  const scan = structure.scans[0]!;
  const blocks = mcuBlocks(structure, scan);
  const decoders = new Map<HuffmanTable, Pointer>();
  for (const { dcTable, acTable } of blocks) {
    for (const table of [dcTable, acTable])
      if (!decoders.has(table)) decoders.set(table, decoderOf(use, table));
  }
  const pointer = use.arena.reserve(4 * (firstBlockWord + blockWords * blocks.length));
  const reader = openBitReader(use, source, scan.dataOffset, scan.dataEnd);
  const words = use.arena.view(Int32Array, pointer, firstBlockWord + blockWords * blocks.length);
  words.fill(0);
  words[word.buffer] = reader.buffer;
  words[word.blocks] = blocks.length;
  words[word.components] = structure.components.length;
  blocks.forEach(({ dcTable, acTable, component, column, row }, i) => {
    const { h, v } = structure.components[component]!;
    const place = column | (row << 8) | (h << 16) | (v << 24);
    const block = [decoders.get(dcTable)!, decoders.get(acTable)!, component, place];
    words.set(block, firstBlockWord + blockWords * i);
  });
  return { use, reader, blocks, pointer };
}

function decoderOf({ kernels, arena }: KernelUse, { counts, symbols }: HuffmanTable): Pointer {
  const decoder = arena.reserve(kernels.jpegDecoderBytes());
  const definition = arena.put(Uint8Array.from([...counts.subarray(1), ...symbols]));
  kernels.jpegDecoder(definition, decoder);
  return decoder;
}

/** The DC values behind the MCU that was read last, by component. A view: it changes as kernels read on. */
export const predictorsOf = ({ use, pointer }: KernelScan): Int32Array =>
  use.arena.view(Int32Array, pointer + 4 * dcWord, components);

/**
 * Lets a kernel read on from the reader's place.
 *
 * @throws {EditError} what the kernel came upon.
 */
export function readOn<T>({ use, reader, pointer }: KernelScan, read: (scan: Pointer) => T): T {
  const before = use.arena.view(Uint32Array, pointer, dcWord);
  before[word.position] = reader.position;
  before[word.lastStart] = lastMcuStart(reader);
  before[word.dataEnd] = reader.ended ? reader.filled * 8 : unbounded;
  before[word.fault] = 0;
  const result = read(pointer);
  const after = use.arena.view(Uint32Array, pointer, dcWord);
  const fault = after[word.fault]!;
  if (fault !== 0) throw faultOf(fault);
  reader.position = after[word.position]!;
  return result;
}

/** More than the bits of any buffer. */
const unbounded = 0xffff_ffff;

const faults = [
  ['IMAGE_UNREADABLE', 'Expected a Huffman code, got bits that begin no code'],
  ['IMAGE_UNREADABLE', 'Expected a sequential AC symbol, got an end-of-band run'],
  ['IMAGE_UNREADABLE', 'Expected 64 coefficients in a block, got a run beyond them'],
  ['IMAGE_TRUNCATED', 'Expected more entropy-coded data, got the end of the scan'],
  ['KIND_UNSUPPORTED', 'Expected DC values and differences of 11 bits, got more'],
] as const;
/** @see `lib/kernels/assembly/jpeg-bits.ts`. */
const firstFault = 0xffff_fff0;

function faultOf(fault: number): EditError {
  const [code, message] = faults[fault - firstFault]!;
  return new EditError(code, message);
}
