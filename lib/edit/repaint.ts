import { automaticMaskOf, engineOptions } from '../engine-options.ts';
import type { InpaintEngine, InpaintOutcome, InpaintReply, InpaintRequest } from '../engines/engine.ts';
import { EditError } from '../errors.ts';
import { decodeAnswer } from '../image/codec/answer.ts';
import { toOwnColours } from '../image/codec/own-space.ts';
import { type Crop, readCrop, readCropAsSrgb, type Source } from '../image/codec/read.ts';
import type { Patch } from '../image/codec/write.ts';
import { maskInFrame, padToFrame } from '../image/frame-picture.ts';
import type { Box, Mask, Size } from '../image/raster.ts';
import type { EditRequest } from '../request.ts';
import { type Fitted, fitAnswer } from './composite.ts';
import type { FitReport } from './fit.ts';
import type { Repaint } from './plan.ts';
import type { Step } from './stopwatch.ts';
import type { WholeBlocks } from './whole-blocks.ts';

/** A candidate's end: an image, none and why, or one that did not fit its surroundings. */
export interface CandidateOutcome {
  readonly kind: InpaintOutcome['kind'] | 'drifted';
  readonly reason?: string;
}

/** What the manifest says of one region. */
export interface RegionReport {
  /** What the model saw, pixels of the picture as displayed. */
  readonly box: Box;
  /** The size it was sent in. */
  readonly frame: Size;
  /** Pixels of the picture for one pixel of the frame; above 1 the answer has less detail than the picture. */
  readonly scale: number;
  /** What came of each candidate asked for. */
  readonly outcomes: readonly CandidateOutcome[];
  /** How each picture that came fitted. */
  readonly fits: readonly FitReport[];
}

/** A patch, and the mask it was blended through. */
export interface RegionPatch extends Patch {
  readonly mask: Mask;
  /** Where the mask lies in the picture as displayed. */
  readonly maskBox: Box;
}

export interface Repainted {
  /** One patch for each usable candidate. */
  readonly patches: readonly RegionPatch[];
  readonly warnings: readonly string[];
  readonly calls: number;
  readonly report: RegionReport;
}

interface RepaintOptions {
  readonly photo: Source;
  readonly region: Repaint;
  readonly engine: InpaintEngine;
  readonly request: EditRequest;
  readonly modelDilation: number;
  /** Only whole JPEG blocks are written. */
  readonly wholeBlocks: WholeBlocks | undefined;
  readonly step: Step;
  readonly signal: AbortSignal;
}

/** One region: cut out, sent, and every answer made a patch that fits the picture. */
export async function repaint(options: RepaintOptions): Promise<Repainted> {
  const { photo, region, engine, step, signal, wholeBlocks } = options;
  const writable = wholeBlocks && ((mask: Mask) => wholeBlocks(mask, region.plan.box));
  const crop = await step('crop', () => readCrop(photo, region.plan.box));
  const request = await step('frame', () => inpaintRequest(options, crop));
  const reply = await step('inpaint', () => engine.inpaint(request, signal));

  const repainted = region.mask && maskInFrame(region.mask, region.plan, dilationOf(options));
  const fitted: Fitted[] = [];
  for (const { image } of images(reply)) {
    const answer = await step('answer', async () =>
      toOwnColours(await decodeAnswer(image.bytes), photo.header),
    );
    fitted.push(
      await step('composite', () => fitAnswer({ crop: crop.original, answer, region, repainted, writable })),
    );
  }
  const { box, frame, scale } = region.plan;
  return {
    patches: usable(fitted).map(({ patch, original, edited, mask }) => ({
      box: placed(patch, edited, box),
      original,
      edited,
      mask,
      maskBox: box,
    })),
    warnings: reply.warnings,
    calls: reply.calls,
    report: {
      box,
      frame,
      scale,
      outcomes: outcomesOf(reply, fitted),
      fits: fitted.map(({ fit }) => fit),
    },
  };
}

/** The fits stand in the order of the images among the outcomes. */
function outcomesOf({ outcomes }: InpaintReply, fitted: readonly Fitted[]): CandidateOutcome[] {
  const fits = fitted.values();
  return outcomes.map((outcome) => {
    if (outcome.kind !== 'image') return { kind: outcome.kind, reason: outcome.reason };
    const rejection = fits.next().value?.rejection;
    return rejection === undefined ? { kind: 'image' } : { kind: 'drifted', reason: rejection };
  });
}

/** Best first, by all that can be told without knowing the truth; an answer that does not fit is never published. */
function usable(fitted: readonly Fitted[]): Fitted[] {
  const kept = fitted.filter(({ rejection }) => rejection === undefined);
  if (kept.length === 0)
    throw new EditError('ENGINE_DRIFTED', fitted[0]?.rejection ?? 'Expected a picture, got none');
  return kept.sort((a, b) => a.fit.cost - b.fit.cost);
}

function placed(
  patch: { readonly left: number; readonly top: number },
  { width, height }: Size,
  crop: Box,
): Box {
  return { left: crop.left + patch.left, top: crop.top + patch.top, width, height };
}

/** The question to the model: the crop in its frame, and the mask it shall repaint. */
async function inpaintRequest(options: RepaintOptions, crop: Crop): Promise<InpaintRequest> {
  const { photo, region, request, engine } = options;
  const ownDilation = engine.dilatesMask ? 0 : dilationOf(options);
  const content = await readCropAsSrgb(crop, photo.header, region.plan.content);
  return {
    key: region.key,
    mode: request.mode,
    crop: padToFrame(content, region.plan),
    mask: region.mask && maskInFrame(region.mask, region.plan, ownDilation),
    automaticMask: automaticMaskOf(request),
    maskDilation: engine.dilatesMask ? dilationOf(options) : undefined,
    ...engineOptions(request),
    samples: request.samples,
  };
}

/** How much the repainted area is grown beyond the mask, by us or by the API: fraction of the crop's width. */
function dilationOf({ request, modelDilation }: RepaintOptions): number {
  return request.maskDilation ?? modelDilation;
}

function images({ outcomes }: InpaintReply) {
  const found = outcomes.filter((outcome) => outcome.kind === 'image');
  if (found.length === 0)
    throw new EditError('ENGINE_EMPTY', 'Expected at least one picture from the engine, got none');
  return found;
}
