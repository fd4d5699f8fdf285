import { marker } from '../container/segments.ts';
import { type DecodedScans, decodeCoefficients } from './decode-coefficients.ts';
import { indexScan, type ScanIndex } from './scan-index.ts';
import { assertCompleteScript, assertEnoughData } from './scan-order.ts';
import { isOneScan, type JpegStructure, readJpegStructure } from './structure.ts';

/** A JPEG that was read to its end: every block is there. */
export interface WalkedJpeg {
  readonly structure: JpegStructure;
  /** Where the MCUs are; `undefined` unless the file has one sequential scan. */
  readonly index: ScanIndex | undefined;
  /**
   * Coefficients of a file of several scans. The first caller receives those of the walk, and may change
   * them.
   */
  readonly takeCoefficients: () => DecodedScans;
  /** Bytes that belong to no segment and to no block, by the marker they stand before. */
  readonly extraneous: readonly Extraneous[];
}

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
    const index = indexScan(source, structure);
    const takeCoefficients = () => decodeCoefficients(source, structure);
    return { structure, index, takeCoefficients, extraneous: findExtraneous(source, structure, [index.end]) };
  }
  let kept: DecodedScans | undefined = decodeCoefficients(source, structure);
  const extraneous = findExtraneous(source, structure, kept.ends);
  const takeCoefficients = () => {
    const taken = kept ?? decodeCoefficients(source, structure);
    kept = undefined;
    return taken;
  };
  return { structure, index: undefined, takeCoefficients, extraneous };
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
