import { EditError } from '../../../errors.ts';
import { type BlockSet, placesIn } from '../block-mask.ts';
import { marker, type Segment } from '../container/segments.ts';
import { type DecodedScans, decodeCoefficients } from '../scan/decode-coefficients.ts';
import { indexScan } from '../scan/scan-index.ts';
import { isOneScan, type JpegStructure, readJpegStructure } from '../scan/structure.ts';
import type { WalkedJpeg } from '../scan/walk.ts';
import { areSameBytes, compareScans, type FilePair } from './compare-scans.ts';

export interface ProofRequest {
  readonly source: Uint8Array;
  readonly output: Uint8Array;
  /** The blocks that may differ: what the splice says it touched, or what the caller's mask allows. */
  readonly touched: BlockSet;
  /** The source, when the caller has read it already. */
  readonly walked?: WalkedJpeg | undefined;
}

export interface SpliceProof {
  /** No block outside the touched ones differs, and nothing that governs decoding but Huffman codes. */
  readonly holds: boolean;
  /** Blocks outside the touched ones, all 64 coefficients each; also those beyond the picture's edge. */
  readonly comparedBlocks: number;
  readonly differingBlocks: number;
  /** Why the blocks could not be compared. */
  readonly fault: string | undefined;
  /** The output as far as it was read, to cut parts out of it; `undefined` where that cannot be done. */
  readonly read: Pick<WalkedJpeg, 'structure' | 'index'> | undefined;
}

/**
 * Compares two JPEG files coefficient by coefficient: proves that nothing but the touched blocks changed.
 *
 * Decodes both scans in step. It shares the reading of headers and bits with the splice, but none of the
 * editing: it knows neither the patches nor what was written, only the two files. Never throws on bad bytes:
 * when a file does not decode, the proof does not hold.
 */
export function proveSplice({ source, output, touched, walked }: ProofRequest): SpliceProof {
  try {
    const before = walked?.structure ?? readJpegStructure(source);
    const pair: FilePair = { source, output, before, after: readJpegStructure(output), touched };
    if (!hasSameHeaders(pair) || !fits(before, touched))
      return notCompared('Expected the same frame, scans and quantisation tables');
    const { differing: differingBlocks, outputIndex } = isOneScan(before)
      ? compareScans(pair, walked?.index ?? indexScan(source, before))
      : { differing: compareCoefficients(pair), outputIndex: undefined };
    const comparedBlocks = countUntouched(touched);
    const read = outputIndex && { structure: pair.after, index: outputIndex };
    return { holds: differingBlocks === 0, comparedBlocks, differingBlocks, fault: undefined, read };
  } catch (error) {
    if (!(error instanceof EditError)) throw error;
    return notCompared(error.message);
  }
}

const notCompared = (fault: string): SpliceProof => ({
  holds: false,
  comparedBlocks: 0,
  differingBlocks: 0,
  fault,
  read: undefined,
});

const fits = ({ components }: JpegStructure, touched: BlockSet): boolean =>
  touched.length === components.length &&
  components.every(({ blocksWide, blocksHigh }, i) => touched[i]!.length === blocksWide * blocksHigh);

/** False for Huffman tables, APPn and COM. */
const isStructure = ({ marker: code }: Segment) =>
  code !== marker.dht && code !== marker.com && !(code >= marker.app0 && code <= marker.app15);

/**
 * True when frame, quantisation, restart interval and scan headers are the same bytes in the same order; so
 * are the colours.
 */
function hasSameHeaders({ source, output, before, after }: FilePair): boolean {
  const a = before.segments.filter(isStructure);
  const b = after.segments.filter(isStructure);
  return (
    before.colour === after.colour &&
    a.length === b.length &&
    a.every(({ offset, end }, i) =>
      areSameBytes(source.subarray(offset, end), output.subarray(b[i]!.offset, b[i]!.end)),
    )
  );
}

function countUntouched(touched: BlockSet): number {
  let count = 0;
  for (const bitmap of touched) {
    count += bitmap.length - placesIn(bitmap).length;
  }
  return count;
}

/**
 * Decodes two files of several scans in full and counts the blocks outside the touched ones that differ.
 *
 * Memory: 4 bytes for each coefficient of the picture.
 *
 * @throws {EditError} when either file does not decode to its end.
 */
function compareCoefficients({ source, output, before, after, touched }: FilePair): number {
  const scansOfA = decodeCoefficients(source, before);
  const scansOfB = decodeCoefficients(output, after);
  if (!equalEnds({ source, output, before, after, touched }, scansOfA, scansOfB))
    throw new EditError('NOT_EXACT', 'Expected the same bytes behind the last block of a scan, got others');
  const a = scansOfA.coefficients;
  const b = scansOfB.coefficients;
  let differing = 0;
  touched.forEach((bitmap, component) => {
    const ofA = a[component]!;
    const ofB = b[component]!;
    for (let block = 0; block < bitmap.length; block++) {
      if (bitmap[block] === 1) continue;
      for (let k = block * 64; k < block * 64 + 64; k++) {
        if (ofA[k] === ofB[k]) continue;
        differing++;
        break;
      }
    }
  });
  return differing;
}

/** True when what stands between blocks and markers is the same bytes. */
function equalEnds({ source, output, before, after }: FilePair, a: DecodedScans, b: DecodedScans): boolean {
  return before.scans.every(({ dataEnd }, i) => {
    const ofA = source.subarray(a.ends[i], dataEnd);
    const [restartsA, restartsB] = [a.restarts[i]!, b.restarts[i]!];
    return (
      areSameBytes(ofA, output.subarray(b.ends[i], after.scans[i]!.dataEnd)) &&
      restartsA.size === restartsB.size &&
      [...restartsA].every(([index, bytes]) => areSameBytes(bytes, restartsB.get(index) ?? nothingThere))
    );
  });
}

const nothingThere = new Uint8Array();
