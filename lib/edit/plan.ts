import type { InpaintEngine } from '../engines/engine.ts';
import type { MaskFinder } from '../finders/finder.ts';
import type { Source } from '../formats/vips/read.ts';
import { boxOf } from '../pixels/box.ts';
import { type BoxedMask, dilateBoxed, maskWithin, partOf } from '../pixels/boxed-mask.ts';
import { countAbove0 } from '../pixels/mask.ts';
import type { Box, Mask, Size } from '../pixels/raster.ts';
import { type FramePlan, planFrame } from '../plan/frame.ts';
import { planRegions } from '../plan/regions.ts';
import type { EditRequest } from '../requests/edit-request.ts';
import type { Step } from './stopwatch.ts';

/** A region to repaint by one call of the model: what the model sees, and what of it changes. */
export interface Repaint {
  /** `r0`, `r1`, ...: names the call over retries. */
  readonly key: string;
  readonly plan: FramePlan;
  /**
   * The effective mask inside `plan.box`: 0 = keep, 255 = replace, between the two is blended. `undefined`:
   * the model chooses, and the mask is derived from its changes.
   */
  readonly mask: Mask | undefined;
  /** What of `plan.box` must not be copied into the fill, above 0; `undefined`: all may be. */
  readonly avoid: Mask | undefined;
  readonly featherPx: number;
  readonly dilationPx: number;
}

/** Everything that the steps of one region need. */
export interface RegionContext {
  readonly photo: Source;
  readonly region: Repaint;
  readonly engine: InpaintEngine;
  readonly request: EditRequest;
  /** Finds the people who are kept out of what is copied. */
  readonly people?: MaskFinder | undefined;
  /** Default growth of the repainted area beyond the mask, fraction of the crop's width. */
  readonly modelDilation: number;
  /** At most this many further calls for detail. */
  readonly maxTiles: number;
  /** Where the mask may grow by what the model changes beside it, px of the crop; `undefined`: nowhere. */
  readonly room: Box | undefined;
  /** Reduces a mask of the region to the part that is written; `undefined`: all of it. */
  readonly writable: ((mask: Mask) => Mask) | undefined;
  readonly step: Step;
  readonly signal: AbortSignal;
}

export interface RepaintPlan {
  readonly repaints: readonly Repaint[];
  /** The effective mask: the user's, grown by the requested dilation; `undefined` where the model chooses. */
  readonly mask: BoxedMask | undefined;
}

interface PlanOptions {
  /** `undefined`: the model makes its own. */
  readonly mask?: BoxedMask | undefined;
  /** The mask has been grown already. */
  readonly isGrown?: boolean | undefined;
  /** What is not to be copied into the fill. */
  readonly keep?: BoxedMask | undefined;
  /** Size of the picture as displayed. */
  readonly size: Size;
  readonly engine: InpaintEngine;
  readonly request: EditRequest;
  /** For what the request leaves open, pixels of the original; and at most this many regions. */
  readonly defaults: {
    readonly dilationPx: number;
    readonly featherPx: number;
    readonly maxRegions: number;
  };
}

/** Plans one crop for each separate region of the mask; without a mask one of the whole picture. */
export function planRepaints(options: PlanOptions): RepaintPlan {
  const { mask, isGrown, keep, size, engine, request, defaults } = options;
  const { maxRegions } = defaults;
  const dilationPx = isGrown ? 0 : (request.dilationPx ?? defaults.dilationPx);
  const featherPx = request.featherPx ?? defaults.featherPx;
  const effective = mask && dilateBoxed(mask, dilationPx, size);
  // A fixed ratio would grow back what is cut off.
  const atBorder = engine.frames.kind === 'free' ? 'clip' : 'shift';
  const regions = effective
    ? planRegions(effective, { image: size, maxRegions, atBorder })
    : [{ contextBox: boxOf(size), maskBox: undefined }];
  const repaints = regions.map(({ contextBox, maskBox }, index) => {
    const plan = planFrame({ context: contextBox, image: size, frames: engine.frames });
    return {
      key: `r${index}`,
      plan,
      // Only this region's part: a crop that grew to a frame's ratio may hold parts of another region.
      mask: effective && maskBox && maskWithin(partOf(effective, maskBox), plan.box),
      avoid: keep && setPart(keep, plan.box),
      featherPx,
      dilationPx,
    };
  });
  return { repaints, mask: effective };
}

/** The mask inside a box; `undefined` where nothing is set there. */
function setPart(boxed: BoxedMask, box: Box): Mask | undefined {
  const part = maskWithin(boxed, box);
  return countAbove0(part) > 0 ? part : undefined;
}
