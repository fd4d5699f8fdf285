import { againKey, type EncodedImage, type InpaintReply, type InpaintRequest } from '../engines/engine.ts';
import { EditError, isPermanent } from '../errors.ts';
import type { PreparedCrop } from '../fit/composite.ts';
import { withEffects } from '../fit/effects.ts';
import type { Crop } from '../formats/vips/read.ts';
import type { Mask } from '../pixels/raster.ts';
import { release } from '../pixels/release.ts';
import { contentOf, maskInFrame, padToFrame } from '../plan/frame.ts';
import { type FittedAnswer, fitAnswer, prepareRegion } from './answer.ts';
import { avoidIn } from './avoid.ts';
import { addDetail, type Detailed } from './detail.ts';
import { enlarged } from './enlarged.ts';
import { dilationOf, imagesOf, inpaintRequest } from './model-call.ts';
import { patchOf, type RegionPatch } from './patches.ts';
import type { RegionContext } from './plan.ts';
import { readCropOf } from './read.ts';
import { type AvoidedReport, type RegionReport, regionReport } from './region-report.ts';
import { startSoon } from './start-soon.ts';
import { judgeOf } from './trial.ts';
import { type View, viewOf } from './view.ts';

export interface Repainted {
  /** One patch for each usable candidate, the best first; at least one. */
  readonly patches: readonly RegionPatch[];
  readonly warnings: readonly string[];
  /** Billable calls of the model. */
  readonly calls: number;
  readonly report: RegionReport;
}

/** A picture that the model returned, and how it fits. */
interface Candidate {
  readonly image: EncodedImage;
  readonly fitted: FittedAnswer;
  /** Changes beside the mask that are not in it. */
  readonly leftOut: number;
}

/**
 * Repaints one region: cuts it out, sends it to the model, and makes each answer a patch that fits the
 * picture.
 *
 * @throws {EditError} `ENGINE_EMPTY` without any picture, `ENGINE_DRIFTED` when none fits, `ENGINE_UNEDITED`
 * when they show what was sent.
 */
export async function repaint(context: RegionContext): Promise<Repainted> {
  const { photo, region, step } = context;
  const crop = await step('crop', () => readCropOf(photo, region.plan.box));
  const { view, request, avoided } = await step('frame', () => frameOf(context, crop));
  const prepared = startSoon(() => prepare(context, view, request));
  const judge = judgeOf(context, request);
  const first = await ask(context, { ...request, judge }).finally(prepared.cancel);
  const leftOut: number[] = [];
  const candidatesOf = async (reply: InpaintReply) => {
    const fitted = await fitCandidates(context, { view, request, reply }, prepared.get);
    leftOut.push(...fitted.map((candidate) => candidate.leftOut));
    return fitted;
  };
  const { reply, candidates } = await withSecondTry(context, { request, first, candidatesOf });
  const usable = usableBestFirst(candidates);
  const [best, ...others] = usable;
  const detailed = await detailOf(context, { view, request }, best);
  const patches: RegionPatch[] = [];
  for (const fitted of [detailed?.fitted ?? best.fitted, ...others.map((other) => other.fitted)]) {
    const own = await step('answer', () => view.toOwn(fitted, context.request.mode === 'removal'));
    patches.push(patchOf(own, crop.original, region.plan.box));
  }
  // Patches are copies. What follows needs no more of the crop, and of what answers were compared with.
  const { distance, small } = prepared.made() ?? {};
  for (const data of [crop.original.data, crop.file, distance, small?.data]) if (data) release(data);
  return {
    patches,
    warnings: [
      ...reply.warnings,
      ...leftOutKeep(context),
      ...doubtsOf(region.key, usable),
      ...effectWarnings(region.key, leftOut),
      ...(detailed?.warnings ?? []),
    ],
    calls: reply.calls + (detailed?.calls ?? 0),
    report: regionReport({
      plan: region.plan,
      outcomes: reply.outcomes,
      fitted: candidates.map(({ fitted }) => fitted),
      made: reply.made,
      avoided,
      best: best.fitted.fit,
      tiles: detailed?.report,
    }),
  };
}

const ask = ({ engine, step, signal }: RegionContext, request: InpaintRequest): Promise<InpaintReply> =>
  step('inpaint', (onProgress) => engine.inpaint({ ...request, onProgress }, signal));

async function frameOf(
  context: RegionContext,
  crop: Crop,
): Promise<{
  readonly view: View;
  readonly request: InpaintRequest;
  readonly avoided: AvoidedReport | undefined;
}> {
  const { photo, region, request, engine } = context;
  const size = region.plan.content;
  const view = await viewOf({ crop, header: photo.header, engine, content: size });
  const content = await view.seenAt(size);
  // Only tiles and enlarging look at it again, unless the crop itself lies in it.
  const isApart = crop.file.buffer !== crop.original.data.buffer;
  if (isApart && request.detail !== 'tiles' && engine.enlarge === undefined) release(crop.file);
  const asked = inpaintRequest({
    ...context,
    key: region.key,
    crop: padToFrame(content, region.plan),
    maskGrownBy: (dilation) => region.mask && maskInFrame(region.mask, region.plan, dilation),
    samples: request.samples,
  });
  const avoided = await avoidIn(context, asked);
  return { view, request: { ...asked, avoid: avoided?.mask }, avoided: avoided?.told };
}

function leftOutKeep({ engine, region: { avoid } }: RegionContext): string[] {
  if (avoid === undefined || engine.avoids) return [];
  return [`${engine.name} copies nothing from the picture: the keep mask was left out.`];
}

/** Prepares what the answers are compared with; `undefined` when the model chooses the mask. */
function prepare(
  { region, writable, engine }: RegionContext,
  { crop, colours }: View,
  request: InpaintRequest,
): PreparedCrop | undefined {
  const { mask, plan } = region;
  if (mask === undefined) return undefined;
  // An engine that grows the mask itself received it as it is.
  const repainted =
    request.maskDilation === undefined ? request.mask : maskInFrame(mask, plan, request.maskDilation);
  const prepared = prepareRegion({ crop, region, writable, mask, repainted, colours });
  // Copies are in place and in tone.
  if (!engine.takesOwnColours) prepared.surroundings();
  return prepared;
}

/** The same for a mask that grew by what one answer changed beside it. */
function prepareGrown(context: RegionContext, { crop, colours }: View, mask: Mask): PreparedCrop {
  const { region, writable } = context;
  const repainted = maskInFrame(mask, region.plan, dilationOf(context));
  return prepareRegion({ crop, region, writable, mask, repainted, colours });
}

interface Tries {
  readonly request: InpaintRequest;
  readonly first: InpaintReply;
  readonly candidatesOf: (reply: InpaintReply) => Promise<Candidate[]>;
}

/** Asks once more when no answer is usable and one shows what was sent: models do that now and then. */
async function withSecondTry(context: RegionContext, { request, first, candidatesOf }: Tries) {
  const candidates = await candidatesOf(first);
  const isUnedited = candidates.some(({ fitted }) => fitted.isUnedited);
  const isUsable = candidates.some(({ fitted }) => fitted.rejection === undefined);
  // An embedded engine, and one with a seed, would answer the same.
  const mayDiffer = first.calls > 0 && request.seed === undefined;
  if (isUsable || !isUnedited || !mayDiffer) return { reply: first, candidates };
  // Also when the budget is spent: what the first try brought is the reason to tell.
  const second = await ask(context, { ...request, key: againKey(request.key) }).catch((error: unknown) => {
    if (isPermanent(error)) return undefined;
    throw error;
  });
  if (second === undefined) return { reply: first, candidates };
  const reply: InpaintReply = {
    outcomes: [...first.outcomes, ...second.outcomes],
    warnings: [...new Set([...first.warnings, ...second.warnings])],
    calls: first.calls + second.calls,
  };
  return { reply, candidates: [...candidates, ...(await candidatesOf(second))] };
}

async function fitCandidates(
  context: RegionContext,
  {
    view,
    request,
    reply,
  }: { readonly view: View; readonly request: InpaintRequest; readonly reply: InpaintReply },
  prepared: () => PreparedCrop | undefined,
): Promise<Candidate[]> {
  const { crop, decode } = view;
  const { region, writable, step, engine } = context;
  // An engine that copies changes nothing beside the mask.
  const room = engine.takesOwnColours ? undefined : context.room;
  const asked = region.mask && { mode: context.request.mode, isEmbedded: reply.calls === 0 };
  const candidates: Candidate[] = [];
  for (const image of imagesOf(reply)) {
    const decoded = await step('answer', () => decode(image.bytes, request.crop));
    const { answer, plan } = await enlarged(context, { view, request, answer: decoded });
    const fit = { crop, answer, writable, asked };
    const { mask } = region;
    const edited = contentOf(answer, plan);
    const grown = mask && room && (await step('effects', () => withEffects({ crop, edited, mask, room })));
    const fitted = await step('composite', () =>
      grown === undefined || grown.mask === mask
        ? fitAnswer({ ...fit, region: { ...region, plan }, prepared: prepared() })
        : fitAnswer({
            ...fit,
            region: { ...region, plan, mask: grown.mask },
            prepared: prepareGrown(context, view, grown.mask),
          }),
    );
    candidates.push({ image, fitted, leftOut: grown?.leftOut ?? 0 });
  }
  return candidates;
}

function effectWarnings(key: string, leftOut: readonly number[]): string[] {
  const count = Math.max(0, ...leftOut);
  const what = count === 1 ? 'One change' : `${count} changes`;
  return count === 0
    ? []
    : [`${what} beside the mask of region ${key} stayed out: too large, or too near to another mask.`];
}

function usableBestFirst(candidates: readonly Candidate[]): [Candidate, ...Candidate[]] {
  const usable = candidates.filter(({ fitted }) => fitted.rejection === undefined);
  const [best, ...others] = usable.sort((a, b) => a.fitted.fit.cost - b.fitted.fit.cost);
  if (best !== undefined) return [best, ...others];
  const { fitted } = candidates.find((candidate) => candidate.fitted.isUnedited) ?? candidates[0]!;
  const code = fitted.isUnedited ? 'ENGINE_UNEDITED' : 'ENGINE_DRIFTED';
  throw new EditError(code, fitted.rejection ?? 'Expected a picture, got none');
}

function doubtsOf(key: string, usable: readonly Candidate[]): string[] {
  return usable.flatMap(({ fitted: { doubts } }, n) => {
    const which = usable.length === 1 ? 'The answer' : `Answer ${n + 1}`;
    return doubts.map((doubt) => `${which} for region ${key} ${doubt}: look at it.`);
  });
}

/** Adds detail by tiles if requested, to the best candidate only: tiles cost as many calls again. */
async function detailOf(
  context: RegionContext,
  { view, request: sent }: { readonly view: View; readonly request: InpaintRequest },
  { image }: Candidate,
): Promise<Detailed | undefined> {
  const { region, request, engine } = context;
  const { mask } = region;
  if (request.detail !== 'tiles' || mask === undefined || engine.enlarge !== undefined) return undefined;
  const answer = await view.decode(image.bytes, sent.crop);
  const detailed = await addDetail({ ...context, view, mask, answer });
  if (detailed.fitted === undefined || request.samples === 1) return detailed;
  return { ...detailed, warnings: [...detailed.warnings, 'Tiles refine the first output only.'] };
}
