import { EditError } from '../../../errors.ts';
import { type JpegStructure, readJpegStructure } from '../scan/structure.ts';
import type { TouchedComponent } from '../splice/edits.ts';
import { compareSequentialScans } from './compare-scans.ts';
import { compareCoefficients } from './prove-coefficients.ts';
import { compareHeaders, type HeaderComparison } from './prove-headers.ts';

export interface ProofRequest {
  readonly source: Uint8Array;
  readonly output: Uint8Array;
  /** By component, the blocks that may differ: what the splice says it touched, or what the caller's mask allows. */
  readonly touched: readonly Pick<TouchedComponent, 'bitmap'>[];
  /** Of the source, when the caller has read it already. */
  readonly structure?: JpegStructure;
}

export interface SpliceProof extends HeaderComparison {
  /** No block outside the touched ones differs, and nothing that governs decoding but Huffman codes. */
  readonly holds: boolean;
  /** Blocks outside the touched ones, all 64 coefficients each; those beyond the picture's edge included. */
  readonly comparedBlocks: number;
  readonly differingBlocks: number;
  readonly touchedBlocks: number;
  /** Why the comparison could not be finished: one of the two files does not decode. */
  readonly fault: string | undefined;
}

/**
 * Compares two JPEG files coefficient by coefficient: the proof that a splice changed what it says, and nothing else.
 *
 * Walks both scans in step. It shares with the splice the reading of headers and bits, none of the editing: it knows neither
 * patches nor what was written, and takes the word of nobody but the two files. Never throws on bad bytes: a file that does not
 * decode is a proof that does not hold.
 */
export function proveSplice({ source, output, touched, structure }: ProofRequest): SpliceProof {
  let headers: HeaderComparison = {
    structureEqual: false,
    tablesEqual: false,
    metadataEqual: false,
    trailerEqual: false,
  };
  try {
    const before = structure ?? readJpegStructure(source);
    const after = readJpegStructure(output);
    headers = compareHeaders({ source, output, before, after });
    const isComparable = headers.structureEqual && fits(before, touched);
    if (!isComparable)
      return { ...headers, ...nothing, fault: 'Expected the same frame, scans and quantisation tables' };
    const isOneScan = before.process === 'sequential' && before.scans.length === 1;
    const compare = isOneScan ? compareSequentialScans : compareCoefficients;
    const counts = compare({ source, output, before, after, touched });
    return { ...headers, ...counts, holds: counts.differingBlocks === 0, fault: undefined };
  } catch (error) {
    if (!(error instanceof EditError)) throw error;
    return { ...headers, ...nothing, fault: error.message };
  }
}

const nothing = { holds: false, comparedBlocks: 0, differingBlocks: 0, touchedBlocks: 0 };

const fits = ({ components }: JpegStructure, touched: ProofRequest['touched']): boolean =>
  touched.length === components.length &&
  components.every(({ blocksWide, blocksHigh }, i) => touched[i]!.bitmap.length === blocksWide * blocksHigh);
