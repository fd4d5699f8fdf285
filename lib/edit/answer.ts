import { type Composite, compositeOn, type PreparedCrop, prepareCrop } from '../fit/composite.ts';
import { cutOffShare } from '../fit/cut-off.ts';
import { differenceMask } from '../fit/difference-mask.ts';
import { brokenLines } from '../fit/lines.ts';
import { candidateCost, copyCost, insideCost } from '../fit/score.ts';
import { boundingBox, crop as cut } from '../pixels/box.ts';
import { dilate } from '../pixels/mask.ts';
import { firstChannels, type Mask, type Raster, type Size } from '../pixels/raster.ts';
import { contentOf } from '../plan/frame.ts';
import { type Asked, judgeAnswer, unchanged } from './judge.ts';
import type { Repaint } from './plan.ts';
import { type FitReport, rounded } from './region-report.ts';

export interface FittedAnswer {
  readonly fit: FitReport;
  /** Why the answer must not be published; `undefined` when it may be. */
  readonly rejection: string | undefined;
  /** The answer shows what was sent. */
  readonly isUnedited: boolean;
  /** Doubts about an answer that is published, each the end of a sentence about it. */
  readonly doubts: readonly string[];
  /** What may change, at the size of the crop: the region's mask, or the one derived from the answer. */
  readonly mask: Mask;
  /** Where the changed part lies in the crop. */
  readonly patch: { readonly left: number; readonly top: number };
  /** The changed part before and after. */
  readonly original: Raster;
  readonly edited: Raster;
  /** How much of the changed part is the answer, 255 = all. */
  readonly opacity: Mask;
}

interface RegionOptions {
  /** The crop in the colours of the engine. */
  readonly crop: Raster;
  readonly region: Repaint;
  /** Reduces a mask to the part that is written; `undefined`: all of it. */
  readonly writable?: ((mask: Mask) => Mask) | undefined;
}

/** Prepares what answers to a region with this mask are compared with. */
export function prepareRegion(
  options: RegionOptions & {
    readonly mask: Mask;
    /** What the model was to repaint, in the frame; `undefined`: the mask. */
    readonly repainted: Mask | undefined;
    /** Channels of an answer. */
    readonly colours: number;
  },
): PreparedCrop {
  const { crop, region, writable, repainted, colours } = options;
  const { plan, featherPx } = region;
  const mask = writable === undefined ? options.mask : writable(options.mask);
  return prepareCrop({
    crop,
    mask,
    repainted: repainted === undefined ? mask : contentOf(repainted, plan),
    colours,
    featherPx,
  });
}

interface FitOptions extends RegionOptions {
  /** The whole answer in the same colours, 8 bit, any size. */
  readonly answer: Raster;
  /** From {@link prepareRegion}; `undefined`: prepared here. */
  readonly prepared?: PreparedCrop | undefined;
  /** What the answer is for; `undefined`: its inside was judged before. */
  readonly asked?: Asked | undefined;
}

/** Registers, harmonises and blends one answer, and decides whether it may be used. */
export function fitAnswer(options: FitOptions): FittedAnswer {
  const { crop, answer, region } = options;
  const edited = contentOf(answer, region.plan);
  const colours = edited.channels;
  const mask =
    region.mask ?? dilate(differenceMask({ crop: firstChannels(crop, colours), edited }), region.dilationPx);
  const prepared = options.prepared ?? prepareRegion({ ...options, mask, repainted: undefined, colours });
  const result = compositeOn(prepared, edited);
  const own = ownScores(prepared, result, options.asked);
  const judged =
    boundingBox(prepared.mask) === undefined
      ? unchanged
      : judgeAnswer({ ...result, ...own }, crop, options.asked);
  const { patch, raster, alpha } = result;
  const fit = fitReport(result, crop, { ...own, isRemoval: options.asked?.mode === 'removal' });
  return { ...judged, fit, mask, patch, original: cut(crop, patch), edited: raster, opacity: alpha };
}

/** Scores of some answers only. */
interface OwnScores {
  /** Removals by engines that copy. */
  readonly lines?: number;
  /** Insertions. */
  readonly cutOff?: number;
}

function ownScores(
  { small, mask, lines }: PreparedCrop,
  { harmony: { toned } }: Composite,
  asked: Asked | undefined,
): OwnScores {
  if (asked?.mode === 'insertion') return { cutOff: rounded(cutOffShare(small, toned, mask)) };
  return asked?.isEmbedded ? { lines: rounded(brokenLines(lines(), toned)) } : {};
}

function fitReport(
  { scores, registration, harmony, inside }: Composite,
  crop: Size,
  { isRemoval, ...own }: OwnScores & { readonly isRemoval: boolean },
): FitReport {
  const modelCost = isRemoval ? insideCost(inside) : 0;
  const ownCost = own.lines === undefined ? modelCost : copyCost(inside, own.lines);
  return {
    driftPx: rounded(scores.driftPx),
    isRegistered: registration.confident,
    ringBefore: rounded(harmony.ringBefore),
    ringAfter: rounded(scores.ringResidual),
    seam: rounded(scores.seamStep),
    effectiveResolution: rounded(scores.resolution),
    sharpness: rounded(scores.sharpness),
    change: rounded(inside.change),
    remains: rounded(inside.remains),
    foreign: rounded(inside.foreign),
    plain: rounded(inside.plain),
    ...own,
    cost: rounded(candidateCost(scores, crop) + ownCost),
  };
}
