import type { InpaintEngine } from '../engines/engine.ts';
import { boundingBox, crop, grow } from '../image/box.ts';
import { dilate } from '../image/dilate.ts';
import { type FramePlan, planFrame } from '../image/frame.ts';
import type { Mask } from '../image/raster.ts';
import { planRegions } from '../image/regions.ts';
import type { EditRequest } from '../request.ts';

/** One model call: which part of the picture it sees and which of that it repaints. */
export interface Repaint {
  /** `r0`, `r1`, ...: names the call over retries. */
  readonly key: string;
  readonly plan: FramePlan;
  /** The effective mask inside `plan.box`: 0 = keep, 255 = replace, between the two is blended. */
  readonly mask: Mask;
  readonly featherPx: number;
}

export interface RepaintPlan {
  readonly repaints: readonly Repaint[];
  /** The effective mask: the user's, plus the dilation that was asked for. */
  readonly mask: Mask;
}

interface PlanOptions {
  readonly mask: Mask;
  readonly engine: InpaintEngine;
  readonly request: EditRequest;
  /** Where the request says nothing; pixels of the original. */
  readonly defaults: { readonly dilationPx: number; readonly featherPx: number };
  /** At most this many model calls for one edit. */
  readonly maxRegions: number;
}

/** From the mask to the crops that are sent, one for each separate region. */
export function planRepaints({ mask, engine, request, defaults, maxRegions }: PlanOptions): RepaintPlan {
  const effective = dilatedMask(mask, request.dilationPx ?? defaults.dilationPx);
  const repaints = planRegions(effective, { maxRegions }).map(({ contextBox }, index) => {
    const plan = planFrame({ context: contextBox, image: effective, frames: engine.frames });
    return {
      key: `r${index}`,
      plan,
      mask: crop(effective, plan.box),
      featherPx: request.featherPx ?? defaults.featherPx,
    };
  });
  return { repaints, mask: effective };
}

/** Dilates only around what is set: a distance transform of the whole picture would cost more than the edit. */
function dilatedMask(mask: Mask, radiusPx: number): Mask {
  const set = radiusPx > 0 ? boundingBox(mask) : undefined;
  if (set === undefined) return mask;
  const reach = grow(set, Math.ceil(radiusPx), mask);
  const grown = dilate(crop(mask, reach), radiusPx);
  const data = mask.data.slice();
  for (let y = 0; y < reach.height; y++) {
    const row = grown.data.subarray(y * reach.width, (y + 1) * reach.width);
    data.set(row, (reach.top + y) * mask.width + reach.left);
  }
  return { ...mask, data };
}
