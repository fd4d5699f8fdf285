import { driftPx } from './alignment.ts';
import type { FloatRaster } from './float-raster.ts';
import { samplesPerLevel } from './float-raster.ts';
import type { Harmony } from './harmonise.ts';
import type { Mask, Raster, Size } from './raster.ts';
import type { Registration } from './register.ts';

/** What can be said of a result without knowing the truth; for manifests, and to put candidates in order. */
export interface Scores {
  /** The farthest any point was moved by the model, px of the crop. */
  readonly driftPx: number;
  /** Low-passed difference left on the ring after all correction of tone, levels. */
  readonly ringResidual: number;
  /** How much stronger the step across the mask's edge is than the steps beside it, levels; 0 = no seam. */
  readonly seamStep: number;
  /** Pixels of the answer for one pixel of the crop, along a side, at most 1. */
  readonly resolution: number;
  /** Gradient of the answer against the crop's on the ring, at most 1; below 1 the answer is softer. */
  readonly sharpness: number;
}

/** Levels that one unit of each other score weighs when candidates are compared. */
const sharpnessLevels = 8;
const driftLevelsPerPercent = 0.5;

/** One number to order candidates by, in levels; less is better. */
export function candidateCost(scores: Scores, crop: Size): number {
  const driftPercent = (100 * scores.driftPx) / Math.hypot(crop.width, crop.height);
  return (
    scores.ringResidual +
    scores.seamStep +
    sharpnessLevels * (1 - scores.sharpness) +
    driftLevelsPerPercent * driftPercent
  );
}

/**
 * Scores one composite.
 *
 * @param args.patch the blended pixels. @param args.mask what was allowed to change, size of the patch.
 * @param args.small, args.aligned crop and aligned answer at working size. @param args.covered their mask.
 */
export function scoreComposite(args: {
  readonly crop: Size;
  readonly edited: Size;
  readonly patch: Raster;
  readonly mask: Mask;
  readonly registration: Registration;
  readonly harmony: Harmony;
  readonly small: FloatRaster;
  readonly aligned: FloatRaster;
  readonly covered: Mask;
}): Scores {
  const { crop, edited, patch, mask, registration, harmony, small, aligned, covered } = args;
  return {
    driftPx: driftPx(registration.alignment, crop),
    ringResidual: harmony.ringAfter,
    seamStep: seamStep(patch, mask),
    resolution: Math.min(1, edited.width / crop.width, edited.height / crop.height),
    sharpness: sharpness(small, aligned, covered),
  };
}

/**
 * Mean absolute step across the mask's edge, less the mean step between the two pixels outside of it, in
 * levels over all channels; never below 0, and 0 without an edge.
 */
export function seamStep({ width, height, channels, data }: Raster, mask: Mask): number {
  let [across, beside, count] = [0, 0, 0];
  const visit = (inside: number, outside: number, beyond: number): void => {
    if (mask.data[inside] === 0 || mask.data[outside] !== 0 || mask.data[beyond] !== 0) return;
    count += channels;
    for (let c = 0; c < channels; c++) {
      const edge = data[outside * channels + c]!;
      across += Math.abs(data[inside * channels + c]! - edge);
      beside += Math.abs(data[beyond * channels + c]! - edge);
    }
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const p = y * width + x;
      if (mask.data[p] !== 0) continue;
      if (x > 0 && x < width - 1) {
        visit(p - 1, p, p + 1);
        visit(p + 1, p, p - 1);
      }
      if (y > 0 && y < height - 1) {
        visit(p - width, p, p + width);
        visit(p + width, p, p - width);
      }
    }
  }
  return count === 0 ? 0 : Math.max(0, across - beside) / count / samplesPerLevel(data);
}

/** Sum of absolute differences of neighbours on known pixels, answer over crop, at most 1. */
function sharpness(crop: FloatRaster, answer: FloatRaster, mask: Mask): number {
  let [wanted, got] = [0, 0];
  const { width, channels } = crop;
  for (let p = 0; p + width < mask.data.length; p++) {
    if (mask.data[p] !== 0 || mask.data[p + 1] !== 0 || mask.data[p + width] !== 0) continue;
    if ((p + 1) % width === 0) continue;
    for (let c = 0; c < channels; c++) {
      const k = p * channels + c;
      wanted += gradient(crop.data, k, channels, width);
      got += gradient(answer.data, k, channels, width);
    }
  }
  return wanted === 0 ? 1 : Math.min(1, got / wanted);
}

function gradient(data: Float32Array, k: number, channels: number, width: number): number {
  return Math.abs(data[k + channels]! - data[k]!) + Math.abs(data[k + channels * width]! - data[k]!);
}
