import { blur } from '../pixels/blur.ts';
import { boxOf } from '../pixels/box.ts';
import { dilate, dropSpecks, erode, forEachComponent } from '../pixels/mask.ts';
import {
  assertSameChannels,
  assertSameSize,
  type Box,
  emptyFloatRaster,
  emptyMask,
  type FloatRaster,
  type Mask,
  type Raster,
  type Size,
} from '../pixels/raster.ts';
import { fitSize, resizeTo } from '../pixels/resample.ts';
import { type Alignment, aligned, alignedWindow } from './alignment.ts';
import { register, workingSidePx } from './register.ts';
import { robustSigma } from './robust.ts';
import { applyTone, fitTone } from './tone.ts';

const differenceBlurPx = 1;
/** Levels: certainly edited; and edited if connected to a certain pixel. */
const certainLevels = 20;
const possibleLevels = 9;
/** The same bounds in sigmas of the whole picture's difference: new grain everywhere is no edit. */
const certainSigmas = 7;
const possibleSigmas = 3.5;
/** Closes gaps up to twice this, px: there old and new happen to look alike. */
const closePx = 4;
/** Smaller groups of pixels, as a share of the picture, are chance. */
const speckShare = 0.0004;
/** The edit reaches a little beyond what clearly differs, and ends softly, px. */
const editReachPx = 3;
const softenPx = 1.5;

interface Difference {
  readonly crop: Raster;
  readonly edited: Raster;
  /** How far the mask reaches beyond what clearly differs, px at 512 px. */
  readonly growPx?: number;
}

/**
 * Finds the mask a model used but did not return: where its answer differs from the crop after registration
 * and tone correction on the whole picture (both robust, so that the edit itself does not count).
 *
 * Low-passed difference, hysteresis threshold, closing, specks dropped, grown and softened, all at
 * 512 px; then enlarged to the size of the crop. All 0 when nothing was edited.
 *
 * @param args.crop, args.edited the same space, any sizes of one ratio. @returns h x w x 1 at the size of the
 * crop.
 * @throws {EditError} `SHAPE_MISMATCH` when the channels differ.
 * @see Canny, "A Computational Approach to Edge Detection", IEEE TPAMI 1986 (hysteresis).
 */
export function differenceMask({ crop, edited, growPx = editReachPx }: Difference): Mask {
  assertSameChannels(edited, crop);
  const size = fitSize(crop, workingSidePx);
  const small = resizeTo(crop, size);
  const { alignment } = register({ crop: small, edited: resizeTo(edited, size), mask: emptyMask(size) });
  const moved = aligned(edited, size, alignment);
  const everywhere = emptyFloatRaster(size.width, size.height, 1);
  everywhere.data.fill(1);
  const tone = fitTone({ crop: small, edited: moved, weights: everywhere });
  const difference = smaller(differenceOf(small, applyTone(moved, tone)), differenceOf(small, moved));
  const changed = hysteresis(continued(difference, seenPart(edited, size, alignment)));
  const whole = dropSpecks(close(changed), Math.max(1, speckShare * size.width * size.height));
  return softened(dilate(whole, growPx), crop);
}

/** The part of the crop that the answer shows after it was moved back, whole px of `size`. */
function seenPart(edited: Size, size: Size, alignment: Alignment): Box {
  const at = alignedWindow({ edited, crop: size, patch: boxOf(size), alignment });
  const [scaleX, scaleY] = [size.width / at.width, size.height / at.height];
  const left = Math.min(size.width - 1, Math.max(0, Math.ceil(-at.left * scaleX)));
  const top = Math.min(size.height - 1, Math.max(0, Math.ceil(-at.top * scaleY)));
  const right = Math.min(size.width, Math.floor((edited.width - at.left) * scaleX));
  const bottom = Math.min(size.height, Math.floor((edited.height - at.top) * scaleY));
  return { left, top, width: Math.max(1, right - left), height: Math.max(1, bottom - top) };
}

/** Beyond the part that can be compared, the difference of its nearest pixel. */
function continued(difference: FloatRaster, { left, top, width, height }: Box): FloatRaster {
  const out = emptyFloatRaster(difference.width, difference.height, 1);
  for (let y = 0, p = 0; y < out.height; y++) {
    const row = Math.min(top + height - 1, Math.max(top, y)) * out.width;
    for (let x = 0; x < out.width; x++, p++) {
      out.data[p] = difference.data[row + Math.min(left + width - 1, Math.max(left, x))]!;
    }
  }
  return out;
}

/**
 * Returns the difference map with more unchanged pixels: if a model repainted most of the picture, the tone
 * fitted to all of it is that of the new content.
 */
function smaller(toned: FloatRaster, plain: FloatRaster): FloatRaster {
  const unchanged = ({ data }: FloatRaster) => data.reduce((sum, d) => sum + (d < possibleLevels ? 1 : 0), 0);
  return unchanged(plain) > unchanged(toned) ? plain : toned;
}

/** Difference of the channel that differs most, low-passed, levels. */
function differenceOf(a: FloatRaster, b: FloatRaster): FloatRaster {
  assertSameSize(a, b);
  const { width, height, channels } = a;
  const signed = blur({ ...a, data: a.data.map((value, i) => value - b.data[i]!) }, differenceBlurPx).data;
  const out = emptyFloatRaster(width, height, 1);
  for (let i = 0; i < signed.length; i++) {
    const p = Math.trunc(i / channels);
    out.data[p] = Math.max(out.data[p]!, Math.abs(signed[i]!));
  }
  return out;
}

/** Keeps groups of possible pixels that hold at least one certain pixel. */
function hysteresis({ width, height, data }: FloatRaster): Mask {
  const sigma = Math.min(robustSigma(data), sigmaOfQuietest(data));
  const certain = Math.max(certainLevels, certainSigmas * sigma);
  const possible = Math.max(possibleLevels, possibleSigmas * sigma);
  const mask = new Uint8Array(data.length);
  for (let p = 0; p < data.length; p++) if (data[p]! >= possible) mask[p] = 255;
  const candidates: Mask = { width, height, channels: 1, data: mask };
  const kept = new Uint8Array(data.length);
  forEachComponent(candidates, (pixels) => {
    if (pixels.some((p) => data[p]! >= certain)) for (const p of pixels) kept[p] = 255;
  });
  return { ...candidates, data: kept };
}

/** Any edit leaves at least this share of the pixels unchanged. */
const quietShare = 0.2;
/** Ratio of sigma to that quantile, for the largest of three channels of Gaussian noise. */
const quietToSigma = 2.3;

function sigmaOfQuietest(data: Float32Array): number {
  const sorted = Float32Array.from(data).sort();
  return quietToSigma * (sorted[Math.floor(quietShare * sorted.length)] ?? 0);
}

function close(mask: Mask): Mask {
  return erode(dilate(mask, closePx), closePx);
}

function softened(mask: Mask, size: Size): Mask {
  const soft = blur(resizeTo(mask, mask), softenPx);
  const large = resizeTo(soft, size).data;
  const data = new Uint8Array(large.length);
  for (let p = 0; p < data.length; p++) data[p] = Math.round(Math.min(255, large[p]!));
  return { width: size.width, height: size.height, channels: 1, data };
}
