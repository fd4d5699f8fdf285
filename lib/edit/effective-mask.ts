import { type BoxedMask, unionOfMasks } from '../pixels/boxed-mask.ts';
import { countAbove0 } from '../pixels/mask.ts';
import type { Size } from '../pixels/raster.ts';
import type { RegionPatch } from './repaint.ts';

/** The masks that patches were blended through, each at its place in the picture. */
export function placedMask(patches: readonly RegionPatch[]): BoxedMask {
  return unionOfMasks(patches.map(({ mask, maskBox }) => ({ box: maskBox, mask })));
}

/** Share of the picture that may change, 0..1. */
export function maskCoverage(patches: readonly RegionPatch[], { width, height }: Size): number {
  return countAbove0(placedMask(patches).mask) / (width * height);
}
