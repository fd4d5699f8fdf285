import type { InpaintEngine, InpaintReply } from '../engines/engine.ts';
import { asEditError, EditError, isPermanent } from '../errors.ts';
import { composite } from '../fit/composite.ts';
import { fuseTiles, type TileFit } from '../fit/tiles.ts';
import { decodeAnswer } from '../formats/vips/answer.ts';
import { toOwnColours } from '../formats/vips/own-space.ts';
import { type Crop, readCropAsSrgb, type Source } from '../formats/vips/read.ts';
import { crop as cut, paste, relativeTo } from '../pixels/box.ts';
import { coverMask } from '../pixels/mask.ts';
import type { Mask, Raster, Size } from '../pixels/raster.ts';
import { contentOf, type FramePlan, maskInFrame, padToFrame, sufficientScale } from '../plan/frame.ts';
import { planDetail, type TilePlace, type TilePlan } from '../plan/tile-plan.ts';
import type { EditRequest } from '../requests/edit-request.ts';
import { type Fitted, fitAnswer } from './composite.ts';
import type { Repaint } from './plan.ts';
import { dilationOf, question } from './question.ts';
import { rounded } from './rounded.ts';
import type { Step } from './stopwatch.ts';

/** What the manifest says of the tiles of one region. */
export interface TilesReport {
  readonly planned: number;
  /** Those whose picture came and showed the same as the first answer. */
  readonly used: number;
  /** Pixels of the model for one pixel of the picture where tiles were used, at most 1. */
  readonly effectiveResolution: number;
  /** How each tile that came fitted the first answer. */
  readonly fits: readonly TileFit[];
}

export interface Detailed {
  /** `undefined` where tiles add nothing, or fewer are allowed than would. */
  readonly fitted: Fitted | undefined;
  readonly report: TilesReport | undefined;
  readonly warnings: readonly string[];
  readonly calls: number;
}

export interface DetailOptions {
  readonly photo: Source;
  readonly crop: Crop;
  readonly region: Repaint & { readonly mask: Mask };
  readonly engine: InpaintEngine;
  readonly request: EditRequest;
  readonly modelDilation: number;
  readonly maxTiles: number;
  /** The part of the mask that is written; `undefined`: all of it. */
  readonly writable: ((mask: Mask) => Mask) | undefined;
  /** The best of the first answers: H x W x 3, 8 bit sRGB, the whole frame. */
  readonly answer: Raster;
  readonly step: Step;
  readonly signal: AbortSignal;
}

/**
 * Asks again for the parts of a region that got less than the detail of the picture, each with the first answer
 * around it, and adds what they know beyond it. Every tile is a call of its own (`r0t0`, `r0t1`, ...), so it is
 * counted and kept like any other.
 */
export async function addDetail(options: DetailOptions): Promise<Detailed> {
  const { photo, crop, region, writable, maxTiles, step } = options;
  const tiling = planDetail({ mask: region.mask, plan: region.plan, maxTiles });
  if (tiling === undefined) return { ...nothing, warnings: tooFew(options) };
  const guide = await step('guide', () => guideOf(options, tiling));
  const told = await step('tiles', () => askTiles(options, tiling, guide));
  const answer = await step('answer', () => toOwnColours(told.canvas, photo.header));
  const content = { left: 0, top: 0, ...tiling.canvas };
  const plan = { ...region.plan, frame: tiling.canvas, content, scale: tiling.scale };
  const fitted = await step('composite', () =>
    fitAnswer({ crop: crop.original, answer, region: { ...region, plan }, writable }),
  );
  const { report, warnings, calls } = reportOf(options, tiling, told);
  if (fitted.rejection === undefined) return { fitted, report, warnings, calls };
  return {
    fitted: undefined,
    report: { ...report, used: 0 },
    warnings: [...warnings, `The tiles of region ${region.key} were left out: ${fitted.rejection}.`],
    calls,
  };
}

const nothing = { fitted: undefined, report: undefined, calls: 0 } as const;

/** A region that one answer resolves needs no tiles, and no word about it. */
function tooFew({ region, maxTiles }: DetailOptions): string[] {
  if (region.plan.scale <= sufficientScale) return [];
  return [
    `More than the ${maxTiles} tiles that MAX_TILES allows for region ${region.key} were needed: it has the detail of one answer.`,
  ];
}

interface Guide {
  /** The crop at canvas size with the first answer in it, registered and in its light; H x W x 3, 8 bit sRGB. */
  readonly canvas: Raster;
  /** 255 where anything of the mask is, at canvas size. */
  readonly mask: Mask;
}

async function guideOf(options: DetailOptions, { canvas: size }: TilePlan): Promise<Guide> {
  const { photo, crop, region, answer } = options;
  const canvas = await readCropAsSrgb(crop, photo.header, size);
  const mask = coverMask(region.mask, size);
  // No feather: the old object must not shine through what the tiles start from.
  const edited = contentOf(answer, region.plan);
  const repainted = contentOf(maskInFrame(region.mask, region.plan, dilationOf(options)), region.plan);
  const { patch, raster } = composite({ crop: canvas, edited, mask, repainted, featherPx: 0 });
  const guide = { ...canvas, data: Uint8Array.from(canvas.data) };
  paste(guide, raster, patch);
  return { canvas: guide, mask };
}

interface Told {
  readonly canvas: Raster;
  readonly fits: readonly TileFit[];
  /** Pixels of the answer for one of the canvas, of the coarsest tile. */
  readonly resolution: number;
  readonly missing: readonly string[];
  readonly warnings: readonly string[];
  readonly calls: number;
}

async function askTiles(options: DetailOptions, tiling: TilePlan, guide: Guide): Promise<Told> {
  const { region, answer, signal } = options;
  const content = contentOf(answer, region.plan);
  const fusion = fuseTiles({
    guide: guide.canvas,
    mask: guide.mask,
    guidePixelPx: Math.max(1, tiling.canvas.width / content.width),
  });
  const fits: TileFit[] = [];
  const missing: string[] = [];
  const warnings = new Set<string>();
  let [calls, resolution] = [0, 1];
  for (const [n, place] of tiling.tiles.entries()) {
    signal.throwIfAborted();
    try {
      const reply = await askTile(options, { place, key: `${region.key}t${n}` }, guide);
      calls += reply.calls;
      for (const warning of reply.warnings) warnings.add(warning);
      const tile = contentOf(await decodeAnswer(imageOf(reply)), tilePlan(place, region.plan.frame));
      fits.push(fusion.add({ place, answer: tile }));
      resolution = Math.min(resolution, tile.width / place.box.width, tile.height / place.box.height);
    } catch (error) {
      // The first answer is there, and stays: only what may pass is tried again, with the whole job.
      if (!isPermanent(error)) throw error;
      missing.push(asEditError(error).code);
    }
  }
  return { canvas: fusion.canvas, fits, resolution, missing, warnings: [...warnings], calls };
}

function askTile(
  options: DetailOptions,
  { place, key }: { readonly place: TilePlace; readonly key: string },
  guide: Guide,
): Promise<InpaintReply> {
  const { region, engine, signal } = options;
  const plan = tilePlan(place, region.plan.frame);
  const mask = onlyInside(cut(guide.mask, place.box), place);
  const asked = question({
    ...options,
    key,
    crop: padToFrame(cut(guide.canvas, place.box), plan),
    maskGrownBy: (dilation) => maskInFrame(mask, plan, dilation),
    samples: 1,
  });
  return engine.inpaint(asked, signal);
}

/** A tile fills its frame, but where the canvas is smaller. */
function tilePlan({ box }: TilePlace, frame: Size): FramePlan {
  return { box, frame, content: { left: 0, top: 0, width: box.width, height: box.height }, scale: 1 };
}

function onlyInside(mask: Mask, { box, core }: TilePlace): Mask {
  const inside = relativeTo(core, box);
  const only = { ...mask, data: new Uint8Array(mask.data.length) };
  paste(only, cut(mask, inside), inside);
  return only;
}

function imageOf({ outcomes }: InpaintReply): Uint8Array {
  const found = outcomes.find((outcome) => outcome.kind === 'image');
  if (found === undefined)
    throw new EditError('ENGINE_EMPTY', 'Expected a picture of a tile from the engine, got none');
  return found.image.bytes;
}

function reportOf({ region }: DetailOptions, { scale, tiles }: TilePlan, told: Told) {
  const used = told.fits.filter(({ isUsed }) => isUsed).length;
  const effectiveResolution = rounded(told.resolution / scale);
  const warnings = [...told.warnings];
  if (scale > 1) {
    warnings.push(
      `The ${tiles.length} tiles that MAX_TILES allows for region ${region.key} reach ${effectiveResolution} pixels of the model for one of the picture.`,
    );
  }
  if (used < tiles.length) {
    const reasons = [...new Set(told.missing)].join(', ') || 'they show something else';
    warnings.push(
      `${tiles.length - used} of ${tiles.length} tiles of region ${region.key} were left out (${reasons}): there the first answer stays.`,
    );
  }
  const fits = told.fits.map(({ driftPx, agreement, isUsed }) => ({
    isUsed,
    driftPx: rounded(driftPx),
    agreement: rounded(agreement),
  }));
  return {
    report: { planned: tiles.length, used, effectiveResolution, fits },
    warnings,
    calls: told.calls,
  };
}
