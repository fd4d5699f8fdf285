import { marker } from '../container/segments.ts';
import {
  assertEnd,
  type BitReader,
  findRestart,
  openBitReader,
  refill,
  startInterval,
} from './bit-reader.ts';
import { skipMcus } from './blocks.ts';
import { type DecodedScans, decodeCoefficients } from './decode-coefficients.ts';
import { assertCompleteScript, assertEnoughData } from './scan-order.ts';
import { type ScanTables, scanTables } from './scan-tables.ts';
import { isOneScan, type JpegStructure, readJpegStructure } from './structure.ts';

/** A JPEG that was read to its end: every block is there. */
export interface WalkedJpeg {
  readonly structure: JpegStructure;
  /** Where the MCU rows begin; `undefined` unless the file has one sequential scan without restarts. */
  readonly rows: McuRows | undefined;
  /**
   * Coefficients of a file of several scans. The first caller receives those of the walk, and may change
   * them.
   */
  readonly takeCoefficients: () => DecodedScans;
  /** Bytes that belong to no segment and to no block, by the marker they stand before. */
  readonly extraneous: readonly Extraneous[];
}

/**
 * Where the rows of MCUs begin, in bits of the scan without stuffed bytes. The last entry is the end of the
 * last row.
 */
export type McuRows = Float64Array;

export interface Extraneous {
  readonly bytes: number;
  /** The second byte of the marker. */
  readonly before: number;
}

/**
 * Reads all scans of a JPEG, by code lengths where possible: tells damage before anything is asked for.
 *
 * @throws {EditError} `IMAGE_TRUNCATED` or `IMAGE_UNREADABLE` when a block is not there; `KIND_UNSUPPORTED`.
 */
export function walkJpeg(source: Uint8Array, structure = readJpegStructure(source)): WalkedJpeg {
  assertEnoughData(structure);
  assertCompleteScript(structure);
  if (isOneScan(structure)) {
    const { rows, end } = walkScan(source, structure);
    const takeCoefficients = () => decodeCoefficients(source, structure);
    return { structure, rows, takeCoefficients, extraneous: findExtraneous(source, structure, [end]) };
  }
  let kept: DecodedScans | undefined = decodeCoefficients(source, structure);
  const extraneous = findExtraneous(source, structure, kept.ends);
  const takeCoefficients = () => {
    const taken = kept ?? decodeCoefficients(source, structure);
    kept = undefined;
    return taken;
  };
  return { structure, rows: undefined, takeCoefficients, extraneous };
}

/** @returns the rows, and the offset of what follows the last block. */
function walkScan(source: Uint8Array, structure: JpegStructure) {
  const { mcusWide, mcusHigh } = structure;
  const [scan] = structure.scans;
  const { restartInterval, dataOffset, dataEnd } = scan!;
  const tables = scanTables(structure, scan!);
  const reader = openBitReader(source, dataOffset, dataEnd);
  if (restartInterval === 0) {
    const rows = new Float64Array(mcusHigh + 1);
    for (let row = 0; row < mcusHigh; row++) {
      skipAll(reader, tables, mcusWide);
      rows[row + 1] = reader.dropped * 8 + reader.position;
    }
    return { rows, end: assertEnd(reader, 0) };
  }
  const total = mcusWide * mcusHigh;
  for (let first = 0; first < total; first += restartInterval) {
    if (first > 0) startInterval(reader, findRestart(reader, reader.next, first / restartInterval - 1));
    skipAll(reader, tables, Math.min(restartInterval, total - first));
    assertEnd(reader, restartInterval);
  }
  return { rows: undefined, end: assertEnd(reader, restartInterval) };
}

function skipAll(reader: BitReader, tables: ScanTables, count: number): void {
  for (let left = count - skipMcus(reader, tables, count); left > 0; left -= skipMcus(reader, tables, left))
    refill(reader);
}

/** @param ends by scan, the offset of what follows its last block. */
function findExtraneous(
  source: Uint8Array,
  { segments }: JpegStructure,
  ends: readonly number[],
): readonly Extraneous[] {
  let scan = 0;
  let from = 0;
  const found: Extraneous[] = [];
  for (const segment of segments) {
    const bytes = countExtraneous(source.subarray(from, segment.markerOffset));
    if (bytes > 0) found.push({ bytes, before: segment.marker });
    from = segment.marker === marker.sos ? ends[scan++]! : segment.end;
  }
  return found;
}

/** Counts as libjpeg does: fill bytes and markers without a segment may stand anywhere. */
function countExtraneous(bytes: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== 0xff) count++;
    else if (bytes[at + 1] === 0) count += 2;
    if (bytes[at] === 0xff && bytes[at + 1] !== 0xff) at++;
  }
  return count;
}
