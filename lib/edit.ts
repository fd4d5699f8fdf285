import { maskCoverage, placedMask } from './edit/effective-mask.ts';
import { planRepaints } from './edit/plan.ts';
import { readMask, readPhoto } from './edit/read.ts';
import type { RegionReport } from './edit/region-report.ts';
import { type RegionPatch, type Repainted, repaint } from './edit/repaint.ts';
import { stopwatch } from './edit/stopwatch.ts';
import { assertRoom, wholeBlocksOf } from './edit/whole-blocks.ts';
import { outputFormatOf, writeOutput } from './edit/write.ts';
import { practiceWarnings } from './engines/best-practice.ts';
import type { EncodedImage, InpaintEngine } from './engines/engine.ts';
import type { Proof } from './formats/format.ts';
import type { Limits } from './formats/vips/header.ts';
import type { EditRequest } from './requests/edit-request.ts';
import { assertHonoured } from './requests/engine-options.ts';
import type { Trace } from './trace.ts';

/** What an edit starts from: the files as they were uploaded. */
export interface EditInput {
  readonly image: Uint8Array;
  /** `undefined` only when the request asks for an automatic mask. */
  readonly mask: Uint8Array | undefined;
  readonly request: EditRequest;
}

export interface EditOutput extends EncodedImage {
  /** Without the dot, for the name of the output object. */
  readonly extension: string;
  /** What was found comparing this output with the input outside the effective mask. */
  readonly proof: Proof;
}

/** What the manifest says of an edit: plain JSON, no prompts, no bytes. */
export interface EditReport {
  readonly engine: string;
  readonly modelCalls: number;
  readonly warnings: readonly string[];
  readonly timingsMs: Readonly<Record<string, number>>;
  readonly image: { readonly format: string; readonly width: number; readonly height: number };
  /** Share of the picture that was allowed to change, 0..1. */
  readonly maskCoverage: number;
  /** Parts of the metadata that the edit made untrue, such as the thumbnail. */
  readonly droppedMetadata: readonly string[];
  readonly regions: readonly RegionReport[];
  /** One for each output, in their order. */
  readonly proofs: readonly Proof[];
}

export interface EditResult {
  /** Best first; at least one. */
  readonly outputs: readonly EditOutput[];
  readonly report: EditReport;
}

/** The whole edit with its engine, limits and defaults bound in; jobs and HTTP handlers know only this. */
export type Edit = (input: EditInput, signal: AbortSignal) => Promise<EditResult>;

export interface EditDefaults {
  readonly featherPx: number;
  readonly dilationPx: number;
  /** Fraction of the width of the crop. */
  readonly modelDilation: number;
  /** At most this many regions, hence model calls for one candidate; nearer ones are merged. */
  readonly maxRegions: number;
  /** At most this many calls for tiles in one edit, shared by its regions. */
  readonly maxTiles: number;
}

export interface EditorOptions {
  readonly engine: InpaintEngine;
  readonly limits: Limits;
  readonly defaults: EditDefaults;
  /** Told of every step. */
  readonly trace?: Trace;
}

/**
 * The story of an edit. Pixels outside the mask are never in anybody's hands: the model sees a crop, its answer
 * is blended into a patch through the mask, and only the patch is written into the untouched picture.
 */
export function editor({ engine, limits, defaults, trace }: EditorOptions): Edit {
  const { modelDilation, maxRegions, maxTiles } = defaults;
  return async (input, signal) => {
    assertHonoured(input.request, engine.name);
    const { mode, prompt, polarity, maskMode } = input.request;
    const practice = practiceWarnings({ mode, prompt, maskedFraction: undefined });
    const { step, timingsMs } = stopwatch(signal, trace);

    const photo = await step('read', () => readPhoto(input.image, limits));
    const output = outputFormatOf(photo, input.request);
    const { mediaType, extension, prove } = output.format;
    const wholeBlocks = wholeBlocksOf(photo, input.request);
    const size = photo.header.displayed;
    const given = await step('mask', () =>
      maskMode === 'user' ? readMask({ mask: input.mask, polarity }, photo, limits) : undefined,
    );
    const plan = await step('plan', () =>
      planRepaints({ mask: given?.mask, size, engine, request: input.request, defaults, maxRegions }),
    );

    assertRoom(wholeBlocks, plan.repaints);
    const isStrict = wholeBlocks !== undefined;

    const painted: Repainted[] = [];
    for (const region of plan.repaints) {
      painted.push(
        await repaint({
          photo,
          region,
          engine,
          request: input.request,
          modelDilation,
          maxTiles: Math.floor(maxTiles / plan.repaints.length),
          wholeBlocks,
          step,
          signal,
        }),
      );
    }

    // An embedded engine calls nobody.
    const isGenerated = painted.some(({ calls }) => calls > 0);
    const outputs: EditOutput[] = [];
    const dropped = new Set<string>();
    const notes = new Set<string>();
    for (const patches of candidates(painted.map(({ patches }) => patches))) {
      const written = await step('write', () =>
        writeOutput(output, { photo, patches, isGenerated, isStrict }),
      );
      const proof = await step('prove', () =>
        prove({ photo, written, patches, mask: plan.mask ?? placedMask(patches), isStrict }),
      );
      for (const part of written.dropped) dropped.add(part);
      for (const note of written.notes) notes.add(note);
      outputs.push({ mediaType, extension, bytes: written.bytes, proof });
    }

    return { outputs, report: reportOf() };

    function reportOf(): EditReport {
      return {
        engine: engine.name,
        modelCalls: painted.reduce((sum, { calls }) => sum + calls, 0),
        warnings: [
          ...new Set([
            ...(given?.warnings ?? []),
            ...practice,
            ...painted.flatMap((one) => one.warnings),
            ...notes,
          ]),
        ],
        timingsMs: timingsMs(),
        image: { format: photo.header.format, ...photo.header.displayed },
        maskCoverage:
          given?.coverage ??
          maskCoverage(
            painted.flatMap(({ patches }) => patches.slice(0, 1)),
            size,
          ),
        droppedMetadata: [...dropped],
        regions: painted.map(({ report }) => report),
        proofs: outputs.map(({ proof }) => proof),
      };
    }
  };
}

/**
 * Regions x candidates -> candidates x regions: output n takes candidate n of every region. A region with fewer
 * usable candidates repeats its last.
 */
function candidates(regions: readonly (readonly RegionPatch[])[]): RegionPatch[][] {
  const count = Math.max(...regions.map((patches) => patches.length));
  return Array.from({ length: count }, (_, n) =>
    regions.map((patches) => patches[Math.min(n, patches.length - 1)]!),
  );
}
