import type { InpaintOutcome } from '../engines/engine.ts';
import type { TileFit } from '../fit/tiles.ts';
import type { Box, Size } from '../pixels/raster.ts';
import type { FramePlan } from '../plan/frame.ts';

/** The part of a manifest that describes one region. */
export interface RegionReport {
  /** What the model saw, pixels of the picture as displayed. */
  readonly box: Box;
  /** The size it was sent in. */
  readonly frame: Size;
  /** Pixels of the picture for one of the frame; above 1 the answer has less detail than the picture. */
  readonly scale: number;
  /** Pixels of the model for one pixel of the picture that the best candidate has everywhere, at most 1. */
  readonly effectiveResolution: number;
  /** One for each requested candidate. */
  readonly outcomes: readonly CandidateOutcome[];
  /** Pictures that an embedded engine made to choose the candidates from. */
  readonly made?: number;
  /** What of the crop was not copied; only with an engine that copies, and where there is any. */
  readonly avoided?: AvoidedReport;
  /** One for each candidate that came back as a picture: in the order of the outputs, then rejected ones. */
  readonly fits: readonly FitReport[];
  /** Only where tiles were requested and could add detail. */
  readonly tiles?: TilesReport;
}

/** Shares of the crop, 0..1. */
export interface AvoidedReport {
  /** What the keep mask names. */
  readonly keep?: number;
  /** People around the mask, with a margin. */
  readonly people?: number;
}

/**
 * An image, why there is none, or why it is not used: `drifted` does not fit the picture, `unedited` is the
 * picture that was sent.
 */
export interface CandidateOutcome {
  readonly kind: InpaintOutcome['kind'] | 'drifted' | 'unedited';
  readonly reason?: string;
}

/** How well one answer of a model fits the picture it was made for. */
export interface FitReport {
  /** How far the model moved the worst corner of the crop, pixels of the picture. */
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
  /** Contrast of neighbours around the mask, answer over picture, at most 1; below 1 it is softer. */
  readonly sharpness: number;
  /**
   * How much the most changed part of the mask changed, levels; absent in reports of version 0.1, as the next
   * three.
   */
  readonly change?: number;
  /** Share of the edges of what was in the mask that are still there, 0..1. */
  readonly remains?: number;
  /** Share of the mask that looks like nothing around it, 0..1. */
  readonly foreign?: number;
  /** Share of the mask in one colour that is rare around it, 0..1. */
  readonly plain?: number;
  /** Share of the mask's edge that cuts through what was painted, 0..1; only of insertions. */
  readonly cutOff?: number;
  /**
   * How much of the straight lines that lead into the mask is lost in it, levels; only of embedded engines.
   */
  readonly lines?: number;
  /** The sum of it, levels: candidates are sorted by it, the least first. */
  readonly cost: number;
}

export interface TilesReport {
  readonly planned: number;
  /** Tiles that came back and show the same as the first answer. */
  readonly used: number;
  /** Pixels of the model for one pixel of the picture where tiles were used, at most 1. */
  readonly effectiveResolution: number;
  /** One for each tile that came back. */
  readonly fits: readonly TileFit[];
}

/** Rounds to hundredths: more digits of a measurement would be noise in a report. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

interface Fitted {
  readonly fit: FitReport;
  readonly rejection: string | undefined;
  readonly isUnedited: boolean;
}

const inOrderOfOutputs = (a: Fitted, b: Fitted): number =>
  Number(a.rejection !== undefined) - Number(b.rejection !== undefined) || a.fit.cost - b.fit.cost;

/** @param region.fitted the fitted pictures, in the order of the images among the outcomes. */
export function regionReport(region: {
  readonly plan: FramePlan;
  readonly outcomes: readonly InpaintOutcome[];
  readonly fitted: readonly Fitted[];
  readonly made: number | undefined;
  readonly avoided: AvoidedReport | undefined;
  readonly best: FitReport;
  readonly tiles: TilesReport | undefined;
}): RegionReport {
  const { plan, outcomes, fitted, made, avoided, best, tiles } = region;
  const { box, frame, scale } = plan;
  const answers = fitted.values();
  // Where a tile was left out, the first answer stays.
  const isFiner = tiles !== undefined && tiles.used === tiles.planned;
  return {
    box,
    frame,
    scale,
    effectiveResolution: (isFiner ? tiles : best).effectiveResolution,
    outcomes: outcomes.map((outcome) => {
      if (outcome.kind !== 'image') return { kind: outcome.kind, reason: outcome.reason };
      const { rejection, isUnedited = false } = answers.next().value ?? {};
      if (rejection === undefined) return { kind: 'image' };
      return { kind: isUnedited ? 'unedited' : 'drifted', reason: rejection };
    }),
    ...(made !== undefined && { made }),
    ...(avoided && { avoided }),
    fits: fitted.toSorted(inOrderOfOutputs).map(({ fit }) => fit),
    ...(tiles && { tiles }),
  };
}
