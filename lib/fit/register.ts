import { blur } from '../pixels/blur.ts';
import { outsideDistance } from '../pixels/distance.ts';
import { coverMask } from '../pixels/mask.ts';
import { assertSameSize, type FloatRaster, isBlank, luma, type Mask, type Size } from '../pixels/raster.ts';
import { resizeTo } from '../pixels/resample.ts';
import { type Alignment, driftPx, identityAlignment } from './alignment.ts';
import { fitAlignment, type Level, residualAt } from './gauss-newton.ts';
import { evenSamples } from './robust.ts';

export interface Registration {
  /** The identity when the result is uncertain. */
  readonly alignment: Alignment;
  /** False on rings too flat or too different to align. True with the identity: it is in place. */
  readonly confident: boolean;
  /** Standard error of the shift along its weakest direction, px of the rasters; infinite if unknown. */
  readonly precisionPx: number;
  /** Root mean square difference on the ring after gain and bias, levels, before and after moving. */
  readonly residualBefore: number;
  readonly residualAfter: number;
}

/** Longer side of the reduced pictures that are registered and whose light is compared, px. */
export const workingSidePx = 512;
/** After the low-pass nearer pixels hold some of what was repainted, px. */
const ringFromPx = 2;
const ringToPx = 32;
/** On coarse levels the ring reaches at least this far, px of the level. */
const minRingToPx = 12;
/** Low-pass of both pictures, px: makes them equally soft, and interpolation harmless. */
const preBlurPx = 1;
const levels = 4;
/** Coarser ones are too small to see a zoom of a few pixels. */
const zoomLevels = 3;
const minLevelSidePx = 24;
/** A level with fewer pixels is skipped: there are seven unknowns, and neighbours are not independent. */
const minRingCount = 200;
/** More pixels add cost, but nothing the eye could see. */
const maxRingCount = 24_000;
/** Neighbouring pixels share noise: after the pre-blur so many pixels count as one sample. */
const pixelsPerSample = 4 * Math.PI * preBlurPx ** 2;
/** A shift with a larger standard error is not applied, px: it could do more harm than good. */
const maxErrorPx = 0.1;
/** Both residuals are the same but for rounding where nothing was moved. */
const worseBy = 1.01;
/** Zoom is used only if it reduces the residual at least to this share... */
const zoomGain = 0.98;
/** ...and moves the corner of the picture at least so far, px. */
const minZoomPx = 0.1;

/** The crop's side of a registration at one resolution. */
export type RingLevel = Omit<Level, 'edited'>;

/**
 * Finds how far a model moved the picture, on the known ring 2..32 px around the mask.
 *
 * Gauss-Newton on luma over a pyramid, with gain and an inclined bias; shift first, zoom where it pays.
 * Gated by the smallest eigenvalue of the normal matrix: on a flat ring the answer is "no shift".
 *
 * @param args.crop H x W x C, what was sent, reduced to 512 px or so. @param args.edited the answer at the
 * same size. Any space, both the same; levels of 8 bit. @param args.mask H x W x 1, above 0 = repainted; an
 * empty mask compares everything.
 * @throws {EditError} `SHAPE_MISMATCH` when sizes differ.
 * @see Baker and Matthews, "Lucas-Kanade 20 Years On: A Unifying Framework", IJCV 2004.
 */
export function register(args: {
  readonly crop: FloatRaster;
  readonly edited: FloatRaster;
  readonly mask: Mask;
}): Registration {
  assertSameSize(args.crop, args.edited);
  return registerOn(ringLevels(args.crop, args.mask), args.edited);
}

/**
 * {@link register} on prepared levels: they are the same for every answer to a crop.
 *
 * @param rings from {@link ringLevels}. @param edited at the size of the finest level.
 */
export function registerOn(rings: readonly (RingLevel | undefined)[], edited: FloatRaster): Registration {
  const pyramid = withAnswer(rings, edited);
  const finest = pyramid[0];
  if (finest === undefined) return unmoved(0);
  const residualBefore = residualAt(finest, identityAlignment);
  let shift = identityAlignment;
  let found: ReturnType<typeof fitAlignment>;
  for (const level of pyramid.toReversed()) {
    found = fitAlignment(level, shift, { zoom: false });
    // A coarse level may be too flat although a fine one is not.
    shift = found?.alignment ?? shift;
  }
  if (found === undefined) return unmoved(residualBefore);
  const fit = withZoom(pyramid, found) ?? found;
  const precisionPx = fit.precisionPx * Math.sqrt(pixelsPerSample);
  const isKnown = precisionPx <= maxErrorPx;
  if (isKnown && fit.residual <= worseBy * residualBefore) {
    return {
      alignment: fit.alignment,
      confident: true,
      precisionPx,
      residualBefore,
      residualAfter: fit.residual,
    };
  }
  // Interpolation alone made it worse, and the move is too small to see: the picture is in its place.
  const isInPlace = isKnown && driftPx(fit.alignment, finest.template) <= maxErrorPx;
  return { ...unmoved(residualBefore), confident: isInPlace, precisionPx };
}

/** Of an answer that is the crop on the whole ring. */
export const inPlace: Registration = { ...unmoved(0), confident: true, precisionPx: 0 };

function unmoved(residual: number): Registration {
  return {
    alignment: identityAlignment,
    confident: false,
    precisionPx: Number.POSITIVE_INFINITY,
    residualBefore: residual,
    residualAfter: residual,
  };
}

/** The fit with zoom when it explains clearly more than the shift alone. */
function withZoom(pyramid: readonly Level[], shifted: { alignment: Alignment; residual: number }) {
  const { width, height } = pyramid[0]!.template;
  let { alignment } = shifted;
  let fit: ReturnType<typeof fitAlignment>;
  for (const level of pyramid.slice(0, zoomLevels).toReversed()) {
    fit = fitAlignment(level, alignment, { zoom: true });
    alignment = fit?.alignment ?? alignment;
    // Most answers have no zoom, and a coarse level tells that at a sixteenth of the cost.
    const zoomed = driftPx({ ...identityAlignment, scale: alignment.scale }, { width, height });
    if (zoomed < minZoomPx) return undefined;
  }
  return fit !== undefined && fit.residual <= zoomGain * shifted.residual ? fit : undefined;
}

/**
 * The crop's side of {@link register}: finest level first, each half the size of the one before; `undefined`
 * for a level with too little ring.
 *
 * @param crop H x W x C, levels of 8 bit. @param mask H x W x 1, above 0 = repainted.
 *
 * @throws {EditError} `SHAPE_MISMATCH` when sizes differ.
 */
export function ringLevels(crop: FloatRaster, mask: Mask): (RingLevel | undefined)[] {
  assertSameSize(crop, mask);
  const rings: (RingLevel | undefined)[] = [];
  let [template, covered] = [luma(crop), mask];
  for (let k = 0; k < levels; k++) {
    const ring = ringOf(covered, Math.max(ringToPx / 2 ** k, minRingToPx));
    rings.push(ring.length < minRingCount ? undefined : { template: blur(template, preBlurPx), ring });
    const size = halfOf(template);
    if (Math.min(size.width, size.height) < minLevelSidePx) break;
    template = resizeTo(template, size);
    covered = coverMask(covered, size);
  }
  return rings;
}

function withAnswer(rings: readonly (RingLevel | undefined)[], edited: FloatRaster): Level[] {
  const pyramid: Level[] = [];
  let moved = luma(edited);
  for (const [k, ring] of rings.entries()) {
    if (k > 0) moved = resizeTo(moved, halfOf(moved));
    if (ring !== undefined) pyramid.push({ ...ring, edited: blur(moved, preBlurPx) });
  }
  return pyramid;
}

const halfOf = ({ width, height }: Size): Size => ({
  width: Math.round(width / 2),
  height: Math.round(height / 2),
});

/** Known pixels 2..`toPx` px from the mask that have neighbours on all sides. */
function ringOf(mask: Mask, toPx: number): Int32Array {
  const { width, height } = mask;
  // An empty mask has no edge: all is known.
  const isEmpty = isBlank(mask.data, 0, mask.data.length);
  const distance = outsideDistance(mask, toPx);
  const ring = new Int32Array(distance.length);
  let count = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const d = distance[y * width + x]!;
      if (isEmpty || (d >= ringFromPx && d <= toPx)) ring[count++] = y * width + x;
    }
  }
  return evenSamples(ring.slice(0, count), maxRingCount);
}
