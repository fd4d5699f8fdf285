import { checkPhoto, readPhoto } from './edit/read.ts';
import { stopwatch } from './edit/stopwatch.ts';
import type { Edit, EditInput, EditReport } from './edit.ts';
import type { EncodedImage } from './engines/engine.ts';
import { EditError } from './errors.ts';
import { maskMaker } from './find-mask.ts';
import type { MaskFinder } from './finders/finder.ts';
import type { Limits } from './formats/vips/header.ts';
import { previewOf } from './formats/vips/preview.ts';
import type { Trace } from './trace.ts';

interface OnlyOptions {
  /** The engine that would repaint, for the report. */
  readonly engine: string;
  /** What finds the mask. */
  readonly finder: MaskFinder | undefined;
  readonly limits: Limits;
  readonly trace?: Trace;
}

/** Width of a preview, pixels: enough for a large screen, and to paint a mask on. */
const previewPx = 2048;
const nothingRepainted = { droppedMetadata: [], regions: [], proofs: [] } as const;

/**
 * Makes what a request with `only` asks for, in the place of an edit: the mask that was found, or a preview.
 * There are no outputs then.
 */
export function onlyMaker(options: OnlyOptions): Edit {
  const make = { mask: onlyMask, preview: onlyPreview };
  return async (input, signal) => {
    const { only } = input.request;
    if (only === undefined) throw new EditError('INTERNAL', 'Expected a request with only, got an edit');
    return make[only](input, options, signal);
  };
}

async function onlyMask(
  input: EditInput,
  { engine, finder, limits, trace }: OnlyOptions,
  signal: AbortSignal,
) {
  if (finder === undefined) throw new EditError('INTERNAL', 'Expected a finder, got none');
  const { image, mask: sent, onStep } = input;
  const { maskMode, maskClasses, maskPrompt, labels, dilationPx } = input.request;
  const isStroke = maskMode === 'user';
  const asked = { maskMode: isStroke ? undefined : maskMode, maskClasses, maskPrompt, labels, dilationPx };
  const find = maskMaker({ finderFor: async () => finder, limits, ...(trace && { trace }) });
  const scribble = isStroke ? sent : undefined;
  const found = await find({ image, scribble, request: asked, ...(onStep && { onStep }) }, signal);
  const report: EditReport = { engine, ...nothingRepainted, ...found.report };
  return { outputs: [], mask: found.mask, report };
}

async function onlyPreview(
  { image, onStep }: EditInput,
  { engine, limits, trace }: OnlyOptions,
  signal: AbortSignal,
) {
  const { step, timingsMs } = stopwatch(signal, trace, onStep);
  const photo = await step('read', () => readPhoto(image, limits));
  const { notes } = await step('check', () => checkPhoto(photo));
  const bytes = await step('write', () => previewOf(image, previewPx, limits));
  const preview: EncodedImage = { bytes, mediaType: 'image/webp' };
  const { format, displayed } = photo.header;
  const facts = { modelCalls: 0, maskCoverage: 0, warnings: notes, timingsMs: timingsMs() };
  const report: EditReport = { engine, ...nothingRepainted, ...facts, image: { format, ...displayed } };
  return { outputs: [], preview, report };
}
