import type { InpaintRequest } from '../engines/engine.ts';
import type { PreparedCrop } from '../fit/composite.ts';
import { boxOf } from '../pixels/box.ts';
import { coverMask } from '../pixels/mask.ts';
import type { Mask, Raster, Size } from '../pixels/raster.ts';
import { rescale } from '../pixels/resample.ts';
import { fitAnswer, prepareRegion } from './answer.ts';
import type { Asked } from './judge.ts';
import type { RegionContext, Repaint } from './plan.ts';

/**
 * Judges the answers that an embedded engine chooses from, each at its own size: four answers at the size of
 * the picture would take the time and memory of four edits. It looks at all that was repainted. That is more
 * than what is written: lines are found only where the picture is known, and seams only where pieces begin.
 *
 * @returns the cost of an answer, levels; infinite where it must not be published.
 */
export function judgeOf({ region, request: { mode } }: RegionContext, request: InpaintRequest): Judge {
  const { mask } = region;
  if (mask === undefined) return undefined;
  const asked: Asked = { mode, isEmbedded: true };
  const bySize = new Map<number, Seen>();
  return (answer) => {
    const seen =
      bySize.get(answer.width) ?? seenAt(answer, region, { ...request, mask: request.mask ?? mask });
    bySize.set(answer.width, seen);
    return costOf(fitAnswer({ ...seen, answer: insideOf(answer, seen), asked }));
  };
}

type Judge = InpaintRequest['judge'];

interface Seen {
  readonly crop: Raster;
  /** Its mask is all that was to be repainted. */
  readonly region: Repaint & { readonly mask: Mask };
  readonly prepared: PreparedCrop;
}

/** What answers of one size are compared with. */
function seenAt(
  { width, height }: Size,
  region: Repaint,
  request: Pick<InpaintRequest, 'crop'> & { readonly mask: Mask },
): Seen {
  const size = { width, height };
  const crop = rescale(request.crop, size, 'area');
  const mask = coverMask(request.mask, size);
  const own = {
    ...region,
    mask,
    featherPx: Math.ceil((region.featherPx * width) / region.plan.box.width),
    plan: { box: boxOf(size), frame: size, content: boxOf(size), scale: 1 },
  };
  const prepared = prepareRegion({ crop, region: own, mask, repainted: mask, colours: crop.channels });
  return { crop, region: own, prepared };
}

/** The answer in the crop: each was reduced in another way, which is no fault. */
function insideOf(answer: Raster, { crop, region: { mask } }: Seen): Raster {
  const { channels } = answer;
  const data = crop.data.slice();
  for (let i = 0; i < data.length; i++) {
    if (mask.data[Math.trunc(i / channels)] !== 0) data[i] = answer.data[i]!;
  }
  return { ...answer, data };
}

const costOf = ({ rejection, fit }: ReturnType<typeof fitAnswer>): number =>
  rejection === undefined ? fit.cost : Number.POSITIVE_INFINITY;
