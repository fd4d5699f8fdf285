import { insideDistance } from '../pixels/distance.ts';
import { coverMask } from '../pixels/mask.ts';
import type { FloatRaster, Mask } from '../pixels/raster.ts';

/** So far inside the mask the answer counts, px of working size: a thing may end right beside the edge. */
const insidePx = 2;
/** A pixel of the edge is cut where the answer steps by so much more than the crop does there, levels. */
const cutLevels = 24;

/**
 * How much of the mask's edge cuts through what was painted: the share of its pixels at which the answer, two
 * pixels inside, differs from the kept picture outside, and from what the crop shows there, 0..1. A thing
 * that ends inside the mask leaves the edge as it was.
 *
 * @param crop h x w x C, levels. @param toned the answer in place and in the tone of the crop, as large.
 * @param mask of any size, what may change.
 */
export function cutOffShare(crop: FloatRaster, toned: FloatRaster, mask: Mask): number {
  const { width, height, channels } = crop;
  const inner = insideDistance(coverMask(mask, crop), insidePx + 1);
  let [edge, cut] = [0, 0];
  const visit = (kept: number, inside: number) => {
    edge++;
    const levels = (raster: FloatRaster, p: number, c: number) => raster.data[p * channels + c]!;
    for (let c = 0; c < channels; c++) {
      const outside = levels(crop, kept, c);
      const [before, after] = [levels(crop, inside, c), levels(toned, inside, c)];
      const excess = Math.abs(after - outside) - Math.abs(before - outside);
      if (excess <= cutLevels || Math.abs(after - before) <= cutLevels) continue;
      cut++;
      return;
    }
  };
  for (let y = 0, p = 0; y < height; y++) {
    for (let x = 0; x < width; x++, p++) {
      if (inner[p] !== 0) continue;
      const reaches = [x + insidePx < width, x >= insidePx, y + insidePx < height, y >= insidePx];
      for (const [n, step] of [1, -1, width, -width].entries()) {
        // Straight into the mask from its last kept pixel.
        if (!reaches[n] || inner[p + step] === 0 || inner[p + insidePx * step] === 0) continue;
        visit(p, p + insidePx * step);
      }
    }
  }
  return edge === 0 ? 0 : cut / edge;
}
