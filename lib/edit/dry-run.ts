import { practiceWarnings } from '../engines/best-practice.ts';
import type { InpaintEngine } from '../engines/engine.ts';
import type { Proof } from '../formats/format.ts';
import type { Limits } from '../formats/vips/header.ts';
import type { Source } from '../formats/vips/read.ts';
import type { Box, Mask, Size } from '../pixels/raster.ts';
import type { EditRequest } from '../requests/edit-request.ts';
import { assertChosenEngine, editOptions } from '../requests/engine-options.ts';
import { dilationOf } from './model-call.ts';
import { planRepaints, type RepaintPlan } from './plan.ts';
import { checkPhoto, type GivenMask, type MaskTrust, readMask, readPhoto } from './read.ts';
import { assertRoom, wholeBlocksOf } from './whole-blocks.ts';
import { outputFormatOf } from './write.ts';

/** What an edit would do. */
export interface EditPlan {
  readonly engine: string;
  /**
   * One call of the model each, or more: what it sees, pixels of the picture as displayed, and in what size.
   * None where only a run can tell.
   */
  readonly regions: readonly { readonly box: Box; readonly frame: Size; readonly scale: number }[];
  /** Share of the picture under the mask, 0..1; `undefined` where the model finds the mask. */
  readonly maskCoverage: number | undefined;
  /** As in requests, e.g. `jpeg`; `undefined` without a picture. */
  readonly outputFormat: string | undefined;
  /** What the proof is expected to say; `undefined` without a picture. */
  readonly outside: Proof['outside'] | undefined;
  readonly warnings: readonly string[];
}

/** The files of an edit; or no picture, but its size as displayed. */
export type PlanInput = MaskTrust & {
  readonly mask: Uint8Array | undefined;
  readonly request: EditRequest;
} & ({ readonly image: Uint8Array } | { readonly size: Size });

interface PlannerOptions {
  readonly engine: InpaintEngine;
  /** Something else than the engine finds the mask, and only a run can tell where. */
  readonly isMaskFound: boolean;
  readonly limits: Limits;
  readonly defaults: {
    readonly featherPx: number;
    readonly dilationPx: number;
    readonly modelDilation: number;
    readonly maxRegions: number;
  };
}

/**
 * Everything of an edit that comes before its first call of the model, with the same errors. With the mask
 * alone and the size of the picture, whatever needs the picture is left out.
 */
export async function planEdit(input: PlanInput, options: PlannerOptions): Promise<EditPlan> {
  const { engine, isMaskFound, limits, defaults } = options;
  const { request } = input;
  assertChosenEngine(request, engine.name);
  const photo = 'image' in input ? await readPhoto(input.image, limits) : undefined;
  const output = photo && outputOf(photo, request);
  const { notes } = photo === undefined ? { notes: [] } : await checkPhoto(photo);
  const given = await readMask(input, photo ?? sheet(input), limits);
  const size = photo?.header.displayed ?? sizeOf(input);
  const plan = planRepaints({ mask: given?.mask, size, engine, request, defaults });
  if (photo !== undefined) assertRoom(wholeBlocksOf(photo, request), plan.repaints);
  const warnings = [
    ...notes,
    ...(given?.warnings ?? []),
    ...practiceWarnings(request),
    ...checkWith(engine, request, { plan, isMaskFound, modelDilation: defaults.modelDilation }),
  ];
  return {
    engine: engine.name,
    regions: isMaskFound ? [] : regionsOf(plan),
    ...coverageOf(given),
    outputFormat: output?.format,
    outside: output?.outside,
    warnings: [...new Set(warnings)],
  };
}

/** The same of a request with `only`: nothing is repainted. */
export async function planOnly(input: PlanInput, { engine, limits }: PlannerOptions): Promise<EditPlan> {
  assertChosenEngine(input.request, engine.name);
  const photo = 'image' in input ? await readPhoto(input.image, limits) : undefined;
  const { notes } = photo === undefined ? { notes: [] } : await checkPhoto(photo);
  const isStroke = input.request.only === 'mask' && input.request.maskMode === 'user';
  const given = isStroke ? await readMask(input, photo ?? sheet(input), limits) : undefined;
  const facts = { regions: [], maskCoverage: undefined, outputFormat: undefined, outside: undefined };
  return { engine: engine.name, ...facts, warnings: [...notes, ...(given?.warnings ?? [])] };
}

const regionsOf = ({ repaints }: RepaintPlan) =>
  repaints.map(({ plan: { box, frame, scale } }) => ({ box, frame, scale }));

const coverageOf = (given: GivenMask | undefined) => ({ maskCoverage: given?.coverage });

const sizeOf = (input: PlanInput): Size => ('size' in input ? input.size : { width: 0, height: 0 });

/** Stands for the picture that a mask was painted on. */
function sheet(input: PlanInput) {
  const size = sizeOf(input);
  const header = { displayed: size, stored: size, orientation: 1 } as const;
  return { bytes: input.mask ?? new Uint8Array(), header };
}

/** The format of the result, and what will be the same outside the mask. */
function outputOf(photo: Source, request: EditRequest) {
  const { format, encoding } = outputFormatOf(photo, request);
  if (format.name !== 'jpeg') return { format: format.name, outside: 'exact' as const };
  const isInPlace = encoding === undefined;
  const isInside = wholeBlocksOf(photo, request) !== undefined;
  const outside: Proof['outside'] = !isInPlace ? 're-encoded' : isInside ? 'exact' : 'touched-blocks';
  return { format: format.name, outside };
}

/** Stands for the mask that will be found. */
const onePixel: Mask = { width: 1, height: 1, channels: 1, data: Uint8Array.of(255) };

interface Checked {
  readonly plan: RepaintPlan;
  readonly isMaskFound: boolean;
  readonly modelDilation: number;
}

/** What the engine refuses or leaves out. Every region is asked for the same. */
function checkWith(
  engine: InpaintEngine,
  request: EditRequest,
  { plan, isMaskFound, modelDilation }: Checked,
): readonly string[] {
  const [first] = plan.repaints;
  if (engine.check === undefined || first === undefined) return [];
  return engine.check({
    ...editOptions(request),
    ...(isMaskFound && { automaticMask: undefined }),
    key: first.key,
    mode: request.mode,
    mask: isMaskFound ? onePixel : first.mask,
    maskDilation: engine.dilatesMask ? dilationOf({ request, modelDilation }) : undefined,
  });
}
