import { EditError, type ErrorCode } from '../../../errors.ts';
import type { BlockSet } from '../block-mask.ts';
import { isOneScan, type JpegStructure } from '../scan/structure.ts';
import { type WalkedJpeg, walkJpeg } from '../scan/walk.ts';
import { patchDeltas } from './block-deltas.ts';
import { collectEdits } from './edits.ts';
import { assertPatchFits, type JpegPatch } from './patch.ts';
import { spliceManyScans } from './splice-many-scans.ts';
import { spliceOneScan, type TableFate } from './splice-one-scan.ts';

export interface SpliceRequest {
  readonly source: Uint8Array;
  readonly patches: readonly JpegPatch[];
  /** The source, when the caller has read it already. */
  readonly walked?: WalkedJpeg | undefined;
}

export interface Spliced {
  readonly kind: 'spliced';
  readonly bytes: Uint8Array;
  readonly structure: JpegStructure;
  /** The blocks whose coefficients changed. */
  readonly touched: BlockSet;
  readonly tables: TableFate;
}

/** The file cannot be spliced: it must be re-encoded, or is damaged. */
export interface NotSpliced {
  readonly kind: 'unsupported';
  readonly code: ErrorCode;
  readonly reason: string;
}

/**
 * Changes a region of a JPEG in its DCT coefficients: `new = old + round(FDCT(after - before) / q)`.
 *
 * Exact: no coefficient outside the touched blocks changes; every byte of headers and metadata stays except
 * Huffman tables (`tables` says what became of them); bytes after EOI stay. A block in which `before` and
 * `after` agree is not touched.
 *
 * Takes Huffman-coded files of 8 bits, grey, three components or CMYK, sequential or progressive. Memory: the
 * output and 5 bytes for each pixel of the patches' boxes; for several scans also 2 bytes for each
 * coefficient of the picture.
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

function splice({ source, patches, walked = walkJpeg(source) }: SpliceRequest): Spliced {
  const { structure } = walked;
  for (const patch of patches) assertPatchFits(structure, patch);
  const deltas = patches.flatMap((patch) => patchDeltas(structure, patch));
  const edits = collectEdits(structure, deltas);
  const { touched } = edits;
  if (!touched.some((bitmap) => bitmap.includes(1))) {
    return { kind: 'spliced', bytes: source, structure, touched, tables: 'kept' };
  }
  const write = isOneScan(structure) ? spliceOneScan : spliceManyScans;
  return { kind: 'spliced', ...write(source, walked, edits), structure, touched };
}
