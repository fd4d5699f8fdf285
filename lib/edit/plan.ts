import type { InpaintEngine } from '../engines/engine.ts';
import { type BoxedMask, dilateBoxed, maskWithin, partOf } from '../pixels/boxed-mask.ts';
import type { Mask, Size } from '../pixels/raster.ts';
import { type FramePlan, planFrame } from '../plan/frame.ts';
import { planRegions } from '../plan/regions.ts';
import type { EditRequest } from '../requests/edit-request.ts';

/** One model call: which part of the picture it sees and which of that it repaints. */
export interface Repaint {
  /** `r0`, `r1`, ...: names the call over retries. */
  readonly key: string;
  readonly plan: FramePlan;
  /**
   * The effective mask inside `plan.box`: 0 = keep, 255 = replace, between the two is blended. `undefined`: the model
   * chooses, and the mask is derived from what it changed.
   */
  readonly mask: Mask | undefined;
  readonly featherPx: number;
  readonly dilationPx: number;
}

export interface RepaintPlan {
  readonly repaints: readonly Repaint[];
  /** The effective mask: the user's, plus the dilation that was asked for; `undefined` where the model chooses. */
  readonly mask: BoxedMask | undefined;
}

interface PlanOptions {
  /** `undefined`: the model makes its own. */
  readonly mask: BoxedMask | undefined;
  /** Of the picture as displayed. */
  readonly size: Size;
  readonly engine: InpaintEngine;
  readonly request: EditRequest;
  /** Where the request says nothing; pixels of the original. */
  readonly defaults: { readonly dilationPx: number; readonly featherPx: number };
  /** At most this many model calls for one edit. */
  readonly maxRegions: number;
}

/** From the mask to the crops that are sent, one for each separate region; without a mask the whole picture is. */
export function planRepaints({
  mask,
  size,
  engine,
  request,
  defaults,
  maxRegions,
}: PlanOptions): RepaintPlan {
  const dilationPx = request.dilationPx ?? defaults.dilationPx;
  const featherPx = request.featherPx ?? defaults.featherPx;
  const effective = mask && dilateBoxed(mask, dilationPx, size);
  const regions = effective
    ? planRegions(effective, { image: size, maxRegions })
    : [{ contextBox: { left: 0, top: 0, ...size }, maskBox: undefined }];
  const repaints = regions.map(({ contextBox, maskBox }, index) => {
    const plan = planFrame({ context: contextBox, image: size, frames: engine.frames });
    return {
      key: `r${index}`,
      plan,
      // Of this region alone: a crop that had to grow to a frame's ratio may hold parts of another.
      mask: effective && maskBox && maskWithin(partOf(effective, maskBox), plan.box),
      featherPx,
      dilationPx,
    };
  });
  return { repaints, mask: effective };
}
