import { maskOfPatches, patchesOfOutputs } from './edit/patches.ts';
import { planRepaints } from './edit/plan.ts';
import { checkPhoto, type MaskTrust, readMask, readPhoto } from './edit/read.ts';
import { readKeep } from './edit/read-keep.ts';
import { type Repainted, repaint } from './edit/repaint.ts';
import { type EditReport, editReport } from './edit/report.ts';
import { type StepListener, stopwatch } from './edit/stopwatch.ts';
import { assertRoom, wholeBlocksOf } from './edit/whole-blocks.ts';
import { outputFormatOf, writeOutput } from './edit/write.ts';
import type { EncodedImage, InpaintEngine } from './engines/engine.ts';
import type { Proof, Written } from './formats/format.ts';
import type { Limits } from './formats/vips/header.ts';
import type { Mask } from './pixels/raster.ts';
import type { EditRequest } from './requests/edit-request.ts';
import { assertChosenEngine } from './requests/engine-options.ts';
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

export interface EditOutput extends EncodedImage {
  /** Without the dot, for the name of the output object. */
  readonly extension: string;
  /** Result of comparing this output with the input outside the effective mask. */
  readonly proof: Proof;
}

export interface EditResult {
  /** Best first; at least one. */
  readonly outputs: readonly EditOutput[];
  readonly report: EditReport;
  /** What the calls of the model may cost by list price, where it is known and was asked for. */
  readonly costEstimateUsd?: number | undefined;
}

/** The whole edit with its engine, limits and defaults bound in; jobs and HTTP handlers know only this. */
export type Edit = (input: EditInput, signal: AbortSignal) => Promise<EditResult>;

export interface EditDefaults {
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
  readonly limits: Limits;
  readonly defaults: EditDefaults;
  /** Receives every step. */
  readonly trace?: Trace;
}

/**
 * The story of an edit, as a function with its engine, limits and defaults bound in.
 *
 * No step can touch pixels outside the mask: the model sees a crop, its answer is blended into a patch
 * through the mask, and only the patch is written into the original picture.
 */
export function editor({ engine, limits, defaults, trace }: EditorOptions): Edit {
  return async (input, signal) => {
    const { image, request } = input;
    assertChosenEngine(request, engine.name);
    const { step, stepOf, timingsMs } = stopwatch(signal, trace, input.onStep);

    const photo = await step('read', () => readPhoto(image, limits));
    const outputFormat = outputFormatOf(photo, request);
    const wholeBlocks = wholeBlocksOf(photo, request);
    const [[given, keep], { walked, notes }] = await Promise.all([
      step('mask', () => Promise.all([readMask(input, photo, limits), readKeep(input.keep, photo, limits)])),
      step('check', () => checkPhoto(photo)),
    ]);
    const plan = await step('plan', () =>
      planRepaints({ mask: given?.mask, keep, size: photo.header.displayed, engine, request, defaults }),
    );
    assertRoom(wholeBlocks, plan.repaints);

    const shared = { photo, engine, request, modelDilation: defaults.modelDilation, signal };
    const { length: of } = plan.repaints;
    const maxTiles = Math.floor(defaults.maxTiles / of);
    const regions: Repainted[] = [];
    for (const [at, region] of plan.repaints.entries()) {
      const writable = wholeBlocks && ((part: Mask) => wholeBlocks(part, region.plan.box));
      regions.push(await repaint({ ...shared, region, maxTiles, writable, step: stepOf(at, of) }));
    }

    const isStrict = wholeBlocks !== undefined;
    const isGenerated = regions.some(({ calls }) => calls > 0);
    const outputs: EditOutput[] = [];
    const written: Pick<Written, 'dropped' | 'notes'>[] = [];
    for (const patches of patchesOfOutputs(regions.map((region) => region.patches))) {
      const output = await step('write', () =>
        writeOutput(outputFormat, { photo, walked, patches, isGenerated, isStrict }),
      );
      const mask = plan.mask ?? maskOfPatches(patches);
      const proof = await step('prove', () =>
        outputFormat.format.prove({ photo, walked, written: output, patches, mask, isStrict }),
      );
      written.push({ dropped: output.dropped, notes: output.notes });
      const { mediaType, extension } = outputFormat.format;
      outputs.push({ mediaType, extension, bytes: output.bytes, proof });
    }

    const edited = { engine: engine.name, photo, notes, request, given, regions, written };
    const proofs = outputs.map(({ proof }) => proof);
    return { outputs, report: editReport({ ...edited, proofs, timingsMs: timingsMs() }) };
  };
}
