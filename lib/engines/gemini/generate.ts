import { EditError } from '../../errors.ts';
import {
  aspectRatios,
  type ImageSize,
  imageSizes,
  personGenerations,
  safetySettings,
} from '../../requests/values.ts';
import type { GenerateHonours } from '../imagen/generate.ts';
import { checkOptions } from '../options.ts';
import { requireImage } from '../outcomes.ts';
import type { GenerateRequest, Generator } from '../picture-engines.ts';
import { askForSamples, type GeminiCallOptions, geminiConfig } from './call.ts';

/** What Gemini image models take for text to image; the rest is ignored with a warning, or refused. */
export function geminiGenerateHonours(sizes: readonly ImageSize[] = imageSizes): GenerateHonours {
  return {
    prompt: { note: 'required' },
    negativePrompt: { note: 'said in words' },
    samples: { range: [1, 4], note: 'one call each' },
    aspectRatio: { values: aspectRatios },
    imageSize: { values: sizes },
    personGeneration: { values: personGenerations },
    safetySetting: { values: safetySettings },
    replyFormat: { default: 'image/png', note: 'PNG and JPEG only' },
    labels: {},
  };
}

const geminiMediaTypes: readonly string[] = ['image/png', 'image/jpeg'];

/** Refused rather than ignored: the caller would look for pictures where there are none. */
export function refuseStorage(engine: string, storageUri: string | undefined): void {
  if (storageUri === undefined) return;
  throw new EditError(
    'ENGINE_UNSUPPORTED',
    `Expected no storageUri, as ${engine} cannot write to a bucket by itself`,
  );
}

export function geminiGenerateBody(request: GenerateRequest): Record<string, unknown> {
  const avoid = request.negativePrompt?.trim();
  const text = avoid ? `${request.prompt}\nAvoid: ${avoid}` : request.prompt;
  return { contents: [{ role: 'user', parts: [{ text }] }], ...geminiConfig(request, request) };
}

/** Text to image with a Gemini image model: N pictures are N calls. */
export function geminiGenerator(
  options: GeminiCallOptions & { readonly imageSizes?: readonly ImageSize[] | undefined },
): Generator {
  const { model } = options;
  const name = `gemini:${model}`;
  const honours = geminiGenerateHonours(options.imageSizes);
  return {
    name,
    async generate(request, signal) {
      refuseStorage(name, request.storageUri);
      checkFormat(name, request.replyFormat?.mediaType);
      const ignored = checkOptions(name, { ...request }, honours);
      const secrets = [request.prompt, request.negativePrompt];
      const body = geminiGenerateBody(request);
      const asked = await askForSamples({ ...options, secrets }, body, request.samples, signal);
      return {
        outcomes: requireImage(asked.outcomes, { model, calls: asked.calls }),
        enhancedPrompts: [],
        warnings: [...ignored, ...asked.warnings],
        calls: asked.calls,
      };
    },
  };
}

function checkFormat(engine: string, mediaType: string | undefined): void {
  if (mediaType === undefined || geminiMediaTypes.includes(mediaType)) return;
  throw new EditError('ENGINE_UNSUPPORTED', `Expected PNG or JPEG of ${engine}, got ${mediaType}`);
}
