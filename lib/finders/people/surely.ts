import { forEachComponent } from '../../pixels/mask.ts';
import type { Mask } from '../../pixels/raster.ts';

/** Levels up to 255: a part of a person if joined to a sure pixel; and sure. Limbs score less than heads. */
const possible = 50;
const sure = 140;
/** Smaller groups of pixels, as a share of the picture, are chance. */
const speckShare = 0.0005;

/**
 * What a net thinks of each pixel -> people: doubtful pixels count where they are joined to sure ones, twice
 * as much as before; all others are dropped.
 *
 * @param mask H x W x 1, 0 to 255. @returns the same size.
 * @see Canny, "A Computational Approach to Edge Detection", IEEE TPAMI 1986 (hysteresis).
 */
export function surely(mask: Mask): Mask {
  const data = new Uint8Array(mask.data.length);
  const candidates = { ...mask, data: mask.data.map((level) => (level >= possible ? 255 : 0)) };
  const least = speckShare * data.length;
  forEachComponent(candidates, (pixels) => {
    if (pixels.length < least || !pixels.some((p) => mask.data[p]! >= sure)) return;
    for (const p of pixels) data[p] = Math.min(255, 2 * mask.data[p]!);
  });
  return { ...mask, data };
}
