import { countAbove0 } from '../image/blank.ts';
import type { Mask, Size } from '../image/raster.ts';
import type { RegionPatch } from './repaint.ts';

/** The masks that patches were blended through, each at its place in the whole picture. */
export function placedMask(patches: readonly RegionPatch[], size: Size): Mask {
  const data = new Uint8Array(size.width * size.height);
  for (const { mask, maskBox } of patches) {
    for (let y = 0; y < maskBox.height; y++) {
      const row = mask.data.subarray(y * maskBox.width, (y + 1) * maskBox.width);
      data.set(row, (maskBox.top + y) * size.width + maskBox.left);
    }
  }
  return { width: size.width, height: size.height, channels: 1, data };
}

/** Share of the picture that may change, 0..1. */
export function maskCoverage(patches: readonly RegionPatch[], size: Size): number {
  return countAbove0(placedMask(patches, size)) / (size.width * size.height);
}
