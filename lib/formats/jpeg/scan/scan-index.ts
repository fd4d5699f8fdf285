import { EditError } from '../../../errors.ts';
import { type KernelUse, useKernels } from '../../../kernels/kernels.ts';
import { assertEnd, findRestart, offsetOfByte, refill, type Station, startInterval } from './bit-reader.ts';
import type { JpegScan } from './headers.ts';
import { type KernelScan, openKernelScan, predictorsOf, readOn } from './kernel-scan.ts';
import type { JpegStructure } from './structure.ts';

/**
 * Where each MCU of a sequential scan begins, and from which DC values it goes on.
 *
 * Takes 8 to 20 bytes an MCU. Bits are counted from the start of the restart interval, stuffed bytes not
 * counted; a scan without restarts is one interval.
 */
export interface ScanIndex {
  /** By MCU, its first bit, or `unknownPlace`. */
  readonly positions: Uint32Array;
  /** MCUs x components: the DC value of the last block before the MCU; 0 where an interval begins. */
  readonly predictors: Int32Array;
  /** MCUs of an interval; the last may have fewer. */
  readonly interval: number;
  /** By interval: offset in the file of its first byte, and the bit behind its last MCU. */
  readonly starts: Float64Array;
  readonly ends: Uint32Array;
  /** Known places within intervals, in order. */
  readonly stations: readonly Station[];
  /** Offset in the file of what follows the last block. */
  readonly end: number;
}

/** Stands for an MCU whose first bit is not known. */
export const unknownPlace = 0xffff_ffff;

/** MCUs walked at once. */
const batch = 4096;
/** Positions fit 32 bits. */
const maxIntervalBytes = 2 ** 29 - 1;

/**
 * Walks the one scan of a sequential file by code lengths.
 *
 * @throws {EditError} `IMAGE_TRUNCATED` or `IMAGE_UNREADABLE` when a block is not there; `KIND_UNSUPPORTED`
 *   for a scan of 512 MiB or more.
 */
export function indexScan(source: Uint8Array, structure: JpegStructure): ScanIndex {
  const { mcusWide, mcusHigh, components } = structure;
  const { restartInterval, dataOffset, dataEnd } = structure.scans[0]!;
  if (dataEnd - dataOffset > maxIntervalBytes)
    throw new EditError(
      'KIND_UNSUPPORTED',
      `Expected a scan below 512 MiB, got ${dataEnd - dataOffset} bytes`,
    );
  const total = mcusWide * mcusHigh;
  const interval = restartInterval || total;
  const intervals = Math.ceil(total / interval);
  const index = {
    positions: new Uint32Array(total),
    predictors: new Int32Array(total * components.length),
    interval,
    starts: new Float64Array(intervals),
    ends: new Uint32Array(intervals),
  };
  return useKernels((use) => {
    const walk = openWalk(use, source, structure);
    const end = walkIntervals(walk, index, { dataOffset, restartInterval });
    return { ...index, stations: walk.scan.reader.stations, end };
  });
}

type Index = Omit<ScanIndex, 'end' | 'stations'>;

interface Walk {
  readonly scan: KernelScan;
  readonly components: number;
  /** Where the kernel writes a batch. */
  readonly positions: number;
  readonly predictors: number;
}

function openWalk(use: KernelUse, source: Uint8Array, structure: JpegStructure): Walk {
  const components = structure.components.length;
  return {
    positions: use.arena.reserve(4 * batch),
    predictors: use.arena.reserve(4 * components * batch),
    scan: openKernelScan(use, source, structure),
    components,
  };
}

/** @returns the offset of what follows the last block. */
function walkIntervals(
  walk: Walk,
  index: Index,
  { dataOffset, restartInterval }: Pick<JpegScan, 'dataOffset' | 'restartInterval'>,
): number {
  const { reader } = walk.scan;
  const { interval, positions, starts, ends } = index;
  let end = 0;
  for (let i = 0, first = 0; first < positions.length; i++, first += interval) {
    starts[i] = i === 0 ? dataOffset : findRestart(reader, end, i - 1);
    startInterval(reader, starts[i]!);
    predictorsOf(walk.scan).fill(0);
    walkTo(walk, index, first, Math.min(first + interval, positions.length));
    ends[i] = 8 * reader.dropped + reader.position;
    end = assertEnd(reader, restartInterval);
  }
  return end;
}

function walkTo(walk: Walk, index: Index, first: number, end: number): void {
  const { scan, components } = walk;
  const { reader, use } = scan;
  for (let mcu = first; mcu < end; ) {
    const asked = Math.min(batch, end - mcu);
    const walked = readOn(scan, (pointer) =>
      use.kernels.walkMcus(pointer, asked, 8 * reader.dropped, walk.positions, walk.predictors),
    );
    index.positions.set(use.arena.view(Uint32Array, walk.positions, walked), mcu);
    index.predictors.set(use.arena.view(Int32Array, walk.predictors, walked * components), mcu * components);
    mcu += walked;
    if (walked < asked) refill(reader);
  }
}

/** The bit behind the MCU before this one, in the interval of that. */
export const bitBehind = ({ positions, ends, interval }: ScanIndex, mcu: number): number =>
  mcu % interval > 0 && mcu < positions.length ? positions[mcu]! : ends[Math.ceil(mcu / interval) - 1]!;

/** Offset in the file of the byte that holds the first bit of an MCU. */
export function offsetOfMcu(source: Uint8Array, index: ScanIndex, mcu: number): number {
  const { positions, interval, starts, stations } = index;
  const begun = Math.floor(mcu / interval);
  const [start, next] = [starts[begun]!, starts[begun + 1] ?? source.length];
  const byte = Math.floor(positions[mcu]! / 8);
  let [low, high] = [0, stations.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const station = stations[middle]!;
    if (station.offset <= start || (station.offset < next && station.byte <= byte)) low = middle + 1;
    else high = middle;
  }
  const known = stations[low - 1];
  const from = known !== undefined && known.offset > start ? known : { byte: 0, offset: start };
  return offsetOfByte(source, from.offset, byte - from.byte);
}
