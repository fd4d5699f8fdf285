import { EditError, type ErrorCode } from '../../../errors.ts';
import { type JpegStructure, readJpegStructure } from '../scan/structure.ts';
import { patchDeltas } from './block-deltas.ts';
import { collectEdits, type TouchedComponent } from './edits.ts';
import { assertPatchFits, type JpegPatch } from './patch.ts';
import { spliceCoefficients } from './splice-coefficients.ts';
import { spliceSequential, type TableFate } from './splice-sequential.ts';

export interface SpliceRequest {
  readonly source: Uint8Array;
  readonly patches: readonly JpegPatch[];
  /** When the caller has read it already. */
  readonly structure?: JpegStructure;
}

export interface Spliced {
  readonly kind: 'spliced';
  readonly bytes: Uint8Array;
  readonly structure: JpegStructure;
  /** By component: the blocks whose coefficients changed. */
  readonly touched: readonly TouchedComponent[];
  readonly tables: TableFate;
}

/** The file was left alone, and why: it must be re-encoded, or is damaged. */
export interface NotSpliced {
  readonly kind: 'unsupported';
  readonly code: ErrorCode;
  readonly reason: string;
}

/**
 * Changes a region of a JPEG in its DCT coefficients: `new = old + round(FDCT(after - before) / q)`.
 *
 * Exact: outside the touched blocks no coefficient changes; every header and metadata byte stays, but for symbols a Huffman
 * table lacked (`tables` says so); bytes after EOI stay. A block in which `before` and `after` agree is not touched.
 *
 * Huffman-coded files of 8 bits, grey, three components or CMYK, sequential or progressive. Memory: the output and 5 bytes for each
 * pixel of the patches' boxes; for several scans 2 bytes for each coefficient of the picture besides.
 *
 * @throws {EditError} `SHAPE_MISMATCH` when a patch does not fit the picture.
 */
export function spliceJpeg(request: SpliceRequest): Spliced | NotSpliced {
  try {
    return splice(request);
  } catch (error) {
    if (!(error instanceof EditError) || error.kind !== 'input') throw error;
    return { kind: 'unsupported', code: error.code, reason: error.message };
  }
}

function splice({ source, patches, structure = readJpegStructure(source) }: SpliceRequest): Spliced {
  assertEnoughData(structure);
  for (const patch of patches) assertPatchFits(structure, patch);
  const deltas = patches.flatMap((patch) => patchDeltas(structure, patch));
  const edits = collectEdits(structure, deltas);
  const { touched } = edits;
  if (touched.every(({ count }) => count === 0)) {
    return { kind: 'spliced', bytes: source, structure, touched, tables: 'kept' };
  }
  const isOneScan = structure.process === 'sequential' && structure.scans.length === 1;
  const write = isOneScan ? spliceSequential : spliceCoefficients;
  return { kind: 'spliced', ...write(source, structure, edits), structure, touched };
}

/** Every block takes 2 bits at least (a progressive one 1): refuses small files that claim huge pictures before memory is taken. */
function assertEnoughData({ components, scans, process }: JpegStructure): void {
  const blocks = components.reduce((sum, { blocksWide, blocksHigh }) => sum + blocksWide * blocksHigh, 0);
  const bits = scans.reduce((sum, { dataOffset, dataEnd }) => sum + (dataEnd - dataOffset) * 8, 0);
  // A scan of one component codes fewer blocks than its MCUs hold: at least one of four each way.
  if (bits * 16 < blocks * (process === 'progressive' ? 1 : 2)) {
    throw new EditError('IMAGE_TRUNCATED', `Expected data for ${blocks} blocks, got ${bits} bits`);
  }
}
