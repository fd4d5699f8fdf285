import { practiceWarnings } from '../engines/best-practice.ts';
import type { Proof } from '../formats/format.ts';
import type { Source } from '../formats/vips/read.ts';
import { countAbove0 } from '../pixels/mask.ts';
import type { Size } from '../pixels/raster.ts';
import type { EditRequest } from '../requests/edit-request.ts';
import type { FoundGiven, MaskReport } from './found-mask.ts';
import { maskOfPatches } from './patches.ts';
import type { GivenMask } from './read.ts';
import type { RegionReport } from './region-report.ts';
import type { Repainted } from './repaint.ts';

/** The part of a manifest that describes an edit: plain JSON, no prompts, no bytes. */
export interface EditReport {
  readonly engine: string;
  readonly modelCalls: number;
  readonly warnings: readonly string[];
  readonly timingsMs: Readonly<Record<string, number>>;
  readonly image: { readonly format: string; readonly width: number; readonly height: number };
  /** Only where a mask was found instead of sent. */
  readonly mask?: MaskReport;
  /** Share of the picture that was allowed to change, 0..1. */
  readonly maskCoverage: number;
  /** Parts of the metadata that the edit made untrue, such as the thumbnail. */
  readonly droppedMetadata: readonly string[];
  readonly regions: readonly RegionReport[];
  /** One for each output, in their order. */
  readonly proofs: readonly Proof[];
}

interface Edited {
  readonly engine: string;
  readonly photo: Source;
  /** What decoders warn of, in sentences. */
  readonly notes: readonly string[];
  readonly request: EditRequest;
  /** `undefined` when the model chose the mask. */
  readonly given: GivenMask | FoundGiven | undefined;
  /** A mask came along that was not asked for. */
  readonly hasIdleMask: boolean;
  /** By so many pixels the mask grew for `effects`. */
  readonly grownPixels: number;
  readonly regions: readonly Repainted[];
  /** One for each output: metadata left out, and further warnings. */
  readonly written: readonly { readonly dropped: readonly string[]; readonly notes: readonly string[] }[];
  readonly proofs: readonly Proof[];
  readonly timingsMs: Readonly<Record<string, number>>;
}

export function editReport(edited: Edited): EditReport {
  const { engine, photo, notes, request, given, regions, written, proofs, timingsMs } = edited;
  const { format, displayed } = photo.header;
  const found = given !== undefined && 'report' in given ? given : undefined;
  const effects = edited.grownPixels / (displayed.width * displayed.height);
  const mask = maskReport(edited, effects);
  const warnings = [
    ...notes,
    ...(given?.warnings ?? []),
    ...(edited.hasIdleMask ? [`The mask that was sent was not used: maskMode is ${request.maskMode}.`] : []),
    ...practiceWarnings(request),
    ...regions.flatMap((region) => region.warnings),
    ...written.flatMap(({ notes }) => notes),
  ];
  return {
    engine,
    modelCalls: regions.reduce((sum, { calls }) => sum + calls, found?.calls ?? 0),
    warnings: [...new Set(warnings)],
    timingsMs,
    image: { format, ...displayed },
    ...(mask && { mask }),
    maskCoverage: (given?.coverage ?? coverageOf(regions, displayed)) + effects,
    droppedMetadata: [...new Set(written.flatMap(({ dropped }) => dropped))],
    regions: regions.map(({ report }) => report),
    proofs,
  };
}

/** `undefined` for a mask that was sent and is what was used. */
function maskReport({ engine, request, given }: Edited, effects: number): MaskReport | undefined {
  const isSent = given !== undefined && !('report' in given);
  if (isSent && effects === 0) return undefined;
  const found = isSent ? { finder: 'user', found: [] } : (given?.report ?? { finder: engine, found: [] });
  const digits = 1e5;
  return request.effects === 'include' ? { ...found, effects: Math.round(effects * digits) / digits } : found;
}

/** Share of the picture that the first output may change, 0..1. */
function coverageOf(regions: readonly Repainted[], { width, height }: Size): number {
  const first = regions.flatMap(({ patches }) => patches.slice(0, 1));
  return countAbove0(maskOfPatches(first).mask) / (width * height);
}
