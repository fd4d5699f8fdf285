import { type FoundGiven, findMask } from './edit/found-mask.ts';
import { type EditOutput, makeOutputs, type Seal } from './edit/outputs.ts';
import { planRepaints, type RegionContext, type RepaintPlan } from './edit/plan.ts';
import { checkPhoto, type GivenMask, type MaskTrust, readMask, readPhoto } from './edit/read.ts';
import { readKeep } from './edit/read-keep.ts';
import { type Repainted, repaint } from './edit/repaint.ts';
import { type EditReport, editReport } from './edit/report.ts';
import { roomOf } from './edit/room.ts';
import { type Step, type StepListener, type StepOf, stopwatch } from './edit/stopwatch.ts';
import { assertRoom, wholeBlocksOf } from './edit/whole-blocks.ts';
import { outputFormatOf } from './edit/write.ts';
import type { EncodedImage, InpaintEngine } from './engines/engine.ts';
import type { MaskFinder } from './finders/finder.ts';
import type { WholeBlocks } from './formats/format.ts';
import type { Limits } from './formats/vips/header.ts';
import type { Source } from './formats/vips/read.ts';
import { writeMask } from './formats/vips/write-mask.ts';
import { countAbove0 } from './pixels/mask.ts';
import type { Mask } from './pixels/raster.ts';
import type { EditRequest } from './requests/edit-request.ts';
import { assertChosenEngine, wantedMask } from './requests/engine-options.ts';
import type { Trace } from './trace.ts';

export type { EditReport } from './edit/report.ts';
export type { RegionOf, StepListener } from './edit/stopwatch.ts';

/** The files of an edit as they were uploaded. */
export interface EditInput extends MaskTrust {
  readonly image: Uint8Array;
  /** `undefined` only when the request asks for an automatic mask. */
  readonly mask: Uint8Array | undefined;
  /** A mask file: nothing that is white in it is copied into the fill. */
  readonly keep?: Uint8Array | undefined;
  readonly request: EditRequest;
  readonly onStep?: StepListener;
}

export type { EditOutput, Seal } from './edit/outputs.ts';

export interface EditResult {
  /** Best first; none only where the request asks for something else than an edit. */
  readonly outputs: readonly EditOutput[];
  readonly report: EditReport;
  /** What the first output was allowed to change, where nobody sent exactly that as a mask. */
  readonly mask?: EncodedImage | undefined;
  /** A small picture to look at, where only that was asked for. */
  readonly preview?: EncodedImage | undefined;
  /** What the calls of the model may cost by list price, where it is known and was asked for. */
  readonly costEstimateUsd?: number | undefined;
}

/** The whole edit with its engine, limits and defaults bound in; jobs and HTTP handlers know only this. */
export type Edit = (input: EditInput, signal: AbortSignal) => Promise<EditResult>;

interface EditDefaults {
  readonly featherPx: number;
  readonly dilationPx: number;
  /** Fraction of the width of the crop. */
  readonly modelDilation: number;
  /** At most this many regions, hence model calls; the nearest are merged. */
  readonly maxRegions: number;
  /** At most this many calls for tiles in one edit, shared by its regions. */
  readonly maxTiles: number;
}

export interface EditorOptions {
  readonly engine: InpaintEngine;
  /** `undefined`: the engine finds by itself what is to be masked, or nobody does. */
  readonly finder?: MaskFinder | undefined;
  /** Finds the people around a mask: an engine that copies does not copy them. */
  readonly people?: MaskFinder | undefined;
  readonly limits: Limits;
  readonly defaults: EditDefaults;
  /** Put into each output after its proof; none when left out. */
  readonly seal?: Seal | undefined;
  /** Receives every step. */
  readonly trace?: Trace;
}

/**
 * The story of an edit, as a function with its engine, limits and defaults bound in.
 *
 * No step can touch pixels outside the mask: the model sees a crop, its answer is blended into a patch
 * through the mask, and only the patch is written into the original picture.
 */
export function editor(options: EditorOptions): Edit {
  const { engine, people, limits, defaults, seal, trace } = options;
  return async (input, signal) => {
    const { image, request } = input;
    assertChosenEngine(request, engine.name);
    const { step, stepOf, timingsMs } = stopwatch(signal, trace, input.onStep);

    const photo = await step('read', () => readPhoto(image, limits));
    const outputFormat = outputFormatOf(photo, request);
    const wholeBlocks = wholeBlocksOf(photo, request);
    const [[given, keep], { notes }] = await Promise.all([
      step('mask', () =>
        Promise.all([
          maskOf(input, photo, { ...options, step, signal }),
          readKeep(input.keep, photo, limits),
        ]),
      ),
      step('check', () => checkPhoto(photo)),
    ]);
    const plan = await step('plan', () =>
      planRepaints({ ...given, keep, size: photo.header.displayed, engine, request, defaults }),
    );
    assertRoom(wholeBlocks, plan.repaints);

    const work = { photo, plan, engine, people, request, defaults, wholeBlocks, stepOf, signal };
    const regions = await repaintAll(work);
    const isStrict = wholeBlocks !== undefined;
    const isGrown = request.effects === 'include';
    const made = { photo, regions, mask: plan.mask, isGrown, outputFormat, isStrict, seal, step };
    const { outputs, written, mask } = await makeOutputs(made);
    const grownPixels = plan.mask && isGrown ? countAbove0(mask.mask) - countAbove0(plan.mask.mask) : 0;
    const hasIdleMask = request.maskMode !== 'user' && (input.mask?.length ?? 0) > 0;
    const proofs = outputs.map(({ proof }) => proof);
    const edited = { engine: engine.name, photo, notes, request, given, hasIdleMask, grownPixels };
    const report = editReport({ ...edited, regions, written, proofs, timingsMs: timingsMs() });
    const isTold = request.maskMode !== 'user' || grownPixels > 0;
    return { outputs, mask: isTold ? await writeMask(mask, photo.header.displayed) : undefined, report };
  };
}

type Work = Pick<RegionContext, 'photo' | 'engine' | 'people' | 'request' | 'signal'> & {
  readonly stepOf: StepOf;
  readonly plan: RepaintPlan;
  readonly defaults: EditDefaults;
  readonly wholeBlocks: WholeBlocks | undefined;
};

/** One region after the other: a picture of one is in memory at a time. */
async function repaintAll({ plan, defaults, wholeBlocks, stepOf, ...work }: Work): Promise<Repainted[]> {
  const { repaints } = plan;
  const { modelDilation } = defaults;
  const maxTiles = Math.floor(defaults.maxTiles / repaints.length);
  const picture = work.photo.header.displayed;
  const done: Repainted[] = [];
  for (const [at, region] of repaints.entries()) {
    const step = stepOf(at, repaints.length);
    const writable = wholeBlocks && ((part: Mask) => wholeBlocks(part, region.plan.box));
    const grows = work.request.effects === 'include';
    const room = grows ? roomOf(region, { repaints, done, picture }) : undefined;
    done.push(await repaint({ ...work, step, region, modelDilation, maxTiles, room, writable }));
  }
  return done;
}

type MaskContext = Pick<EditorOptions, 'finder' | 'limits' | 'defaults'> & {
  readonly step: Step;
  readonly signal: AbortSignal;
};

/** The mask that was sent, or one that is found; `undefined` when the engine makes its own. */
function maskOf(
  input: EditInput,
  photo: Source,
  { finder, limits, defaults, step, signal }: MaskContext,
): Promise<GivenMask | FoundGiven | undefined> {
  const wanted = wantedMask(input.request);
  if (wanted === undefined || finder === undefined) return readMask(input, photo, limits);
  const { labels, mode, dilationPx = mode === 'removal' ? undefined : defaults.dilationPx } = input.request;
  return findMask({ photo, finder, wanted, labels, dilationPx, step, signal });
}
