import type { InpaintOutcome } from '../engines/engine.ts';
import type { Box, Size } from '../pixels/raster.ts';
import type { FramePlan } from '../plan/frame.ts';
import type { Fitted } from './composite.ts';
import type { TilesReport } from './detail.ts';
import type { FitReport } from './fit.ts';

/** A candidate's end: an image, none and why, or one that did not fit its surroundings. */
export interface CandidateOutcome {
  readonly kind: InpaintOutcome['kind'] | 'drifted';
  readonly reason?: string;
}

/** What the manifest says of one region. */
export interface RegionReport {
  /** What the model saw, pixels of the picture as displayed. */
  readonly box: Box;
  /** The size it was sent in. */
  readonly frame: Size;
  /** Pixels of the picture for one pixel of the frame; above 1 the answer has less detail than the picture. */
  readonly scale: number;
  /** Pixels of the model for one pixel of the picture that the best candidate has everywhere, at most 1. */
  readonly effectiveResolution: number;
  /** What came of each candidate asked for. */
  readonly outcomes: readonly CandidateOutcome[];
  /** How each picture that came fitted. */
  readonly fits: readonly FitReport[];
  /** Only where tiles were asked for and could add something. */
  readonly tiles?: TilesReport;
}

/** The fitted pictures stand in the order of the images among the outcomes. */
export function regionReport(told: {
  readonly plan: FramePlan;
  readonly outcomes: readonly InpaintOutcome[];
  readonly fitted: readonly Fitted[];
  readonly best: Fitted;
  readonly tiles: TilesReport | undefined;
}): RegionReport {
  const { plan, outcomes, fitted, best, tiles } = told;
  const { box, frame, scale } = plan;
  // A tile that was left out leaves the first answer there.
  const isFiner = tiles !== undefined && tiles.used === tiles.planned;
  return {
    box,
    frame,
    scale,
    effectiveResolution: (isFiner ? tiles : best.fit).effectiveResolution,
    outcomes: outcomesOf(outcomes, fitted),
    fits: fitted.map(({ fit }) => fit),
    ...(tiles && { tiles }),
  };
}

function outcomesOf(outcomes: readonly InpaintOutcome[], fitted: readonly Fitted[]): CandidateOutcome[] {
  const fits = fitted.values();
  return outcomes.map((outcome) => {
    if (outcome.kind !== 'image') return { kind: outcome.kind, reason: outcome.reason };
    const rejection = fits.next().value?.rejection;
    return rejection === undefined ? { kind: 'image' } : { kind: 'drifted', reason: rejection };
  });
}
