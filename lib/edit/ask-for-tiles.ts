import type { InpaintRequest } from '../engines/engine.ts';
import { asEditError, isPermanent } from '../errors.ts';
import { fuseTiles, type TileFit } from '../fit/tiles.ts';
import { decodeAnswer } from '../formats/vips/answer.ts';
import { boxOf, crop as cut, paste, relativeTo } from '../pixels/box.ts';
import { emptyMask, type Mask, type Raster, type Size } from '../pixels/raster.ts';
import { contentOf, type FramePlan, maskInFrame, padToFrame } from '../plan/frame.ts';
import type { TilePlace, TilePlan } from '../plan/tile-plan.ts';
import { imagesOf, inpaintRequest } from './model-call.ts';
import type { RegionContext } from './plan.ts';

/** What tiles continue and refine. */
export interface Guide {
  /** The crop at canvas size with the first answer fitted in; H x W x 3, 8 bit sRGB. */
  readonly canvas: Raster;
  /** 255 where any of the mask is, at canvas size. */
  readonly mask: Mask;
}

export interface TileAnswers {
  /** The guide with the detail of all usable tiles. */
  readonly canvas: Raster;
  /** One for each tile that came back. */
  readonly fits: readonly TileFit[];
  /** Pixels of the coarsest tile for one pixel of the canvas, at most 1. */
  readonly resolution: number;
  /** Error codes of tiles that did not come back. */
  readonly missing: readonly string[];
  readonly warnings: readonly string[];
  readonly calls: number;
}

interface AskOptions extends RegionContext {
  /** The first answer, whole frame. */
  readonly answer: Raster;
}

/**
 * Calls the model for one tile after the other and fuses the answers into the guide. A tile that fails for
 * good is left out.
 *
 * @throws {EditError} a passing error, so that the whole job is tried again.
 */
export async function askForTiles(options: AskOptions, tiling: TilePlan, guide: Guide): Promise<TileAnswers> {
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
      const request = requestForTile(options, { place, key: `${region.key}t${n}` }, guide);
      const reply = await options.engine.inpaint(request, signal);
      calls += reply.calls;
      for (const warning of reply.warnings) warnings.add(warning);
      const picture = await decodeAnswer(imagesOf(reply)[0].bytes, request.crop);
      const tile = contentOf(picture, tilePlan(place, region.plan.frame));
      fits.push(fusion.add({ place, answer: tile }));
      resolution = Math.min(resolution, tile.width / place.box.width, tile.height / place.box.height);
    } catch (error) {
      if (!isPermanent(error)) throw error;
      missing.push(asEditError(error).code);
    }
  }
  return { canvas: fusion.canvas, fits, resolution, missing, warnings: [...warnings], calls };
}

function requestForTile(
  context: RegionContext,
  { place, key }: { readonly place: TilePlace; readonly key: string },
  guide: Guide,
): InpaintRequest {
  const { region } = context;
  const plan = tilePlan(place, region.plan.frame);
  const mask = maskOfCore(guide.mask, place);
  return inpaintRequest({
    ...context,
    key,
    crop: padToFrame(cut(guide.canvas, place.box), plan),
    maskGrownBy: (dilation) => maskInFrame(mask, plan, dilation),
    samples: 1,
  });
}

/** A tile fills its frame, unless the canvas is smaller. */
function tilePlan({ box }: TilePlace, frame: Size): FramePlan {
  return { box, frame, content: boxOf(box), scale: 1 };
}

/** The mask of a tile's box, 0 outside its core. */
function maskOfCore(mask: Mask, { box, core }: TilePlace): Mask {
  const out = emptyMask(box);
  paste(out, cut(mask, core), relativeTo(core, box));
  return out;
}
