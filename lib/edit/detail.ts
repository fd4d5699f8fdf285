import { composite } from '../fit/composite.ts';
import { boxOf, paste } from '../pixels/box.ts';
import { coverMask } from '../pixels/mask.ts';
import type { Mask, Raster } from '../pixels/raster.ts';
import { contentOf, maskInFrame, sufficientScale } from '../plan/frame.ts';
import { planDetail, type TilePlan } from '../plan/tile-plan.ts';
import { type FittedAnswer, fitAnswer } from './answer.ts';
import { askForTiles, type Guide, type TileAnswers } from './ask-for-tiles.ts';
import { dilationOf } from './model-call.ts';
import type { RegionContext } from './plan.ts';
import { rounded, type TilesReport } from './region-report.ts';
import type { View } from './view.ts';

export interface Detailed {
  /** `undefined` when tiles add nothing, or need more calls than are allowed. */
  readonly fitted: FittedAnswer | undefined;
  readonly report: TilesReport | undefined;
  readonly warnings: readonly string[];
  readonly calls: number;
}

interface DetailOptions extends RegionContext {
  readonly view: View;
  /** The region's. */
  readonly mask: Mask;
  /** The best of the first answers: H x W x 3, 8 bit sRGB, the whole frame. */
  readonly answer: Raster;
}

/**
 * Asks again for the parts of a region that got less detail than the picture has, each with the first answer
 * around it, and adds their detail to it. Every tile is a call of its own (`r0t0`, `r0t1`, ...), counted and
 * stored like any other.
 */
export async function addDetail(options: DetailOptions): Promise<Detailed> {
  const { view, mask, region, writable, maxTiles, step } = options;
  const tiling = planDetail({ mask, plan: region.plan, maxTiles });
  if (tiling === undefined)
    return { fitted: undefined, report: undefined, calls: 0, warnings: tooFewTiles(options) };
  const guide = await step('guide', () => guideOf(options, tiling));
  const tiles = await step('tiles', () => askForTiles(options, tiling, guide));
  const plan = {
    ...region.plan,
    frame: tiling.canvas,
    content: boxOf(tiling.canvas),
    scale: tiling.scale,
  };
  const fitted = await step('composite', () =>
    fitAnswer({ crop: view.crop, answer: tiles.canvas, region: { ...region, plan }, writable }),
  );
  const report = tilesReport(tiling, tiles);
  const warnings = [...tiles.warnings, ...warningsOf(region.key, tiling, tiles, report)];
  if (fitted.rejection === undefined) return { fitted, report, warnings, calls: tiles.calls };
  return {
    fitted: undefined,
    report: { ...report, used: 0 },
    warnings: [...warnings, `The tiles of region ${region.key} were left out: ${fitted.rejection}.`],
    calls: tiles.calls,
  };
}

/** No warning where one answer has all the detail. */
function tooFewTiles({ region, maxTiles }: DetailOptions): string[] {
  if (region.plan.scale <= sufficientScale) return [];
  return [
    `Region ${region.key} needs more than the ${maxTiles} tiles that MAX_TILES allows: ` +
      'it has the detail of one answer.',
  ];
}

async function guideOf(options: DetailOptions, { canvas: size }: TilePlan): Promise<Guide> {
  const { view, mask, region, answer } = options;
  const canvas = await view.seenAt(size);
  const covered = coverMask(mask, size);
  const edited = contentOf(answer, region.plan);
  const repainted = contentOf(maskInFrame(mask, region.plan, dilationOf(options)), region.plan);
  // No feather: the old object must not shine through in what the tiles continue.
  const { patch, raster } = composite({ crop: canvas, edited, mask: covered, repainted, featherPx: 0 });
  const guide = { ...canvas, data: Uint8Array.from(canvas.data) };
  paste(guide, raster, patch);
  return { canvas: guide, mask: covered };
}

function tilesReport({ scale, tiles }: TilePlan, { fits, resolution }: TileAnswers): TilesReport {
  return {
    planned: tiles.length,
    used: fits.filter(({ isUsed }) => isUsed).length,
    effectiveResolution: rounded(resolution / scale),
    fits: fits.map(({ driftPx, agreement, isUsed }) => ({
      isUsed,
      driftPx: rounded(driftPx),
      agreement: rounded(agreement),
    })),
  };
}

function warningsOf(
  key: string,
  { scale }: TilePlan,
  { missing }: TileAnswers,
  { planned, used, effectiveResolution }: TilesReport,
): string[] {
  const warnings: string[] = [];
  if (scale > 1) {
    warnings.push(
      `The ${planned} tiles that MAX_TILES allows for region ${key} reach ${effectiveResolution} ` +
        'pixels of the model for one of the picture.',
    );
  }
  if (used < planned) {
    const reasons = [...new Set(missing)].join(', ') || 'they show something else';
    warnings.push(
      `${planned - used} of ${planned} tiles of region ${key} were left out (${reasons}): ` +
        'the first answer stays there.',
    );
  }
  return warnings;
}
