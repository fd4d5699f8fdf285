import { patchReachPx } from '../formats/formats.ts';
import type { Patch } from '../formats/vips/write.ts';
import { crop as cut, grow, placedIn, sizeOf } from '../pixels/box.ts';
import { type BoxedMask, unionOfMasks } from '../pixels/boxed-mask.ts';
import type { Box, Mask, Raster } from '../pixels/raster.ts';
import type { FittedAnswer } from './answer.ts';

/** A change to the picture, and the mask it was blended through. */
export interface RegionPatch extends Patch {
  readonly mask: Mask;
  /** Where the mask lies in the picture as displayed. */
  readonly maskBox: Box;
  /** The original picture there, and around it as far as JPEG blocks reach: the proof compares with it. */
  readonly around: { readonly box: Box; readonly raster: Raster };
}

/**
 * A fitted answer as a patch of the picture. @param cropBox where the crop lies in the picture as displayed.
 */
export function patchOf(
  { patch, original, edited, mask }: FittedAnswer,
  crop: Raster,
  cropBox: Box,
): RegionPatch {
  const inCrop = { ...patch, ...sizeOf(edited) };
  const reach = grow(inCrop, patchReachPx, crop);
  return {
    box: placedIn(cropBox, inCrop),
    original,
    edited,
    mask,
    maskBox: cropBox,
    around: { box: placedIn(cropBox, reach), raster: cut(crop, reach) },
  };
}

/** The masks that patches were blended through, as one mask of the picture. */
export function maskOfPatches(patches: readonly RegionPatch[]): BoxedMask {
  return unionOfMasks(patches.map(({ mask, maskBox }) => ({ box: maskBox, mask })));
}

/**
 * Regions x candidates -> outputs x regions: output n takes candidate n of every region. A region with fewer
 * usable candidates repeats its last.
 */
export function patchesOfOutputs(regions: readonly (readonly RegionPatch[])[]): RegionPatch[][] {
  const count = Math.max(...regions.map((patches) => patches.length));
  return Array.from({ length: count }, (_, n) =>
    regions.map((patches) => patches[Math.min(n, patches.length - 1)]!),
  );
}
