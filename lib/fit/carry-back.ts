import { blur } from '../pixels/blur.ts';
import { emptyFloatRaster, type Mask, type Raster, samplesPerLevel } from '../pixels/raster.ts';
import type { ColourLoss } from './colour-loss.ts';
import { ghostShare } from './feather.ts';

/** Low-pass of the change, px: grain alone does not tell that another thing was painted. */
const changeBlurPx = 1.2;

/** One patch, before and after, in the picture's own colours and in those the engine sees. */
interface PatchColours {
  /** H x W x C, the picture's own space and depth. */
  readonly original: Raster;
  /** The patch before and after, H x W x 3, sRGB; one depth for both. */
  readonly seen: Raster;
  readonly edited: Raster;
  /** The same two, converted to the picture's own colours: C channels, less alpha. */
  readonly ownSeen: Raster;
  readonly ownEdited: Raster;
  /** H x W x 1: how much of `edited` is the answer. */
  readonly opacity: Mask;
  /** What the conversion loses of a colour. */
  readonly loss: ColourLoss;
}

/**
 * Carries a change from sRGB to the picture's own colours.
 *
 * `out = D(edited) + kept * (original - D(seen)) + (1 - kept) * loss(edited)`, D the conversion. What D
 * cannot express of the original (colours beyond sRGB, the choice among inks) stays where the engine changed
 * nothing: there `out` is the original exactly. Where another thing was painted, the difference would show
 * the old one: there the known pixels of the same sRGB colour tell what is lost. `kept = 1 - opacity * S((d -
 * 6) / 18)`, d the low-passed difference of `edited` and `seen`, levels.
 *
 * @returns H x W x C like `original`; its alpha, if any, is kept.
 */
export function carryBack(patch: PatchColours): Raster {
  const { original, seen, edited, ownSeen, ownEdited, opacity, loss } = patch;
  const { channels } = original;
  const colours = ownSeen.channels;
  const change = changeOf(seen, edited);
  const perLevel = samplesPerLevel(original.data);
  const most = 255 * perLevel;
  const data = original.data.slice();
  const lost = new Float32Array(colours);
  for (let p = 0; p < opacity.data.length; p++) {
    if (opacity.data[p] === 0) continue;
    const replaced = (opacity.data[p]! / 255) * ghostShare(change[p]!);
    if (replaced > 0) loss(edited, p, lost);
    for (let c = 0; c < colours; c++) {
      const own = p * colours + c;
      const left = original.data[p * channels + c]! - ownSeen.data[own]!;
      const value = ownEdited.data[own]! + left + replaced * (lost[c]! * perLevel - left);
      data[p * channels + c] = Math.max(0, Math.min(most, value + 0.5)) | 0;
    }
  }
  return { ...original, data };
}

/** Difference of the channel that differs most, low-passed, levels. */
function changeOf(before: Raster, after: Raster): Float32Array {
  const { width, height, channels } = before;
  const perLevel = samplesPerLevel(before.data);
  const out = emptyFloatRaster(width, height, 1);
  for (let p = 0; p < out.data.length; p++) {
    let most = 0;
    for (let k = p * channels; k < (p + 1) * channels; k++) {
      most = Math.max(most, Math.abs(before.data[k]! - after.data[k]!));
    }
    out.data[p] = most / perLevel;
  }
  return blur(out, changeBlurPx).data;
}
