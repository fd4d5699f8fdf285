import { EditError } from '../../errors.ts';
import { type ImageSize, imageSizes, personGenerations, safetySettings } from '../../requests/values.ts';
import { checkEditRequest, type EditHonours } from '../edit-options.ts';
import type { EncodedImage, InpaintEngine, InpaintOutcome, InpaintRequest } from '../engine.ts';
import { imageSize } from '../image-size.ts';
import { base64, encodeWithin, type ModelEngineOptions } from '../imagen/predict-edit.ts';
import { replyFormatRule } from '../imagen/values.ts';
import { requireImage } from '../outcomes.ts';
import { askForSamples, type GeminiCallOptions, geminiConfig } from './call.ts';
import { frameFor, type GeminiFrame, geminiFrames } from './frames.ts';
import { markRegion, maskBox } from './mark-region.ts';
import { editPrompt } from './prompt.ts';

export const geminiHonours: EditHonours = {
  prompt: { note: 'required for insertion; for removal what the region shows afterwards' },
  negativePrompt: { note: 'said in words' },
  samples: { range: [1, 4], note: 'one call each' },
  personGeneration: { values: personGenerations },
  safetySetting: { values: safetySettings },
  replyFormat: replyFormatRule,
  labels: {},
};

/** Inline images may have 7 MB each. */
const maxCropBytes = 7_000_000;
/** The marked copy only points: half the crop's budget keeps the whole request below 20 MB. */
const maxMarkedBytes = 3_500_000;

export interface GeminiEngineOptions extends ModelEngineOptions, GeminiCallOptions {
  /** Sizes the model answers in; all three when `undefined`. */
  readonly imageSizes?: readonly ImageSize[] | undefined;
}

/** What one Gemini edit sends; `undefined` options are left to the API. */
export function geminiEditBody(
  request: InpaintRequest,
  frame: GeminiFrame,
  content: { readonly text: string; readonly images: readonly EncodedImage[] },
): Record<string, unknown> {
  const images = content.images.map((image) => ({
    inlineData: { mimeType: image.mediaType, data: base64(image) },
  }));
  return {
    contents: [{ role: 'user', parts: [{ text: content.text }, ...images] }],
    ...geminiConfig(request, frame),
  };
}

/**
 * Gemini image models (`gemini-3.1-flash-image`, ...), which take no mask: the model sees the crop and a
 * copy with the region marked, and is told what to do there. What it changes elsewhere never counts: the
 * caller registers its answer and composites by the mask.
 */
export function geminiEngine(options: GeminiEngineOptions): InpaintEngine {
  const { model, codec } = options;
  const name = `gemini:${model}`;
  const frames = geminiFrames(options.imageSizes ?? imageSizes);
  return {
    name,
    masks: 'described',
    frames: { kind: 'fixed', sizes: frames.map(({ width, height }) => ({ width, height })) },
    async inpaint(request, signal) {
      const ignored = checkEditRequest(name, request, geminiHonours);
      const { crop, mask } = request;
      const region = mask && maskBox(mask);
      if (!mask || !region)
        throw new EditError('MASK_EMPTY', `Expected a region to edit for ${name}, got none`);
      const frame = frameFor(crop, frames);
      const images = [
        await encodeWithin(codec, crop, maxCropBytes),
        await encodeWithin(codec, markRegion(crop, mask), maxMarkedBytes),
      ];
      const body = geminiEditBody(request, frame, { text: editPrompt({ ...request, region }), images });
      const secrets = [request.prompt, request.negativePrompt];
      const asked = await askForSamples({ ...options, secrets }, body, request.samples, signal);
      return {
        outcomes: requireImage(asked.outcomes, { model, calls: asked.calls }),
        warnings: [...ignored, ...asked.warnings, ...sizeWarnings(name, asked.outcomes, frame)],
        calls: asked.calls,
      };
    },
  };
}

/** Answers of another size than asked for were seen; the caller resamples, and should know. */
function sizeWarnings(
  engine: string,
  outcomes: readonly InpaintOutcome[],
  frame: GeminiFrame,
): readonly string[] {
  return outcomes.flatMap((outcome) => {
    const size = outcome.kind === 'image' ? imageSize(outcome.image.bytes) : undefined;
    if (!size || (size.width === frame.width && size.height === frame.height)) return [];
    const asked = `${frame.width} x ${frame.height}`;
    return [`${engine} was asked for ${asked} and answered ${size.width} x ${size.height}.`];
  });
}
