import type { InpaintRequest } from '../engines/engine.ts';
import type { PreparedCrop } from '../fit/composite.ts';
import { boxOf } from '../pixels/box.ts';
import { coverMask } from '../pixels/mask.ts';
import type { Mask, Raster, Size } from '../pixels/raster.ts';
import { rescale } from '../pixels/resample.ts';
import { fitAnswer, prepareRegion } from './answer.ts';
import type { Asked } from './judge.ts';
import type { RegionContext, Repaint } from './plan.ts';
import type { View } from './view.ts';

interface Trial {
  readonly view: View;
  readonly request: InpaintRequest;
  /** What answers are compared with at the size of the picture. */
  readonly prepared: () => PreparedCrop | undefined;
}

/**
 * Judges the answers that an embedded engine chooses from, as it will be judged what it returns. An answer
 * that is smaller than the crop is judged at its own size: four answers at full size would take the time and
 * memory of four edits.
 *
 * @returns the cost of an answer, levels; infinite where it must not be published.
 */
export function judgeOf(context: RegionContext, trial: Trial): InpaintRequest['judge'] {
  const { region, writable } = context;
  const { crop } = trial.view;
  if (region.mask === undefined) return undefined;
  const asked: Asked = { mode: context.request.mode, isEmbedded: true };
  const reduced = new Map<number, Reduced>();
  return (answer) => {
    if (answer.width === crop.width && answer.height === crop.height) {
      return costOf(fitAnswer({ crop, answer, region, writable, asked, prepared: trial.prepared() }));
    }
    const known = reduced.get(answer.width) ?? reducedTo(answer, context, trial);
    reduced.set(answer.width, known);
    return costOf(fitAnswer({ ...known, answer: insideOf(answer, known), asked }));
  };
}

interface Reduced {
  readonly crop: Raster;
  readonly region: Repaint;
  /** What was to be repainted. */
  readonly repainted: Mask;
  readonly prepared: PreparedCrop;
}

/** What answers of one size are compared with. */
function reducedTo({ width, height }: Size, { region }: RegionContext, { request }: Trial): Reduced {
  const size = { width, height };
  const crop = rescale(request.crop, size, 'area');
  const mask = coverMask(region.mask!, size);
  const { plan, featherPx } = region;
  const scale = plan.box.width / width;
  const own = {
    ...region,
    mask,
    featherPx: Math.ceil(featherPx / scale),
    plan: { box: boxOf(size), frame: size, content: boxOf(size), scale: 1 },
  };
  const repainted = coverMask(request.mask ?? mask, size);
  const prepared = prepareRegion({ crop, region: own, mask, repainted, colours: crop.channels });
  return { crop, region: own, repainted, prepared };
}

/** The answer in the crop: each was reduced in another way, which is no fault. */
function insideOf(answer: Raster, { crop, repainted }: Reduced): Raster {
  const { channels, data } = answer;
  const inside = data.map((value, i) =>
    repainted.data[Math.trunc(i / channels)]! > 0 ? value : crop.data[i]!,
  );
  return { ...answer, data: inside };
}

const costOf = ({ rejection, fit }: ReturnType<typeof fitAnswer>): number =>
  rejection === undefined ? fit.cost : Number.POSITIVE_INFINITY;
