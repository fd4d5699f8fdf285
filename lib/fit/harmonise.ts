import { blur, blurKnown } from '../pixels/blur.ts';
import { boundingBox, crop as cut, grow, paste } from '../pixels/box.ts';
import { outsideDistance } from '../pixels/distance.ts';
import { assertSameSize, type Box, emptyFloatRaster, type FloatRaster, type Mask } from '../pixels/raster.ts';
import { resample } from '../pixels/resample.ts';
import { type Blocks, blockMeans, spread } from './membrane.ts';
import { applyTone, fitTone, identityTone, type Tone } from './tone.ts';

/** How to bring a model's answer to the light and colour of the picture around the mask. */
export interface Harmony {
  readonly tone: Tone;
  /** H x W x C: the answer after the tone. */
  readonly toned: FloatRaster;
  /** About H/4 x W/4 x C over the whole crop: smooth levels to add after the tone, inside the mask. */
  readonly residual: FloatRaster;
  /** H x W x 1: low-passed |crop - corrected answer|, levels; shows the old object. 0 far from the mask. */
  readonly difference: FloatRaster;
  /** Root mean square difference on the ring, low-passed, levels, before correction and after the tone. */
  readonly ringBefore: number;
  readonly ringAfter: number;
}

/** Nearer to the mask's edge resampling mixes both sides, px. */
const ringFromPx = 1.5;
const ringToPx = 32;
/** The membrane starts from known pixels up to here, px: enough to average noise, near enough to be local. */
const boundaryToPx = 7;
/** A larger difference, in levels, is other content, not light: it must not spread over the answer. */
const maxResidual = 24;
const differenceBlurPx = 1.2;
/** Side of blocks, px: their means keep light, which is smooth, and drop grain and fine texture. */
const blockPx = 4;
/** Standard deviation in blocks of the low-pass before the spread. */
const blockBlur = 0.7;

/** The crop's side of {@link harmonise}: the same for every answer. */
export interface KnownRing {
  readonly crop: FloatRaster;
  /** H x W x 1: 1 on the ring where tone is compared, else 0. */
  readonly ring: FloatRaster;
  /** H x W x 1: 1 on the inner part of the ring, where the membrane starts, else 0. */
  readonly boundary: FloatRaster;
  readonly blocks: Blocks;
  /** Box of the mask and the reach of the low-pass around it; `undefined` for an empty mask. */
  readonly inside: Box | undefined;
}

/**
 * Measures the crop around a mask.
 *
 * @param crop H x W x C, reduced to 512 px or so, levels of 8 bit. @param mask H x W x 1, above 0 =
 * repainted.
 * @throws {EditError} `SHAPE_MISMATCH` when sizes differ.
 */
export function knownRing(crop: FloatRaster, mask: Mask): KnownRing {
  assertSameSize(crop, mask);
  const distance = outsideDistance(mask, ringToPx);
  const ring = weightsBetween(mask, distance, ringFromPx, ringToPx);
  const boundary = weightsBetween(mask, distance, ringFromPx, boundaryToPx);
  return { crop, ring, boundary, blocks: blockMeans(crop, ring, blockPx), inside: insideOf(crop, mask) };
}

function insideOf(crop: FloatRaster, mask: Mask): Box | undefined {
  const set = boundingBox(mask);
  return set && grow(set, Math.ceil(3 * differenceBlurPx), crop);
}

/**
 * The harmony of an answer that is the crop outside the mask: nothing is corrected.
 *
 * @param crop, mask as in {@link knownRing}. @param edited as in {@link harmonise}.
 */
export function asItIs(crop: FloatRaster, mask: Mask, edited: FloatRaster): Harmony {
  const residual = emptyFloatRaster(1, 1, crop.channels);
  return {
    tone: identityTone(crop.channels),
    toned: edited,
    residual,
    difference: contentDifference({ crop, inside: insideOf(crop, mask) }, edited, residual),
    ringBefore: 0,
    ringAfter: 0,
  };
}

/**
 * Brings an answer to the light and colour of the picture: robust gain and offset from the ring, then the
 * rest of the difference at the mask's boundary as a membrane.
 *
 * `corrected = gain * edited + offset + residual`, with the residual clipped to +-24 levels and averaged over
 * 4 x 4 px *before* it is spread: an exact Poisson blend drags the ring's texture into the mask as streaks.
 *
 * @param edited the aligned answer, H x W x C like `known.crop`, in the same space (the image's own).
 * @throws {EditError} `SHAPE_MISMATCH` when sizes or channels differ.
 * @see Perez et al., "Poisson Image Editing", SIGGRAPH 2003; Farbman et al., "Convolution Pyramids", 2011.
 */
export function harmonise(known: KnownRing, edited: FloatRaster): Harmony {
  const { crop, ring, boundary, blocks } = known;
  const tone = fitTone({ crop, edited, weights: ring });
  const toned = applyTone(edited, tone);
  const residual = membraneFrom(crop, toned, boundary);
  const editedBlocks = blockMeans(edited, ring, blockPx);
  return {
    tone,
    toned,
    residual,
    difference: contentDifference(known, toned, residual),
    ringBefore: ringRms(blocks, editedBlocks, identityTone(crop.channels)),
    ringAfter: ringRms(blocks, editedBlocks, tone),
  };
}

function weightsBetween(mask: Mask, distance: Float32Array, fromPx: number, toPx: number): FloatRaster {
  const out = emptyFloatRaster(mask.width, mask.height, 1);
  for (let p = 0; p < distance.length; p++) {
    const d = distance[p]!;
    if (d >= fromPx && d <= toPx) out.data[p] = 1;
  }
  return out;
}

/** Spreads crop less answer, clipped, from the boundary. */
function membraneFrom(crop: FloatRaster, toned: FloatRaster, boundary: FloatRaster): FloatRaster {
  const gapAt = (k: number) =>
    Math.fround(Math.min(maxResidual, Math.max(-maxResidual, crop.data[k]! - toned.data[k]!)));
  const { means, known } = blockMeans(crop, boundary, blockPx, gapAt);
  return spread(blurKnown(means, known, blockBlur), known);
}

/** Difference of the channel that differs most, low-passed; 0 outside of `inside`. */
function contentDifference(
  { crop, inside: box }: Pick<KnownRing, 'crop' | 'inside'>,
  toned: FloatRaster,
  membrane: FloatRaster,
): FloatRaster {
  const { width, height, channels } = crop;
  const out = emptyFloatRaster(width, height, 1);
  if (box === undefined) return out;
  const residual = resample({
    source: membrane,
    window: scaled(box, membrane.width / width, membrane.height / height),
    size: box,
    kernel: 'area',
  });
  const [before, after] = [cut(crop, box), cut(toned, box)];
  const gaps = emptyFloatRaster(box.width, box.height, 1);
  for (let p = 0; p < gaps.data.length; p++) {
    let most = 0;
    for (let k = p * channels; k < (p + 1) * channels; k++) {
      const gap = before.data[k]! - after.data[k]! - residual.data[k]!;
      if (gap > most) most = gap;
      else if (-gap > most) most = -gap;
    }
    gaps.data[p] = most;
  }
  paste(out, blur(gaps, differenceBlurPx), box);
  return out;
}

const scaled = ({ left, top, width, height }: Box, x: number, y: number): Box => ({
  left: left * x,
  top: top * y,
  width: width * x,
  height: height * y,
});

/** Root mean square difference of block means, which hold no grain; 0 without a ring. */
function ringRms(crop: Blocks, edited: Blocks, { gains, offsets }: Tone): number {
  const channels = gains.length;
  let [sum, count] = [0, 0];
  for (let i = 0; i < crop.means.data.length; i++) {
    if (crop.known.data[Math.trunc(i / channels)] === 0) continue;
    const c = i % channels;
    sum += (crop.means.data[i]! - gains[c]! * edited.means.data[i]! - offsets[c]!) ** 2;
    count++;
  }
  return count === 0 ? 0 : Math.sqrt(sum / count);
}
