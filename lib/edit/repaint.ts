import type { EncodedImage, InpaintEngine, InpaintReply, InpaintRequest } from '../engines/engine.ts';
import { EditError } from '../errors.ts';
import type { Surroundings } from '../fit/surroundings.ts';
import { blockReachPx } from '../formats/jpeg/block-mask.ts';
import { decodeAnswer } from '../formats/vips/answer.ts';
import { toOwnColours } from '../formats/vips/own-space.ts';
import { type Crop, readCrop, readCropAsSrgb, type Source } from '../formats/vips/read.ts';
import type { Patch } from '../formats/vips/write.ts';
import { crop as cut, grow, sizeOf } from '../pixels/box.ts';
import type { Box, Mask, Raster } from '../pixels/raster.ts';
import { maskInFrame, padToFrame } from '../plan/frame-picture.ts';
import type { EditRequest } from '../requests/edit-request.ts';
import { type Fitted, fitAnswer, surroundingsOfRegion } from './composite.ts';
import { addDetail, type Detailed } from './detail.ts';
import { meanwhile } from './meanwhile.ts';
import type { Repaint } from './plan.ts';
import { question } from './question.ts';
import { type RegionReport, regionReport } from './region-report.ts';
import type { Step } from './stopwatch.ts';
import type { WholeBlocks } from './whole-blocks.ts';

/** A patch, and the mask it was blended through. */
export interface RegionPatch extends Patch {
  readonly mask: Mask;
  /** Where the mask lies in the picture as displayed. */
  readonly maskBox: Box;
  /** The picture there and as far around as blocks of JPEG reach: what the proof compares with. */
  readonly around: { readonly box: Box; readonly raster: Raster };
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
  /** At most this many further calls for detail. */
  readonly maxTiles: number;
  /** Only whole JPEG blocks are written. */
  readonly wholeBlocks: WholeBlocks | undefined;
  readonly step: Step;
  readonly signal: AbortSignal;
}

/** A picture that came, and how it fitted. */
interface Candidate {
  readonly image: EncodedImage;
  readonly fitted: Fitted;
}

/** One region: cut out, sent, and every answer made a patch that fits the picture. */
export async function repaint(options: RepaintOptions): Promise<Repainted> {
  const { photo, region, engine, step, signal } = options;
  const crop = await step('crop', () => readCrop(photo, region.plan.box));
  const request = await step('frame', () => inpaintRequest(options, crop));
  const surroundings = meanwhile(() => knownBefore(options, crop, request));
  const reply = await step('inpaint', () => engine.inpaint(request, signal)).finally(surroundings.stop);
  const candidates = await fitCandidates(options, crop, { reply, surroundings: surroundings.get });
  const [best, ...others] = usable(candidates);
  const detailed = await detailOf(options, crop, best);
  return {
    patches: [detailed?.fitted ?? best.fitted, ...others.map(({ fitted }) => fitted)].map((fitted) =>
      patchOf(fitted, crop.original, region.plan.box),
    ),
    warnings: [...reply.warnings, ...(detailed?.warnings ?? [])],
    calls: reply.calls + (detailed?.calls ?? 0),
    report: regionReport({
      plan: region.plan,
      outcomes: reply.outcomes,
      fitted: candidates.map(({ fitted }) => fitted),
      best: best.fitted,
      tiles: detailed?.report,
    }),
  };
}

interface Answered {
  readonly reply: InpaintReply;
  readonly surroundings: () => Surroundings | undefined;
}

async function fitCandidates(
  options: RepaintOptions,
  crop: Crop,
  { reply, surroundings }: Answered,
): Promise<Candidate[]> {
  const { photo, region, step } = options;
  const writable = writableIn(options);
  const candidates: Candidate[] = [];
  for (const { image } of images(reply)) {
    const answer = await step('answer', async () =>
      toOwnColours(await decodeAnswer(image.bytes), photo.header),
    );
    const fitted = await step('composite', () =>
      fitAnswer({ crop: crop.original, answer, region, writable, surroundings: surroundings() }),
    );
    candidates.push({ image, fitted });
  }
  return candidates;
}

/** What the answers will be compared with; `undefined` when the model chooses itself what it repaints. */
function knownBefore(
  options: RepaintOptions,
  { original }: Crop,
  request: InpaintRequest,
): Surroundings | undefined {
  const { region, photo } = options;
  const { mask, plan } = region;
  if (mask === undefined) return undefined;
  // An engine that grows the mask itself was sent it as it is.
  const repainted =
    request.maskDilation === undefined ? request.mask : maskInFrame(mask, plan, request.maskDilation);
  const colours = original.channels - (photo.header.hasAlpha ? 1 : 0);
  return surroundingsOfRegion({
    crop: original,
    region,
    writable: writableIn(options),
    mask,
    repainted,
    colours,
  });
}

/** The part of a mask that is written; `undefined`: all of it. */
function writableIn({ wholeBlocks, region }: RepaintOptions): ((mask: Mask) => Mask) | undefined {
  return wholeBlocks && ((mask) => wholeBlocks(mask, region.plan.box));
}

/** Tiles cost as many calls again: only the best candidate gets them. */
async function detailOf(
  options: RepaintOptions,
  crop: Crop,
  { image }: Candidate,
): Promise<Detailed | undefined> {
  const { region, request } = options;
  if (request.detail !== 'tiles' || region.mask === undefined) return undefined;
  const detailed = await addDetail({
    ...options,
    crop,
    region: { ...region, mask: region.mask },
    writable: writableIn(options),
    answer: await decodeAnswer(image.bytes),
  });
  if (detailed.fitted === undefined || request.samples === 1) return detailed;
  return { ...detailed, warnings: [...detailed.warnings, 'Tiles refine the first output only.'] };
}

function patchOf({ patch, original, edited, mask }: Fitted, crop: Raster, cropBox: Box): RegionPatch {
  const inCrop = { ...patch, ...sizeOf(edited) };
  const reach = grow(inCrop, blockReachPx, crop);
  return {
    box: placed(inCrop, cropBox),
    original,
    edited,
    mask,
    maskBox: cropBox,
    around: { box: placed(reach, cropBox), raster: cut(crop, reach) },
  };
}

/** A box of the crop, as seen in the picture. */
function placed(box: Box, crop: Box): Box {
  return { ...box, left: crop.left + box.left, top: crop.top + box.top };
}

/** Best first, by all that can be told without knowing the truth; an answer that does not fit is never published. */
function usable(candidates: readonly Candidate[]): [Candidate, ...Candidate[]] {
  const kept = candidates.filter(({ fitted }) => fitted.rejection === undefined);
  const [best, ...others] = kept.sort((a, b) => a.fitted.fit.cost - b.fitted.fit.cost);
  if (best === undefined)
    throw new EditError('ENGINE_DRIFTED', candidates[0]?.fitted.rejection ?? 'Expected a picture, got none');
  return [best, ...others];
}

/** The question to the model: the crop in its frame, and the mask it shall repaint. */
async function inpaintRequest(options: RepaintOptions, crop: Crop): Promise<InpaintRequest> {
  const { photo, region, request } = options;
  const content = await readCropAsSrgb(crop, photo.header, region.plan.content);
  return question({
    ...options,
    key: region.key,
    crop: padToFrame(content, region.plan),
    maskGrownBy: (dilation) => region.mask && maskInFrame(region.mask, region.plan, dilation),
    samples: request.samples,
  });
}

function images({ outcomes }: InpaintReply) {
  const found = outcomes.filter((outcome) => outcome.kind === 'image');
  if (found.length === 0)
    throw new EditError('ENGINE_EMPTY', 'Expected at least one picture from the engine, got none');
  return found;
}
