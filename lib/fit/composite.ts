import { boundingBox, crop as cut, grow } from '../pixels/box.ts';
import { coverMask } from '../pixels/mask.ts';
import {
  assertSameSize,
  type Box,
  type FloatRaster,
  firstChannels,
  type Mask,
  type Raster,
  type Size,
} from '../pixels/raster.ts';
import { release } from '../pixels/release.ts';
import { fitSize, resizeTo } from '../pixels/resample.ts';
import { aligned, identityAlignment } from './alignment.ts';
import { blend } from './blend.ts';
import { adaptiveFeather, defaultFeatherPx, featherDistance } from './feather.ts';
import { asItIs, type Harmony, harmonise, type KnownRing, knownRing } from './harmonise.ts';
import { type InsideScores, type KnownInside, knownInside, scoreInside } from './inside.ts';
import { type KnownLines, knownLines } from './lines.ts';
import {
  inPlace,
  type Registration,
  type RingLevel,
  registerOn,
  ringLevels,
  workingSidePx,
} from './register.ts';
import { type Scores, scoreComposite, sharpness } from './score.ts';

/** The side of a composite that needs no answer: what answers are compared with and blended into. */
export interface PreparedCrop {
  readonly crop: Raster;
  /** The effective mask, size of the crop. */
  readonly mask: Mask;
  /** Box of the mask and one kept pixel around it, so that distances to the edge are right. */
  readonly patch: Box;
  /** The mask in the patch, and its `featherDistance`. */
  readonly patchMask: Mask;
  readonly distance: Float32Array;
  readonly featherPx: number;
  /** Working size, at most 512 px: registration and light need no more. */
  readonly size: Size;
  /** The crop's colours at working size. */
  readonly small: FloatRaster;
  /** What the model was asked to repaint, of any size. */
  readonly repainted: Mask;
  /** The same at working size, and what is transparent: nothing is compared there. */
  readonly unknown: Mask;
  /** What shows how a model moved and toned the picture, made when it is first asked for. */
  readonly surroundings: () => Surroundings;
  readonly inside: KnownInside;
  /** Straight lines into the mask. Found when they are first asked for: few answers are compared by them. */
  readonly lines: () => KnownLines;
}

interface Surroundings {
  readonly levels: readonly (RingLevel | undefined)[];
  readonly ring: KnownRing;
}

export interface Composite {
  /** The patch: channels and depth of the crop. */
  readonly raster: Raster;
  /** Where the patch lies in the crop; it holds every pixel of the mask. For an empty mask it is a corner. */
  readonly patch: Box;
  /** The opacity used, size of the patch. Only pixels above 0 changed. */
  readonly alpha: Mask;
  readonly registration: Registration;
  readonly harmony: Harmony;
  readonly scores: Scores;
  readonly inside: InsideScores;
}

/** Alpha above this is opaque. */
const opaqueLevel = 254;

/**
 * Puts a model's answer into the crop it was made for: register, harmonise, feather, blend.
 *
 * @param args.crop H x W x C, the image's own space and depth. @param args.edited any size, the same space,
 * C or fewer (colour only) channels, 8 or 16 bit. @param args.mask H x W x 1, the effective mask.
 * @param args.repainted any size: what the model was asked to repaint, at least the mask. Default: the mask.
 * @throws {EditError} `SHAPE_MISMATCH` when shapes do not fit together.
 */
export function composite(args: {
  readonly crop: Raster;
  readonly edited: Raster;
  readonly mask: Mask;
  readonly repainted?: Mask;
  readonly featherPx?: number;
}): Composite {
  const { crop, edited, mask, repainted = mask, featherPx = defaultFeatherPx } = args;
  return compositeOn(prepareCrop({ crop, mask, repainted, featherPx, colours: edited.channels }), edited);
}

/**
 * Does the part of {@link composite} that needs no answer: once for all candidates, while the model works.
 *
 * @param args.crop H x W x C, the image's own space and depth. @param args.mask H x W x 1, the effective
 * mask.
 * @param args.colours channels of an answer: C, less alpha. @param args.repainted any size: what the model
 * was asked to repaint, at least the mask. Both pictures are compared on the ring around it.
 * @throws {EditError} `SHAPE_MISMATCH` when shapes do not fit together.
 */
export function prepareCrop(args: {
  readonly crop: Raster;
  readonly mask: Mask;
  readonly repainted: Mask;
  readonly colours: number;
  readonly featherPx: number;
}): PreparedCrop {
  const { crop, mask, repainted, colours, featherPx } = args;
  assertSameSize(crop, mask);
  const size = fitSize(crop, workingSidePx);
  const whole = resizeTo(crop, size);
  const small = firstChannels(whole, colours);
  const unknown = withTransparent(coverMask(repainted, size), whole, colours);
  const patch = grow(boundingBox(mask) ?? { left: 0, top: 0, width: 1, height: 1 }, 1, crop);
  const patchMask = cut(mask, patch);
  const distance = featherDistance(patchMask, featherPx);
  const inside = knownInside(small, coverMask(mask, size), unknown);
  const surroundings = once(() => ({ levels: ringLevels(small, unknown), ring: knownRing(small, unknown) }));
  const lines = once(() => knownLines(small, mask));
  const seen = { size, small, repainted, unknown, surroundings, inside, lines };
  return { crop, mask, patch, patchMask, distance, featherPx, ...seen };
}

/** Makes a value when it is first asked for. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Adds pixels that are not opaque, if there is alpha: a model never saw their colours. */
function withTransparent(mask: Mask, { channels, data: levels }: FloatRaster, colours: number): Mask {
  if (channels === colours) return mask;
  const data = mask.data.map((value, p) => (levels[p * channels + colours]! < opaqueLevel ? 255 : value));
  return { ...mask, data };
}

/** Frees a raster behind its only use. */
function usedUp<T>(raster: FloatRaster, use: (raster: FloatRaster) => T): T {
  const result = use(raster);
  release(raster.data);
  return result;
}

/** {@link composite} on a prepared crop. */
export function compositeOn(prepared: PreparedCrop, edited: Raster): Composite {
  const { crop, mask, patch, patchMask, distance, featherPx } = prepared;
  const { registration, harmony, sharpness } = isAsSent(prepared, edited)
    ? takenAsItIs(prepared, edited)
    : fitted(prepared, edited);
  const { alignment } = registration;
  const { difference } = harmony;
  const alpha = adaptiveFeather({ mask: patchMask, distance, featherPx, difference, crop, patch });
  const raster = blend({ crop, edited, patch, alpha, alignment, harmony });
  const place = { crop, edited, mask, patch, distance, blended: raster };
  const scores = scoreComposite({ ...place, registration, harmony, sharpness });
  const inside = scoreInside(prepared.inside, harmony.toned);
  return { raster, patch, alpha, registration, harmony, scores, inside };
}

type Fitted = Pick<Composite, 'registration' | 'harmony'> & Pick<Scores, 'sharpness'>;

function fitted({ size, small, surroundings }: PreparedCrop, edited: Raster): Fitted {
  const { levels, ring } = surroundings();
  const registration = usedUp(resizeTo(edited, size), (reduced) => registerOn(levels, reduced));
  const { alignment } = registration;
  const harmony = usedUp(aligned(edited, size, alignment), (moved) => harmonise(ring, moved));
  return { registration, harmony, sharpness: sharpness(small, harmony.toned, ring.ring) };
}

function takenAsItIs({ size, small, unknown }: PreparedCrop, edited: Raster): Fitted {
  const harmony = asItIs(small, unknown, aligned(edited, size, identityAlignment));
  return { registration: inPlace, harmony, sharpness: 1 };
}

/** True when an answer is the crop wherever nothing was to be repainted: it is in place and in tone. */
function isAsSent({ crop, repainted }: PreparedCrop, edited: Raster): boolean {
  const { width, height, channels } = edited;
  for (const { width: w, height: h } of [crop, repainted]) if (w !== width || h !== height) return false;
  for (let p = 0; p < repainted.data.length; p++) {
    if (repainted.data[p] !== 0) continue;
    for (let c = 0; c < channels; c++) {
      if (edited.data[p * channels + c] !== crop.data[p * crop.channels + c]) return false;
    }
  }
  return true;
}
