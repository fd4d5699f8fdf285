import type { EncodedImage, InpaintReply, InpaintRequest } from '../engines/engine.ts';
import { EditError } from '../errors.ts';
import type { PreparedCrop } from '../fit/composite.ts';
import { type Crop, readCrop } from '../formats/vips/read.ts';
import { maskInFrame, padToFrame } from '../plan/frame.ts';
import { type FittedAnswer, fitAnswer, prepareRegion } from './answer.ts';
import { addDetail, type Detailed } from './detail.ts';
import { imagesOf, inpaintRequest } from './model-call.ts';
import { patchOf, type RegionPatch } from './patches.ts';
import type { RegionContext } from './plan.ts';
import { type RegionReport, regionReport } from './region-report.ts';
import { startSoon } from './start-soon.ts';
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
}

/**
 * Repaints one region: cuts it out, sends it to the model, and makes each answer a patch that fits the
 * picture.
 *
 * @throws {EditError} `ENGINE_EMPTY` without any picture, `ENGINE_DRIFTED` when none fits.
 */
export async function repaint(context: RegionContext): Promise<Repainted> {
  const { photo, region, engine, step, signal } = context;
  const crop = await step('crop', () => readCrop(photo, region.plan.box));
  const { view, request } = await step('frame', () => frameOf(context, crop));
  const prepared = startSoon(() => prepare(context, view, request));
  const reply = await step('inpaint', () => engine.inpaint(request, signal)).finally(prepared.cancel);
  const candidates = await fitCandidates(context, view, reply, prepared.get);
  const [best, ...others] = usableBestFirst(candidates);
  const detailed = await detailOf(context, view, best);
  const published = [detailed?.fitted ?? best.fitted, ...others.map(({ fitted }) => fitted)];
  const patches: RegionPatch[] = [];
  for (const fitted of published) {
    const own = await step('answer', () => view.toOwn(fitted, context.request.mode === 'removal'));
    patches.push(patchOf(own, crop.original, region.plan.box));
  }
  return {
    patches,
    warnings: [...reply.warnings, ...(detailed?.warnings ?? [])],
    calls: reply.calls + (detailed?.calls ?? 0),
    report: regionReport({
      plan: region.plan,
      outcomes: reply.outcomes,
      fitted: candidates.map(({ fitted }) => fitted),
      best: best.fitted.fit,
      tiles: detailed?.report,
    }),
  };
}

async function frameOf(
  context: RegionContext,
  crop: Crop,
): Promise<{ readonly view: View; readonly request: InpaintRequest }> {
  const { photo, region, request, engine } = context;
  const size = region.plan.content;
  const view = await viewOf({ crop, header: photo.header, engine, content: size });
  const content = await view.seenAt(size);
  const asked = inpaintRequest({
    ...context,
    key: region.key,
    crop: padToFrame(content, region.plan),
    maskGrownBy: (dilation) => region.mask && maskInFrame(region.mask, region.plan, dilation),
    samples: request.samples,
  });
  return { view, request: asked };
}

/** Prepares what the answers are compared with; `undefined` when the model chooses the mask. */
function prepare(
  { region, writable }: RegionContext,
  { crop, colours }: View,
  request: InpaintRequest,
): PreparedCrop | undefined {
  const { mask, plan } = region;
  if (mask === undefined) return undefined;
  // An engine that grows the mask itself received it as it is.
  const repainted =
    request.maskDilation === undefined ? request.mask : maskInFrame(mask, plan, request.maskDilation);
  return prepareRegion({ crop, region, writable, mask, repainted, colours });
}

async function fitCandidates(
  { region, writable, step }: RegionContext,
  { crop, decode }: View,
  reply: InpaintReply,
  prepared: () => PreparedCrop | undefined,
): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const image of imagesOf(reply)) {
    const answer = await step('answer', () => decode(image.bytes));
    const fitted = await step('composite', () =>
      fitAnswer({ crop, answer, region, writable, prepared: prepared() }),
    );
    candidates.push({ image, fitted });
  }
  return candidates;
}

function usableBestFirst(candidates: readonly Candidate[]): [Candidate, ...Candidate[]] {
  const usable = candidates.filter(({ fitted }) => fitted.rejection === undefined);
  const [best, ...others] = usable.sort((a, b) => a.fitted.fit.cost - b.fitted.fit.cost);
  if (best === undefined)
    throw new EditError('ENGINE_DRIFTED', candidates[0]?.fitted.rejection ?? 'Expected a picture, got none');
  return [best, ...others];
}

/** Adds detail by tiles if requested, to the best candidate only: tiles cost as many calls again. */
async function detailOf(
  context: RegionContext,
  view: View,
  { image }: Candidate,
): Promise<Detailed | undefined> {
  const { region, request } = context;
  const { mask } = region;
  if (request.detail !== 'tiles' || mask === undefined) return undefined;
  const detailed = await addDetail({ ...context, view, mask, answer: await view.decode(image.bytes) });
  if (detailed.fitted === undefined || request.samples === 1) return detailed;
  return { ...detailed, warnings: [...detailed.warnings, 'Tiles refine the first output only.'] };
}
