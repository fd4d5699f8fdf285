import { EditError } from '../errors.ts';

import type { BoxedMask } from '../pixels/boxed-mask.ts';
import { countAbove0 } from '../pixels/mask.ts';
import { storedBox, toStored } from '../pixels/orientation.ts';
import { isBlank, type Raster } from '../pixels/raster.ts';
import type { Proof, ProofJob } from './format.ts';
import { differenceMap } from './vips/write.ts';

/** The proof of a lossless output: every pixel outside the mask decodes to the same value. */
export async function proveLossless(job: ProofJob): Promise<Proof> {
  return exactProof(job, await countDifferingPixels(job));
}

/** @throws {EditError} `NOT_EXACT` when any pixel differs. */
export function exactProof(job: ProofJob, differingPixels: number): Proof {
  if (differingPixels === 0)
    return { outside: 'exact', comparedPixels: comparedPixels(job), differingPixels };
  throw new EditError(
    'NOT_EXACT',
    `Expected 0 changed pixels outside the mask of a ${job.photo.header.format}, got ${differingPixels}`,
  );
}

export function comparedPixels({ photo, mask }: ProofJob): number {
  const { width, height } = photo.header.stored;
  return width * height - countAbove0(mask.mask);
}

/** Decodes both files and counts the pixels outside the mask that differ. */
export async function countDifferingPixels({ photo, written, mask }: ProofJob): Promise<number> {
  const { stored, orientation } = photo.header;
  const difference = await differenceMap(photo, written.bytes);
  return countOutside(difference, {
    box: storedBox(mask.box, orientation, stored),
    mask: toStored(mask.mask, orientation),
  });
}

function countOutside({ data, width, height }: Raster, { box, mask }: BoxedMask): number {
  let differing = 0;
  for (let y = 0; y < height; y++) {
    const row = y * width;
    if (isBlank(data, row, row + width)) continue;
    const maskRow = (y - box.top) * box.width - box.left;
    const isBeside = y < box.top || y >= box.top + box.height;
    for (let x = 0; x < width; x++) {
      if (data[row + x] === 0) continue;
      const isOutside = isBeside || x < box.left || x >= box.left + box.width;
      if (isOutside || mask.data[maskRow + x] === 0) differing++;
    }
  }
  return differing;
}
