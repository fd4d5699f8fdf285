import { blur, blurKnown } from '../pixels/blur.ts';
import { boundingBox, crop as cut, grow, paste } from '../pixels/box.ts';
import { outsideDistance } from '../pixels/distance.ts';
import { emptyFloatRaster, type FloatRaster } from '../pixels/float-raster.ts';
import { assertSameSize, type Box, type Mask } from '../pixels/raster.ts';
import { resample } from '../pixels/resample.ts';
import { type Blocks, blockMeans } from './blocks.ts';
import { spread } from './membrane.ts';
import { applyTone, fitTone, identityTone, type Tone } from './tone.ts';

/** How the model's answer is brought to the light and colour of the picture around the mask. */
export interface Harmony {
  readonly tone: Tone;
  /** H x W x C: the answer after the tone. */
  readonly toned: FloatRaster;
  /** About H/4 x W/4 x C over the whole crop: levels to add after the tone, smooth, meant inside the mask. */
  readonly residual: FloatRaster;
  /** H x W x 1: low-passed difference between crop and corrected answer, levels: where the old object was; 0 far outside the mask. */
  readonly difference: FloatRaster;
  /** Root mean square of the low-passed difference on the ring, levels, before any correction and after the tone. */
  readonly ringBefore: number;
  readonly ringAfter: number;
}

/** Beside the mask's edge resampling mixes both sides. */
const ringFromPx = 1.5;
const ringToPx = 32;
/** The membrane starts from the known pixels up to here: enough to average noise, near enough to be local. */
const boundaryToPx = 7;
/** More than this is no light but another content, and must not be spread over the answer. */
const maxResidual = 24;
const differenceBlurPx = 1.2;
/** Light is smooth: the mean of blocks of this side tells all of it, and drops grain and fine texture. */
const blockPx = 4;
/** Softens the blocks into each other before they are spread. */
const blockBlur = 0.7;

/**
 * Robust gain and offset from the ring, then the rest of the difference on the boundary as a membrane.
 *
 * `corrected = gain * edited + offset + residual`, with the residual clipped to +-24 levels and averaged
 * over 4 x 4 px *before* it is spread: an exact Poisson blend drags the ring's texture into the mask as streaks.
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
  return harmoniseOn(knownRing(args.crop, args.mask), args.edited);
}

/** The crop's side of `harmonise`: the same for every answer to it. */
export interface KnownRing {
  readonly crop: FloatRaster;
  /** H x W x 1, 1 where tone is compared, and where the membrane starts. */
  readonly ring: FloatRaster;
  readonly boundary: FloatRaster;
  readonly blocks: Blocks;
  /** Everything that is replaced, and as far around it as a low-pass reaches; `undefined` where nothing is. */
  readonly inside: Box | undefined;
}

/** @throws {EditError} `SHAPE_MISMATCH` when sizes differ. */
export function knownRing(crop: FloatRaster, mask: Mask): KnownRing {
  assertSameSize(crop, mask);
  const distance = outsideDistance(mask, ringToPx);
  const ring = weightsBetween(mask, distance, ringFromPx, ringToPx);
  const boundary = weightsBetween(mask, distance, ringFromPx, boundaryToPx);
  const set = boundingBox(mask);
  const inside = set && grow(set, Math.ceil(3 * differenceBlurPx), crop);
  return { crop, ring, boundary, blocks: blockMeans(crop, ring, blockPx), inside };
}

/** `harmonise` on a ring made before. */
export function harmoniseOn(known: KnownRing, edited: FloatRaster): Harmony {
  const { crop, ring, boundary, blocks } = known;
  const tone = fitTone({ crop, edited, weights: ring });
  const toned = applyTone(edited, tone);
  const residual = membraneFrom(clippedDifference(crop, toned, boundary), boundary);
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

/** Only where it is asked for: the membrane starts from the boundary. */
function clippedDifference(crop: FloatRaster, toned: FloatRaster, boundary: FloatRaster): FloatRaster {
  const { width, height, channels } = crop;
  const out = emptyFloatRaster(width, height, channels);
  for (let p = 0; p < boundary.data.length; p++) {
    if (boundary.data[p] === 0) continue;
    for (let k = p * channels; k < (p + 1) * channels; k++) {
      out.data[k] = Math.min(maxResidual, Math.max(-maxResidual, crop.data[k]! - toned.data[k]!));
    }
  }
  return out;
}

function membraneFrom(gap: FloatRaster, boundary: FloatRaster): FloatRaster {
  const { means, known } = blockMeans(gap, boundary, blockPx);
  return spread(blurKnown(means, known, blockBlur), known);
}

/** The channel that differs most, low-passed; 0 outside of `box`. */
function contentDifference(
  { crop, inside: box }: KnownRing,
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

/** Over means of blocks, so that grain and slightly different texture do not count; 0 without a ring. */
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
