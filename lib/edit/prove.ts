import { EditError } from '../errors.ts';
import type { Source } from '../formats/vips/read.ts';
import { differenceMap } from '../formats/vips/write.ts';
import type { BoxedMask } from '../pixels/boxed-mask.ts';
import { countAbove0 } from '../pixels/mask.ts';
import { storedBox, toStored } from '../pixels/orientation.ts';
import type { Raster } from '../pixels/raster.ts';
import { isBlank } from '../pixels/raster.ts';
import { type ProvedPatch, proveSpliced } from './prove-splice.ts';
import { proveSplicedPng } from './splice-png.ts';
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
  readonly patches: readonly ProvedPatch[];
  /** The effective mask as displayed; 0 = must not have changed. */
  readonly mask: BoxedMask;
  /** Pixels that share a block with the mask may not differ either. */
  readonly isStrict?: boolean;
}

/**
 * Compares everything outside the effective mask with the input: of a spliced JPEG every coefficient, of a spliced PNG what its
 * rows hold before they are decoded, of all else every decoded pixel. Reads what was really written, so that no fault of the writer goes unseen.
 *
 * @throws {EditError} `NOT_EXACT` when anything differs that must not: nothing is published then.
 */
export async function proveOutside({
  photo,
  written,
  patches,
  mask,
  isStrict = false,
}: ProveOptions): Promise<Proof> {
  const { stored, orientation } = photo.header;
  const comparedPixels = stored.width * stored.height - countAbove0(mask.mask);
  if (written.way === 'spliced') {
    const differingPixels = await proveSpliced({ photo, output: written.bytes, patches, mask });
    if (isStrict && differingPixels > 0) throw notExact(photo, differingPixels);
    return {
      outside: differingPixels === 0 ? 'exact' : 'touched-blocks',
      comparedPixels,
      differingPixels,
    };
  }
  if (written.way === 'spliced-png') {
    const differingPixels = await proveSplicedPng(photo, written.bytes, { patches, mask });
    if (differingPixels > 0) throw notExact(photo, differingPixels);
    return { outside: 'exact', comparedPixels, differingPixels };
  }
  const difference = await differenceMap(photo, written.bytes);
  const differingPixels = countOutside(difference, {
    box: storedBox(mask.box, orientation, stored),
    mask: toStored(mask.mask, orientation),
  });
  if (written.way === 're-encoded') {
    return { outside: 're-encoded', comparedPixels, differingPixels, reason: written.reason };
  }
  if (differingPixels > 0) {
    throw notExact(photo, differingPixels);
  }
  return { outside: 'exact', comparedPixels, differingPixels };
}

function notExact({ header }: Source, differingPixels: number): EditError {
  return new EditError(
    'NOT_EXACT',
    `Expected 0 changed pixels outside the mask of a ${header.format}, got ${differingPixels}`,
  );
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
