import { EditError } from '../errors.ts';
import type { Source } from '../image/codec/read.ts';
import { differenceMap } from '../image/codec/write.ts';
import { toStored } from '../image/orientation.ts';
import type { Mask, Raster } from '../image/raster.ts';

/** What comparing an output with its input found. Counts are pixels, decoded, outside the effective mask. */
export interface Proof {
  /**
   * `exact`: no decoded pixel outside the mask differs.
   * `re-encoded`: the format loses when it is written again, `differingPixels` says how much.
   */
  readonly outside: 'exact' | 're-encoded';
  readonly comparedPixels: number;
  readonly differingPixels: number;
}

interface ProveOptions {
  readonly photo: Source;
  readonly output: Uint8Array;
  /** The effective mask as displayed; 0 = must not have changed. */
  readonly mask: Mask;
}

/**
 * Compares every decoded pixel outside the effective mask with the input's. Decodes what was really written, so
 * that no fault of the writer goes unseen.
 *
 * @throws {EditError} `NOT_EXACT` when a lossless format differs anywhere: nothing must be published then.
 */
export async function proveOutside({ photo, output, mask }: ProveOptions): Promise<Proof> {
  const difference = await differenceMap(photo, output);
  const proof = countOutside(difference, toStored(mask, photo.header.orientation));
  if (proof.differingPixels === 0) return { outside: 'exact', ...proof };
  if (photo.header.format === 'jpeg') return { outside: 're-encoded', ...proof };
  throw new EditError(
    'NOT_EXACT',
    `Expected 0 differing pixels outside the mask of a ${photo.header.format}, got ${proof.differingPixels}`,
  );
}

function countOutside(difference: Raster, mask: Mask): Omit<Proof, 'outside'> {
  let comparedPixels = 0;
  let differingPixels = 0;
  const { data } = difference;
  for (let i = 0; i < data.length; i++) {
    if (mask.data[i] !== 0) continue;
    comparedPixels++;
    if (data[i] !== 0) differingPixels++;
  }
  return { comparedPixels, differingPixels };
}
