import type { InpaintMode } from '../engines/engine.ts';
import { maxDriftShare } from '../fit/alignment.ts';
import type { Composite } from '../fit/composite.ts';
import type { InsideScores } from '../fit/inside.ts';
import type { Size } from '../pixels/raster.ts';
import { rounded } from './region-report.ts';

/** What is to be thought of one answer. */
export interface Judgement {
  /** Why it must not be published; `undefined` when it may be. */
  readonly rejection: string | undefined;
  /** The answer shows what was sent. */
  readonly isUnedited: boolean;
  /** Doubts about an answer that is published, each the end of a sentence about it. */
  readonly doubts: readonly string[];
}

/** An answer whose changes leave no mask: the model was to choose it, and changed nothing. */
export const unchanged: Judgement = {
  rejection: 'Expected the model to change something, got the same picture',
  isUnedited: true,
  doubts: [],
};

/** With a larger residual on the ring, in levels, the surroundings are not those of the picture. */
const maxRingResidual = 16;
/** No correction of tone should need more, levels. */
const maxRingBefore = 64;
/** Beyond these an answer is published with a warning. */
const doubtfulRingResidual = 8;
const doubtfulRingBefore = 32;
/** Share of the largest drift. */
const doubtfulDrift = 0.5;
const doubtfulSeam = 20;
const doubtfulLost = 0.04;
const doubtfulRemains = 0.2;
const doubtfulForeign = 0.07;
const doubtfulPlain = 0.25;
const doubtfulCutOff = 0.1;
/** A removal that leaves so much of the mask white or black filled nothing. */
const blankShare = 0.8;
/** With less the mask holds nothing that can be seen: a removal need not change it. */
const visibleForeign = 0.05;
/** Nobody paints the same edges again. */
const sameEdges = 0.9;
/** Levels by which the inside may differ more than the surroundings and still be what was sent... */
const sameByLevels = 2;
const sameByRatio = 1.5;
/** ...and where its edges are the same: a small move changes those of an object more than others. */
const sameEdgesByLevels = 8;
const sameEdgesByRatio = 3;

/** What was asked for. */
export interface Asked {
  readonly mode: InpaintMode;
  /** The engine continues the surroundings, and may meet what was there before; a model never does. */
  readonly isEmbedded: boolean;
}

type Judged = Pick<Composite, 'scores' | 'harmony' | 'inside'> & {
  /** Insertions: share of the mask's edge that cuts through something, 0..1. */
  readonly cutOff?: number | undefined;
};

/** Decides whether one answer may be used. @param asked `undefined`: its inside was judged before. */
export function judgeAnswer(result: Judged, crop: Size, asked: Asked | undefined): Judgement {
  const outside = judgeOutside(result, crop);
  if (asked === undefined) return outside;
  const { scores, inside, cutOff = 0 } = result;
  const isRemoval = asked.mode === 'removal';
  const isSame = showsTheSame(inside);
  const isUnedited = isSame && (!isRemoval || hadSomething(inside, asked));
  const isBlank = isRemoval && inside.isBlank && inside.plain > blankShare;
  const doubts = [
    isSame && 'changed next to nothing',
    inside.plain > doubtfulPlain && 'has much of one colour in the mask that is rare elsewhere',
    cutOff > doubtfulCutOff &&
      'is cut off at the edge of the mask (INSERTION_CUT), where a wider mask gives room',
    ...(isRemoval ? removalDoubts(inside, scores.seamStep) : []),
  ];
  return {
    rejection:
      outside.rejection ??
      (isUnedited ? unchanged.rejection : undefined) ??
      (isBlank ? 'Expected the mask filled from its surroundings, got it white or black' : undefined),
    isUnedited: isUnedited && outside.rejection === undefined,
    doubts: [...outside.doubts, ...doubts.filter(isText)],
  };
}

function judgeOutside({ scores, harmony, inside }: Judged, crop: Size): Judgement {
  const maxDriftPx = maxDriftShare * Math.hypot(crop.width, crop.height);
  const { ringBefore, ringAfter } = harmony;
  const reasons = [
    scores.driftPx > maxDriftPx &&
      `Expected the answer to be moved by at most ${rounded(maxDriftPx)} px, got ${rounded(scores.driftPx)}`,
    ringAfter > maxRingResidual &&
      `Expected surroundings of the mask within ${maxRingResidual} levels of the picture, got ${rounded(ringAfter)}`,
    ringBefore > maxRingBefore &&
      `Expected surroundings in the tone of the picture within ${maxRingBefore} levels, got ${rounded(ringBefore)}`,
  ];
  const doubts = [
    scores.driftPx > doubtfulDrift * maxDriftPx && 'moved the picture far',
    (ringAfter > doubtfulRingResidual || ringBefore > doubtfulRingBefore) && 'changed much around the mask',
    inside.lost > doubtfulLost && 'changed the picture far from the mask',
  ];
  return { rejection: reasons.find(isText), isUnedited: false, doubts: doubts.filter(isText) };
}

const isText = (entry: string | false): entry is string => entry !== false;

function removalDoubts({ remains, foreign }: InsideScores, seam: number): (string | false)[] {
  return [
    seam > doubtfulSeam && 'has a seam along the edge of the mask',
    remains > doubtfulRemains && 'still shows part of what was to be removed',
    foreign > doubtfulForeign && 'shows something in the mask that is not around it',
  ];
}

/** True when encoding, noise and a small move explain all that changed inside. */
function showsTheSame({ change, changeAround, kept }: InsideScores): boolean {
  if (change <= sameByRatio * changeAround + sameByLevels) return true;
  return kept >= sameEdges && change <= sameEdgesByRatio * changeAround + sameEdgesByLevels;
}

/** True when the mask held something to repaint. In a plain sky, the same again is right. */
function hadSomething({ foreignBefore, kept }: InsideScores, { isEmbedded }: Asked): boolean {
  return foreignBefore >= visibleForeign || (kept >= sameEdges && !isEmbedded);
}
