import { categoryOf, extraBitsOf } from './block-codec.ts';
import type { Coefficients } from './decode-coefficients.ts';
import { visitScan } from './scan-order.ts';
import type { JpegScan, JpegStructure } from './structure.ts';

/** Where the symbols of a scan go: counted in a first pass, written in a second. */
export interface ScanSink {
  symbol(tableClass: 0 | 1, member: number, symbol: number): void;
  bits(value: number, count: number): void;
  restart(index: number): void;
}

/** Longest run of ended blocks a symbol can say. @see ITU-T T.81, table G.1. */
const longestEobRun = 0x7fff;
/** As libjpeg: keeps the bits that wait for the end of a run few. */
const mostWaitingBits = 1000 - 64;

/** Bits and runs that wait until it is known how long a run of ended blocks gets. */
interface Pending {
  eobRun: number;
  /** Correction bits of the blocks in the run. */
  readonly runBits: number[];
}

type BlockEncoder = (data: Int16Array, base: number, member: number) => void;

/** Codes one scan of coefficients, sequential or progressive. @see ITU-T T.81, F.1.2 and G.1.2. */
export function encodeScan(
  structure: JpegStructure,
  scan: JpegScan,
  coefficients: Coefficients,
  sink: ScanSink,
): void {
  const previous = new Int32Array(scan.members.length);
  const pending: Pending = { eobRun: 0, runBits: [] };
  const encode = blockEncoder(structure, scan, { sink, previous, pending });
  const data = scan.members.map(({ component }) => coefficients[component]!);
  visitScan(structure, scan, {
    mcu: () => {},
    block: (member, block) => encode(data[member]!, block * 64, member),
    restart: (index) => {
      endRun(pending, sink);
      sink.restart(index);
      previous.fill(0);
    },
  });
  endRun(pending, sink);
}

interface EncoderState {
  readonly sink: ScanSink;
  readonly previous: Int32Array;
  readonly pending: Pending;
}

function blockEncoder(
  { process }: JpegStructure,
  scan: JpegScan,
  { sink, previous, pending }: EncoderState,
): BlockEncoder {
  const { ss, se, ah, al } = scan;
  const firstDc: BlockEncoder = (data, base, member) => {
    const value = data[base]! >> al;
    const difference = value - previous[member]!;
    previous[member] = value;
    const size = categoryOf(difference);
    sink.symbol(0, member, size);
    sink.bits(extraBitsOf(difference, size), size);
  };
  if (process === 'sequential') {
    return (data, base, member) => {
      firstDc(data, base, member);
      if (encodeFirstAc(data, base, member, { ss: 1, se, al, pending, sink })) sink.symbol(1, member, 0);
    };
  }
  if (ss === 0) return ah === 0 ? firstDc : (data, base) => sink.bits((data[base]! >> al) & 1, 1);
  if (ah > 0) return (data, base) => refineAc(data, base, { ss, se, al, pending, sink });
  return (data, base, member) => {
    if (!encodeFirstAc(data, base, member, { ss, se, al, pending, sink })) return;
    pending.eobRun++;
    if (pending.eobRun === longestEobRun) endRun(pending, sink);
  };
}

interface BandState {
  readonly ss: number;
  readonly se: number;
  readonly al: number;
  readonly pending: Pending;
  readonly sink: ScanSink;
}

function endRun(pending: Pending, sink: ScanSink): void {
  if (pending.eobRun === 0) return;
  const size = 31 - Math.clz32(pending.eobRun);
  sink.symbol(1, 0, size << 4);
  sink.bits(pending.eobRun, size);
  pending.eobRun = 0;
  for (const bit of pending.runBits) sink.bits(bit, 1);
  pending.runBits.length = 0;
}

/** @returns true when the block ends before the last coefficient of the band. */
function encodeFirstAc(
  data: Int16Array,
  base: number,
  member: number,
  { ss, se, al, pending, sink }: BandState,
): boolean {
  let run = 0;
  for (let k = ss; k <= se; k++) {
    const exact = data[base + k]!;
    // Towards zero, unlike DC.
    const value = exact < 0 ? -(-exact >> al) : exact >> al;
    if (value === 0) {
      run++;
      continue;
    }
    endRun(pending, sink);
    for (; run > 15; run -= 16) sink.symbol(1, member, 0xf0);
    const size = categoryOf(value);
    sink.symbol(1, member, (run << 4) | size);
    sink.bits(extraBitsOf(value, size), size);
    run = 0;
  }
  return run > 0;
}

/** @see ITU-T T.81, figures G.7 to G.9, and libjpeg, jcphuff.c, for when waiting bits are due. */
function refineAc(data: Int16Array, base: number, { ss, se, al, pending, sink }: BandState): void {
  const magnitude = (k: number) => Math.abs(data[base + k]!) >> al;
  let lastNew = 0;
  for (let k = ss; k <= se; k++) if (magnitude(k) === 1) lastNew = k;
  const blockBits: number[] = [];
  const flush = () => {
    for (const bit of blockBits) sink.bits(bit, 1);
    blockBits.length = 0;
  };
  let run = 0;
  for (let k = ss; k <= se; k++) {
    const value = magnitude(k);
    if (value === 0) {
      run++;
      continue;
    }
    for (; run > 15 && k <= lastNew; run -= 16) {
      endRun(pending, sink);
      sink.symbol(1, 0, 0xf0);
      flush();
    }
    if (value > 1) {
      blockBits.push(value & 1);
      continue;
    }
    endRun(pending, sink);
    sink.symbol(1, 0, (run << 4) | 1);
    sink.bits(data[base + k]! < 0 ? 0 : 1, 1);
    flush();
    run = 0;
  }
  if (run === 0 && blockBits.length === 0) return;
  pending.eobRun++;
  pending.runBits.push(...blockBits);
  if (pending.eobRun === longestEobRun || pending.runBits.length > mostWaitingBits) endRun(pending, sink);
}
