import type { Coefficients } from './decode-coefficients.ts';
import type { JpegScan } from './headers.ts';
import type { HuffmanTable } from './huffman.ts';
import { visitScan } from './scan-order.ts';
import type { JpegStructure } from './structure.ts';

/** Takes symbols of one Huffman table, each with its `size` extra bits. */
export type SymbolSink = (symbol: number, extra: number, size: number) => void;

/** Where a scan is coded to: its symbols are counted in a first pass and written in a second. */
export interface EntropySink {
  symbolsOf(table: HuffmanTable): SymbolSink;
  /** Bits without a code of their own. */
  bits(value: number, count: number): void;
  /** A restart marker; counts from 0. */
  restart(index: number): void;
}

/** The bit length of a magnitude: the category of T.81 tables F.1 and F.2. */
const categoryOf = (value: number) => 32 - Math.clz32(value < 0 ? -value : value);

/** Passes on a value with the zeros before it (at most 15) as one symbol. DC differences have none. */
export function emitValue(sink: SymbolSink, run: number, value: number): void {
  const size = categoryOf(value);
  sink((run << 4) | size, value < 0 ? value + (1 << size) - 1 : value, size);
}

/** Part of the coefficients of a block in zigzag order, without their `al` lowest bits. */
interface Band {
  readonly ss: number;
  readonly se: number;
  readonly al: number;
}

/** All AC coefficients. */
const wholeBlock: Band = { ss: 1, se: 63, al: 0 };

/** Passes on the AC coefficients of a block and the end of the block. @see ITU-T T.81, F.1.2.2. */
export function emitAc(sink: SymbolSink, data: Int16Array, base = 0): void {
  if (emitBand(sink, data, base, wholeBlock)) sink(0, 0, 0);
}

/** @returns true when the last coefficients of the band are 0, which no symbol says yet. */
function emitBand(sink: SymbolSink, data: Int16Array, base: number, { ss, se, al }: Band): boolean {
  let run = 0;
  for (let k = ss; k <= se; k++) {
    const exact = data[base + k]!;
    // Towards zero, unlike DC.
    const value = exact < 0 ? -(-exact >> al) : exact >> al;
    if (value === 0) {
      run++;
      continue;
    }
    for (; run > 15; run -= 16) sink(0xf0, 0, 0);
    emitValue(sink, run, value);
    run = 0;
  }
  return run > 0;
}

/** Longest run of ended blocks one symbol codes. @see ITU-T T.81, table G.1. */
const longestEobRun = 0x7fff;
/** As libjpeg: few bits wait for the end of a run. */
const mostWaitingBits = 1000 - 64;

/** Runs of ended blocks, and the bits that wait until the length of the run is known. */
interface EobRun {
  readonly sink: EntropySink;
  readonly ac: SymbolSink;
  blocks: number;
  /** Correction bits of the blocks in the run. */
  readonly bits: number[];
}

/** Adds one block to the run; the bits waiting for it are there already. */
function addBlock(run: EobRun): void {
  run.blocks++;
  if (run.blocks === longestEobRun || run.bits.length > mostWaitingBits) endRun(run);
}

function endRun(run: EobRun): void {
  if (run.blocks === 0) return;
  const size = 31 - Math.clz32(run.blocks);
  run.ac(size << 4, run.blocks - (1 << size), size);
  run.blocks = 0;
  flush(run.sink, run.bits);
}

/** Writes bits and empties their list. */
function flush(sink: EntropySink, bits: number[]): void {
  for (const bit of bits) sink.bits(bit, 1);
  bits.length = 0;
}

interface BlockEncoder {
  block(data: Int16Array, base: number, member: number): void;
  /** Ends a restart interval or the scan. */
  end(): void;
}

/** Codes one scan of coefficients, sequential or progressive. @see ITU-T T.81, F.1.2 and G.1.2. */
export function encodeScan(
  structure: JpegStructure,
  scan: JpegScan,
  coefficients: Coefficients,
  sink: EntropySink,
): void {
  const encoder = scan.ss === 0 ? dcEncoder(structure, scan, sink) : acEncoder(scan, sink);
  const data = scan.members.map(({ component }) => coefficients[component]!);
  visitScan(structure, scan, {
    mcu: () => {},
    block: (member, block) => encoder.block(data[member]!, block * 64, member),
    restart: (index) => {
      encoder.end();
      sink.restart(index);
    },
  });
  encoder.end();
}

/** A scan of DC values; sequential ones hold the AC coefficients of the block too. */
function dcEncoder(
  { process }: JpegStructure,
  { members, ah, al }: JpegScan,
  sink: EntropySink,
): BlockEncoder {
  if (ah > 0) return { block: (data, base) => sink.bits((data[base]! >> al) & 1, 1), end: () => {} };
  const previous = new Int32Array(members.length);
  const dc = members.map((member) => sink.symbolsOf(member.dc!));
  const ac = process === 'sequential' ? members.map((member) => sink.symbolsOf(member.ac!)) : [];
  return {
    block: (data, base, member) => {
      const value = data[base]! >> al;
      emitValue(dc[member]!, 0, value - previous[member]!);
      previous[member] = value;
      if (process === 'sequential') emitAc(ac[member]!, data, base);
    },
    end: () => void previous.fill(0),
  };
}

/** A progressive scan of AC coefficients of one component. */
function acEncoder(scan: JpegScan, sink: EntropySink): BlockEncoder {
  const run: EobRun = { sink, ac: sink.symbolsOf(scan.members[0]!.ac!), blocks: 0, bits: [] };
  const emit: SymbolSink = (symbol, extra, size) => {
    endRun(run);
    run.ac(symbol, extra, size);
  };
  return {
    block: (data, base) => {
      if (scan.ah > 0) refineAc(run, data, base, scan);
      else if (emitBand(emit, data, base, scan)) addBlock(run);
    },
    end: () => endRun(run),
  };
}

/** @see ITU-T T.81, figures G.7 to G.9, and libjpeg, jcphuff.c, for when waiting bits are due. */
function refineAc(eobRun: EobRun, data: Int16Array, base: number, { ss, se, al }: Band): void {
  const magnitude = (k: number) => Math.abs(data[base + k]!) >> al;
  let lastNew = se;
  while (lastNew >= ss && magnitude(lastNew) !== 1) lastNew--;
  const blockBits: number[] = [];
  const emit = (symbol: number, bit: number, size: number) => {
    endRun(eobRun);
    eobRun.ac(symbol, bit, size);
    flush(eobRun.sink, blockBits);
  };
  let run = 0;
  for (let k = ss; k <= se; k++) {
    const value = magnitude(k);
    if (value === 0) {
      run++;
      continue;
    }
    for (; run > 15 && k <= lastNew; run -= 16) emit(0xf0, 0, 0);
    if (value > 1) {
      blockBits.push(value & 1);
      continue;
    }
    emit((run << 4) | 1, data[base + k]! < 0 ? 0 : 1, 1);
    run = 0;
  }
  if (run === 0 && blockBits.length === 0) return;
  eobRun.bits.push(...blockBits);
  addBlock(eobRun);
}
