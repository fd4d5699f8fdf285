import { EditError } from '../errors.ts';
import { grow, union } from '../image/box.ts';
import type { Source } from '../image/codec/read.ts';
import { differenceMap, type Patch } from '../image/codec/write.ts';
import { touchedPixels } from '../image/jpeg/block-mask.ts';
import { storedBox, toStored } from '../image/orientation.ts';
import type { Box, Mask, Raster } from '../image/raster.ts';
import type { Written } from './write.ts';

/** What comparing an output with its input found. Counts are decoded pixels outside the effective mask. */
export interface Proof {
  /**
   * `exact`: none differs. `touched-blocks`: only pixels that share a block of JPEG coefficients with the mask
   * differ. `re-encoded`: the JPEG had to be encoded anew, which changes pixels everywhere.
   */
  readonly outside: 'exact' | 'touched-blocks' | 're-encoded';
  readonly comparedPixels: number;
  readonly differingPixels: number;
  /** Why a JPEG was re-encoded. */
  readonly reason?: string;
}

interface ProveOptions {
  readonly photo: Source;
  readonly written: Written;
  readonly patches: readonly Patch[];
  /** The effective mask as displayed; 0 = must not have changed. */
  readonly mask: Mask;
}

/**
 * Compares every decoded pixel outside the effective mask with the input's. Decodes what was really written, so
 * that no fault of the writer goes unseen.
 *
 * @throws {EditError} `NOT_EXACT` when anything differs that must not: nothing is published then.
 */
export async function proveOutside({ photo, written, patches, mask }: ProveOptions): Promise<Proof> {
  const { orientation } = photo.header;
  const difference = await differenceMap(photo, written.bytes);
  const kept = toStored(mask, orientation);
  const excused = excuse(photo, written, patches);
  const { comparedPixels, differingPixels, unexcusedPixels } = countOutside(difference, kept, excused);
  const counts = { comparedPixels, differingPixels };
  if (written.way === 're-encoded') return { outside: 're-encoded', ...counts, reason: written.reason };
  if (unexcusedPixels > 0) {
    throw new EditError(
      'NOT_EXACT',
      `Expected 0 changed pixels outside the mask of a ${photo.header.format}, got ${unexcusedPixels}`,
    );
  }
  return { outside: differingPixels === 0 ? 'exact' : 'touched-blocks', ...counts };
}

/** Pixels that may differ although the mask keeps them: 255 inside `box`, none outside of it. */
interface Excuse {
  readonly box: Box;
  readonly pixels: Mask;
}

/** A JPEG block reaches over the edge of the mask; chroma at 4:2:0 by 16 pixels and a fringe of one. */
const blockReachPx = 17;

function excuse({ header }: Source, written: Written, patches: readonly Patch[]): Excuse | undefined {
  if (written.way !== 'spliced') return undefined;
  const { orientation, stored } = header;
  const boxes = patches.map(({ box }) => grow(storedBox(box, orientation, stored), blockReachPx, stored));
  const box = boxes.reduce(union);
  return { box, pixels: touchedPixels(written.structure, written.touched, box) };
}

function countOutside(difference: Raster, mask: Mask, excused: Excuse | undefined) {
  let comparedPixels = 0;
  let differingPixels = 0;
  let unexcusedPixels = 0;
  const { data, width } = difference;
  for (let i = 0; i < data.length; i++) {
    if (mask.data[i] !== 0) continue;
    comparedPixels++;
    if (data[i] === 0) continue;
    differingPixels++;
    if (!isExcused(excused, i % width, Math.floor(i / width))) unexcusedPixels++;
  }
  return { comparedPixels, differingPixels, unexcusedPixels };
}

function isExcused(excused: Excuse | undefined, x: number, y: number): boolean {
  if (excused === undefined) return false;
  const { box, pixels } = excused;
  const u = x - box.left;
  const v = y - box.top;
  return u >= 0 && v >= 0 && u < box.width && v < box.height && pixels.data[v * box.width + u] !== 0;
}
