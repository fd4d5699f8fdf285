import type { Pointer } from '../kernels/exports.ts';
import { useKernels } from '../kernels/kernels.ts';
import {
  type Box,
  type FloatRaster,
  type Mask,
  type Raster,
  type Size,
  samplesPerLevel,
} from '../pixels/raster.ts';
import { driftPx } from './alignment.ts';
import type { Harmony } from './harmonise.ts';
import type { InsideScores } from './inside.ts';
import type { Registration } from './register.ts';

/** Quality of a composite, measured without knowing the truth; for manifests, and to order candidates. */
export interface Scores {
  /** The farthest any point was moved by the model, px of the crop. */
  readonly driftPx: number;
  /** Low-passed difference left on the ring after all correction of tone, levels. */
  readonly ringResidual: number;
  /** How much the step over the mask's edge stands out from the one beside it, levels; 0 = no seam. */
  readonly seamStep: number;
  /** Pixels of the answer for one pixel of the crop, along a side, at most 1. */
  readonly resolution: number;
  /** Gradient of the answer against the crop's on the ring, at most 1; below 1 the answer is softer. */
  readonly sharpness: number;
}

/** Weight of the old picture, or another thing, inside the mask of a removal: it counts more than a seam. */
const insideLevels = 24;
/** A broken line is seen from afar: it counts more than a seam of as many levels. */
const lineWeight = 10;
/** Weights of the other scores when candidates are compared, in levels. */
const sharpnessLevels = 8;
const resolutionLevels = 8;
const driftLevelsPerPercent = 0.5;
/** The tightest feather goes from old to new within 2 px: steps are measured beyond it. */
const seamReachPx = 3;

/** One number to order candidates by, in levels; less is better. */
export function candidateCost(scores: Scores, crop: Size): number {
  const driftPercent = (100 * scores.driftPx) / Math.hypot(crop.width, crop.height);
  return (
    scores.ringResidual +
    scores.seamStep +
    sharpnessLevels * (1 - scores.sharpness) +
    resolutionLevels * (1 - scores.resolution) +
    driftLevelsPerPercent * driftPercent
  );
}

/** What the inside of a removal by a model adds to {@link candidateCost}, levels. */
export function insideCost({ remains, foreign, plain }: InsideScores): number {
  return insideLevels * (Math.max(0, remains) + foreign + plain);
}

/**
 * The same for an engine that copies. It continues what is around, which may look like what was there before,
 * and paints no blanks. But it may break lines. @param lines from `brokenLines`, levels.
 */
export function copyCost({ foreign }: InsideScores, lines: number): number {
  return insideLevels * foreign + lineWeight * lines;
}

/**
 * Scores one composite.
 *
 * @param args.mask what was allowed to change, size of the crop. @param args.patch, args.distance,
 * args.blended as in `seamStep`.
 * @param args.sharpness as in `sharpness`.
 */
export function scoreComposite(args: {
  readonly crop: Raster;
  readonly edited: Size;
  readonly mask: Mask;
  readonly patch: Box;
  readonly distance: Float32Array;
  readonly blended: Raster;
  readonly registration: Registration;
  readonly harmony: Harmony;
  readonly sharpness: number;
}): Scores {
  const { crop, edited, registration, harmony, sharpness } = args;
  return {
    driftPx: driftPx(registration.alignment, crop),
    ringResidual: harmony.ringAfter,
    seamStep: seamStep(args),
    resolution: Math.min(1, edited.width / crop.width, edited.height / crop.height),
    sharpness,
  };
}

/**
 * Mean absolute step from the last kept pixel to 3 px inside the mask, less the mean step from that pixel to
 * 3 px outside, in levels over all channels; at least 0, and 0 without an edge.
 *
 * @param args.crop H x W x C, as it was. @param args.mask H x W x 1. @param args.patch a box of the crop that
 * holds the mask. @param args.distance from its pixels to the nearest kept one, px. @param args.blended the
 * same box after the edit.
 */
export function seamStep(args: {
  readonly crop: Raster;
  readonly mask: Mask;
  readonly patch: Box;
  readonly distance: Float32Array;
  readonly blended: Raster;
}): number {
  const { crop, mask, patch, distance } = args;
  const sums = { across: 0, beside: 0, count: 0 };
  // Beside a kept pixel the distance is 1: indexOf finds the edge natively.
  for (let at = distance.indexOf(1); at >= 0; at = distance.indexOf(1, at + 1)) {
    const x = patch.left + (at % patch.width);
    const y = patch.top + Math.floor(at / patch.width);
    if (isKept(mask, x - 1, y)) addStep(sums, args, { x: x - 1, y, dx: 1, dy: 0 });
    if (isKept(mask, x + 1, y)) addStep(sums, args, { x: x + 1, y, dx: -1, dy: 0 });
    if (isKept(mask, x, y - 1)) addStep(sums, args, { x, y: y - 1, dx: 0, dy: 1 });
    if (isKept(mask, x, y + 1)) addStep(sums, args, { x, y: y + 1, dx: 0, dy: -1 });
  }
  const { across, beside, count } = sums;
  return count === 0 ? 0 : Math.max(0, across - beside) / count / samplesPerLevel(crop.data);
}

function isKept({ width, height, data }: Mask, x: number, y: number): boolean {
  return x >= 0 && y >= 0 && x < width && y < height && data[y * width + x] === 0;
}

/** Adds the steps at x, y, a kept pixel; one step of dx, dy from it leads into the mask. */
function addStep(
  sums: { across: number; beside: number; count: number },
  { crop, mask, patch, blended }: Parameters<typeof seamStep>[0],
  { x, y, dx, dy }: { readonly x: number; readonly y: number; readonly dx: number; readonly dy: number },
): void {
  const { width, height, channels } = crop;
  const [inX, inY] = [x + dx * seamReachPx, y + dy * seamReachPx];
  const [outX, outY] = [x - dx * seamReachPx, y - dy * seamReachPx];
  if (Math.min(inX, inY, outX, outY) < 0) return;
  if (Math.max(inX, outX) >= width || Math.max(inY, outY) >= height) return;
  if (mask.data[inY * width + inX] === 0 || mask.data[outY * width + outX] !== 0) return;
  sums.count += channels;
  const edge = (y * width + x) * channels;
  const inside = ((inY - patch.top) * patch.width + inX - patch.left) * channels;
  const outside = (outY * width + outX) * channels;
  for (let c = 0; c < channels; c++) {
    const level = crop.data[edge + c]!;
    sums.across += Math.abs(blended.data[inside + c]! - level);
    sums.beside += Math.abs(crop.data[outside + c]! - level);
  }
}

/**
 * Sum of absolute differences of neighbours on the ring: the answer's over the crop's, at most 1.
 *
 * @param crop at working size, levels. @param answer the same size, in place and in tone. @param ring the
 * same size: 1 where both are compared.
 */
export function sharpness(crop: FloatRaster, answer: FloatRaster, { data: known }: FloatRaster): number {
  const { width, height, channels } = crop;
  return useKernels(({ kernels, arena }) => {
    /** Room for the rows y and y + 1. */
    const twoRows = ({ data }: { readonly data: Float32Array }, samples: number) => {
      const pointer = arena.reserve(8 * samples);
      return (y: number): Pointer => {
        const rows = data.subarray(y * samples, (y + 2) * samples);
        arena.view(Float32Array, pointer, rows.length).set(rows);
        return pointer;
      };
    };
    const [ofCrop, ofAnswer] = [twoRows(crop, width * channels), twoRows(answer, width * channels)];
    const ofKnown = twoRows({ data: known }, width);
    const sums = arena.put(Float64Array.of(0, 0));
    for (let y = 0; y + 1 < height; y++) {
      if (!known.subarray(y * width, (y + 1) * width).includes(1)) continue;
      kernels.addSteps(ofCrop(y), ofAnswer(y), ofKnown(y), width, channels, sums);
    }
    const [wanted = 0, got = 0] = arena.view(Float64Array, sums, 2);
    return wanted === 0 ? 1 : Math.min(1, got / wanted);
  });
}
