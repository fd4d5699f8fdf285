import type { InpaintRequest } from '../engines/engine.ts';
import type { PreparedCrop } from '../fit/composite.ts';
import { boxOf } from '../pixels/box.ts';
import { coverMask } from '../pixels/mask.ts';
import type { Raster } from '../pixels/raster.ts';
import { fitAnswer, prepareRegion } from './answer.ts';
import type { Asked } from './judge.ts';
import type { RegionContext } from './plan.ts';
import type { View } from './view.ts';

interface Trial {
  readonly view: View;
  readonly request: InpaintRequest;
  /** What answers are compared with at the size of the picture. */
  readonly prepared: () => PreparedCrop | undefined;
}

/**
 * Judges the answers that an embedded engine chooses from, as it will be judged what it returns. A crop that
 * it saw smaller than it is is judged at the size it saw: four answers at full size would take the time and
 * memory of four edits.
 *
 * @returns the cost of an answer, levels; infinite where it must not be published.
 */
export function judgeOf(context: RegionContext, trial: Trial): InpaintRequest['judge'] {
  const { region, writable } = context;
  const { mask } = region;
  if (mask === undefined) return undefined;
  const asked: Asked = { mode: context.request.mode, isEmbedded: true };
  if (region.plan.scale <= 1) {
    const { crop } = trial.view;
    return (answer) =>
      costOf(fitAnswer({ crop, answer, region, writable, asked, prepared: trial.prepared() }));
  }
  return reducedJudge(context, trial, asked);
}

function reducedJudge(
  { region }: RegionContext,
  { request }: Trial,
  asked: Asked,
): (answer: Raster) => number {
  const { crop, mask: repainted } = request;
  const { plan, featherPx } = region;
  const prepare = () => {
    const mask = coverMask(region.mask!, crop);
    const reduced = {
      ...region,
      mask,
      featherPx: Math.ceil(featherPx / plan.scale),
      plan: { ...plan, box: boxOf(crop), scale: 1 },
    };
    const prepared = prepareRegion({ crop, region: reduced, mask, repainted, colours: crop.channels });
    return { crop, region: reduced, asked, prepared };
  };
  // Models never ask.
  let known: ReturnType<typeof prepare> | undefined;
  return (answer) => {
    known ??= prepare();
    return costOf(fitAnswer({ ...known, answer }));
  };
}

const costOf = ({ rejection, fit }: ReturnType<typeof fitAnswer>): number =>
  rejection === undefined ? fit.cost : Number.POSITIVE_INFINITY;
