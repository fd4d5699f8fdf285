import { blur, blurKnown } from './blur.ts';
import { outsideDistance } from './distance.ts';
import { emptyFloatRaster, type FloatRaster } from './float-raster.ts';
import { spread } from './membrane.ts';
import { assertSameSize, type Mask } from './raster.ts';
import { applyTone, fitTone, type Tone } from './tone.ts';

/** How the model's answer is brought to the light and colour of the picture around the mask. */
export interface Harmony {
  readonly tone: Tone;
  /** H x W x C: levels to add after the tone, smooth, meant inside the mask. */
  readonly residual: FloatRaster;
  /** H x W x 1: low-passed difference between crop and corrected answer, levels: where the old object was. */
  readonly difference: FloatRaster;
  /** Root mean square of the low-passed difference on the ring, levels, before any correction and after the tone. */
  readonly ringBefore: number;
  readonly ringAfter: number;
}

/** Beside the mask's edge resampling mixes both sides. */
const ringFromPx = 1.5;
const ringToPx = 32;
/** The membrane starts from the known pixels up to here: enough to average noise, near enough to be local. */
const boundaryToPx = 6;
const boundaryBlurPx = 2.5;
/** More than this is no light but another content, and must not be spread over the answer. */
const maxResidual = 24;
const differenceBlurPx = 1.2;
const ringBlurPx = 2;

/**
 * Robust gain and offset from the ring, then the rest of the difference on the boundary as a membrane.
 *
 * `corrected = gain * edited + offset + residual`, with the residual clipped to +-24 levels and low-passed
 * *before* it is spread: an exact Poisson blend drags the ring's texture into the mask as streaks.
 *
 * @param args.crop H x W x C, the picture, reduced to 512 px or so. @param args.edited the aligned answer at
 * the same size, in the same space (the image's own). @param args.mask H x W x 1, above 0 = repainted.
 * @throws {EditError} `SHAPE_MISMATCH` when sizes or channels differ.
 * @see Perez et al., "Poisson Image Editing", SIGGRAPH 2003; Farbman et al., "Convolution Pyramids", 2011.
 */
export function harmonise(args: {
  readonly crop: FloatRaster;
  readonly edited: FloatRaster;
  readonly mask: Mask;
}): Harmony {
  const { crop, edited, mask } = args;
  assertSameSize(crop, mask);
  const distance = outsideDistance(mask);
  const ring = weightsBetween(mask, distance, ringFromPx, ringToPx);
  const tone = fitTone({ crop, edited, weights: ring });
  const toned = applyTone(edited, tone);
  const boundary = weightsBetween(mask, distance, ringFromPx, boundaryToPx);
  const gap = clippedDifference(crop, toned);
  const residual = spread(blurKnown(gap, boundary, boundaryBlurPx), boundary);
  return {
    tone,
    residual,
    difference: contentDifference(crop, toned, residual),
    ringBefore: ringRms(crop, edited, ring),
    ringAfter: ringRms(crop, toned, ring),
  };
}

function weightsBetween(mask: Mask, distance: Float32Array, fromPx: number, toPx: number): FloatRaster {
  const data = distance.map((d) => (d >= fromPx && d <= toPx ? 1 : 0));
  return { width: mask.width, height: mask.height, channels: 1, data };
}

function clippedDifference(crop: FloatRaster, toned: FloatRaster): FloatRaster {
  const data = crop.data.map((value, i) =>
    Math.min(maxResidual, Math.max(-maxResidual, value - toned.data[i]!)),
  );
  return { ...crop, data };
}

/** The channel that differs most, low-passed. */
function contentDifference(crop: FloatRaster, toned: FloatRaster, residual: FloatRaster): FloatRaster {
  const { width, height, channels } = crop;
  const out = emptyFloatRaster(width, height, 1);
  for (let p = 0; p < out.data.length; p++) {
    let most = 0;
    for (let k = p * channels; k < (p + 1) * channels; k++) {
      most = Math.max(most, Math.abs(crop.data[k]! - toned.data[k]! - residual.data[k]!));
    }
    out.data[p] = most;
  }
  return blur(out, differenceBlurPx);
}

/** Low-passed, so that grain and slightly different texture do not count; 0 without a ring. */
function ringRms(a: FloatRaster, b: FloatRaster, ring: FloatRaster): number {
  const { channels } = a;
  const gap = { ...a, data: a.data.map((value, i) => value - b.data[i]!) };
  const smooth = blurKnown(gap, ring, ringBlurPx).data;
  let [sum, count] = [0, 0];
  for (let i = 0; i < smooth.length; i++) {
    if (ring.data[Math.trunc(i / channels)] === 0) continue;
    sum += smooth[i]! ** 2;
    count++;
  }
  return count === 0 ? 0 : Math.sqrt(sum / count);
}
