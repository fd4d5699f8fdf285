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
} from './bit-reader.ts';
import { takeBits } from './bit-writer.ts';
import { extend } from './block-codec.ts';
import { fillSymbolLookup, type HuffmanTable } from './huffman.ts';
import { assertCompleteScript, visitScan } from './scan-order.ts';
import type { JpegScan, JpegStructure } from './structure.ts';

/** All coefficients at once take 2 bytes each: 134 million, a picture of 89 megapixels at 4:2:0. */
export const maxCoefficientBytes = 256 * 1024 * 1024;

/** Quantised coefficients by component: blocksHigh x blocksWide x 64, zigzag order. */
export type Coefficients = readonly Int16Array[];

/**
 * Decodes every scan of a file, sequential or progressive, to its quantised coefficients.
 *
 * Memory: 2 bytes a coefficient, at most 256 MiB.
 *
 * @throws {EditError} `KIND_UNSUPPORTED` above that or when the scans are incomplete, `IMAGE_UNREADABLE`, `IMAGE_TRUNCATED`.
 * @see ITU-T T.81, annexes F and G.
 */
export function decodeCoefficients(source: Uint8Array, structure: JpegStructure): Coefficients {
  assertCompleteScript(structure);
  const sizes = structure.components.map(({ blocksWide, blocksHigh }) => blocksWide * blocksHigh * 64);
  const bytes = sizes.reduce((sum, size) => sum + 2 * size, 0);
  if (bytes > maxCoefficientBytes) {
    throw new EditError(
      'KIND_UNSUPPORTED',
      `Expected at most ${maxCoefficientBytes} bytes of coefficients, got ${bytes}`,
    );
  }
  const coefficients = sizes.map((size) => new Int16Array(size));
  const lookups = new Map<HuffmanTable, Uint16Array>();
  for (const scan of structure.scans) decodeScan({ source, structure, scan, coefficients, lookups });
  return coefficients;
}

interface ScanInput {
  readonly source: Uint8Array;
  readonly structure: JpegStructure;
  readonly scan: JpegScan;
  readonly coefficients: Coefficients;
  readonly lookups: Map<HuffmanTable, Uint16Array>;
}

interface Reader {
  readonly window: ScanWindow;
  readonly scan: JpegScan;
  /** Blocks that end here without a bit of their own. */
  eobRun: number;
}

type BlockDecoder = (reader: Reader, data: Int16Array, base: number, member: number) => void;

function decodeScan({ source, structure, scan, coefficients, lookups }: ScanInput): void {
  const window = openWindow(source, scan.dataOffset, scan.dataEnd);
  const reader: Reader = { window, scan, eobRun: 0 };
  const previous = new Int32Array(scan.members.length);
  const decode = blockDecoder(structure, scan, previous, lookups);
  const data = scan.members.map(({ component }) => coefficients[component]!);
  visitScan(structure, scan, {
    mcu: () => {
      assertInside(window);
      if (!holdsMcu(window)) slide(window);
    },
    block: (member, block) => decode(reader, data[member]!, block * 64, member),
    restart: (index) => {
      assertExhausted(window);
      startInterval(window, findRestart(source, window.next, scan.dataEnd, index % 8));
      reader.eobRun = 0;
      previous.fill(0);
    },
  });
  assertExhausted(window);
  if (window.next !== scan.dataEnd)
    throw new EditError('IMAGE_UNREADABLE', 'Expected no restart marker after the last block');
}

function blockDecoder(
  { process }: JpegStructure,
  { members, ss, ah, al }: JpegScan,
  previous: Int32Array,
  lookups: Map<HuffmanTable, Uint16Array>,
): BlockDecoder {
  const dc = members.map((member) => (ss === 0 && ah === 0 ? lookupOf(member.dc, lookups) : noTable));
  const ac = members.map((member) =>
    ss > 0 || process === 'sequential' ? lookupOf(member.ac, lookups) : noTable,
  );
  const firstDc: BlockDecoder = (reader, data, base, member) => {
    const size = readSymbol(reader.window, dc[member]!);
    previous[member]! += size === 0 ? 0 : extend(readBits(reader.window, size), size);
    data[base] = inRange(previous[member]! * 2 ** al);
  };
  if (process === 'sequential') {
    return (reader, data, base, member) => {
      firstDc(reader, data, base, member);
      decodeFirstAc(reader, data, base, ac[member]!, 1);
      // Sequential scans know no runs: one block ends at a time.
      if (reader.eobRun > 0) throw badSymbol();
    };
  }
  if (ss === 0) {
    if (ah === 0) return firstDc;
    return (reader, data, base) => {
      if (readBits(reader.window, 1) === 1) data[base]! |= 1 << al;
    };
  }
  if (ah === 0) return (reader, data, base, member) => decodeFirstAc(reader, data, base, ac[member]!, ss);
  return (reader, data, base, member) => refineAc(reader, data, base, ac[member]!);
}

/** Far beyond what 8 bit samples give, and two of them still differ by 16 bits at most. */
const largestValue = 16383;

function inRange(value: number): number {
  if (Math.abs(value) > largestValue) {
    throw new EditError('IMAGE_UNREADABLE', `Expected coefficients of at most ${largestValue}, got ${value}`);
  }
  return value;
}

const noTable = new Uint16Array(0);
const badSymbol = () => new EditError('IMAGE_UNREADABLE', 'Expected an AC symbol of T.81 within the band');

function lookupOf(table: HuffmanTable | undefined, lookups: Map<HuffmanTable, Uint16Array>): Uint16Array {
  if (!table) throw new EditError('IMAGE_UNREADABLE', 'Expected the Huffman tables a scan names before it');
  let lookup = lookups.get(table);
  if (!lookup) {
    lookup = new Uint16Array(65536);
    fillSymbolLookup(table, lookup);
    lookups.set(table, lookup);
  }
  return lookup;
}

function readSymbol(window: ScanWindow, lookup: Uint16Array): number {
  const { view, position } = window;
  const entry = lookup[(view.getInt32(position >> 3) << (position & 7)) >>> 16]!;
  if (entry === 0)
    throw new EditError('IMAGE_UNREADABLE', 'Expected a Huffman code, got bits no code begins with');
  window.position = position + (entry >> 8);
  return entry & 255;
}

function readBits(window: ScanWindow, count: number): number {
  if (count === 0) return 0;
  const bits = takeBits(window.view, window.position, count);
  window.position += count;
  return bits;
}

/** @see ITU-T T.81, figure G.3 for the runs; without them figure F.13. */
function decodeFirstAc(
  reader: Reader,
  data: Int16Array,
  base: number,
  lookup: Uint16Array,
  from: number,
): void {
  if (reader.eobRun > 0) {
    reader.eobRun--;
    return;
  }
  const { window, scan } = reader;
  for (let k = from; k <= scan.se; k++) {
    const symbol = readSymbol(window, lookup);
    const size = symbol & 15;
    const run = symbol >> 4;
    if (size === 0 && run < 15) {
      reader.eobRun = (1 << run) + readBits(window, run) - 1;
      return;
    }
    k += run;
    if (k > scan.se) throw badSymbol();
    if (size > 0) data[base + k] = inRange(extend(readBits(window, size), size) * 2 ** scan.al);
  }
}

/** @see ITU-T T.81, figure G.7. */
function refineAc(reader: Reader, data: Int16Array, base: number, lookup: Uint16Array): void {
  const { window, scan } = reader;
  const end = base + scan.se;
  const step = 1 << scan.al;
  let k = base + scan.ss;
  while (reader.eobRun === 0 && k <= end) {
    const symbol = readSymbol(window, lookup);
    const size = symbol & 15;
    const run = symbol >> 4;
    if (size > 1) throw badSymbol();
    if (size === 0 && run < 15) {
      reader.eobRun = (1 << run) + readBits(window, run);
      break;
    }
    const value = size === 0 ? 0 : readBits(window, 1) === 1 ? step : -step;
    k = passZeros(window, data, { from: k, end, step, count: run });
    if (value !== 0) {
      if (k > end) throw badSymbol();
      data[k] = value;
    }
    k++;
  }
  if (reader.eobRun > 0) {
    passZeros(window, data, { from: k, end, step, count: 64 });
    reader.eobRun--;
  }
}

interface Band {
  readonly from: number;
  readonly end: number;
  readonly step: number;
  /** Zeros to pass before the one that is meant. */
  readonly count: number;
}

/** Corrects the nonzero coefficients on the way; returns the place of the zero after `count` zeros, or `end + 1`. */
function passZeros(window: ScanWindow, data: Int16Array, { from, end, step, count }: Band): number {
  let left = count;
  for (let k = from; k <= end; k++) {
    const value = data[k]!;
    if (value === 0) {
      if (left-- === 0) return k;
    } else if (readBits(window, 1) === 1) data[k] = value > 0 ? value + step : value - step;
  }
  return end + 1;
}
