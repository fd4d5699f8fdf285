import { candidateCost, type Scores } from '../fit/score.ts';
import type { Size } from '../pixels/raster.ts';
import { rounded } from './rounded.ts';

/** How one answer of a model fitted the picture it was made for. */
export interface FitReport {
  /** The farthest any point of the crop was moved by the model, pixels of the picture. */
  readonly driftPx: number;
  /** False: the surroundings of the mask were too flat to tell, and nothing was moved. */
  readonly isRegistered: boolean;
  /** Low-passed difference on the ring around the mask, levels of 255, as answered and after correction. */
  readonly ringBefore: number;
  readonly ringAfter: number;
  /** How much the mask's edge stands out from the steps beside it after blending, levels; 0 = no seam. */
  readonly seam: number;
  /** Pixels of the model for one pixel of the picture, along a side, at most 1. */
  readonly effectiveResolution: number;
  /** Contrast of neighbours in the answer against the picture's around the mask, at most 1; below 1 the answer is softer. */
  readonly sharpness: number;
  /** All of it in one number, levels: candidates are put in this order, the least first. */
  readonly cost: number;
}

/** A model that moved the picture by more than this share of the crop's diagonal painted another picture. */
const maxDriftShare = 0.04;
/** Residual on the ring, levels, beyond which the surroundings are not those of the picture. */
const maxRingResidual = 16;

interface Measured {
  readonly scores: Scores;
  readonly registration: { readonly confident: boolean };
  readonly harmony: { readonly ringBefore: number };
}

export function fitReport({ scores, registration, harmony }: Measured, crop: Size): FitReport {
  return {
    driftPx: rounded(scores.driftPx),
    isRegistered: registration.confident,
    ringBefore: rounded(harmony.ringBefore),
    ringAfter: rounded(scores.ringResidual),
    seam: rounded(scores.seamStep),
    effectiveResolution: rounded(scores.resolution),
    sharpness: rounded(scores.sharpness),
    cost: rounded(candidateCost(scores, crop)),
  };
}

/** A sentence when an answer that fits like this must not be published. */
export function rejectionOf({ driftPx, ringAfter }: FitReport, crop: Size): string | undefined {
  const maxDriftPx = maxDriftShare * Math.hypot(crop.width, crop.height);
  if (driftPx > maxDriftPx) {
    return `Expected the answer to be moved by at most ${rounded(maxDriftPx)} px, got ${driftPx}`;
  }
  if (ringAfter > maxRingResidual) {
    return `Expected the surroundings of the mask within ${maxRingResidual} levels of the picture's, got ${ringAfter}`;
  }
  return undefined;
}
