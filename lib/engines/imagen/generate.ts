import { EditError } from '../../errors.ts';
import { checkWatermark } from '../edit-options.ts';
import type { ModelEntry } from '../models.ts';
import { checkOptions, type Honours } from '../options.ts';
import type { GenerateRequest, Generator } from '../picture-engines.ts';
import type { VertexPost } from '../vertex/vertex.ts';
import { predictPictures } from './predict-pictures.ts';
import {
  languageRule,
  outputOptions,
  personRule,
  safetyAttributesRule,
  safetyRule,
  seedRule,
  watermarkRule,
} from './values.ts';

export const imagenMediaTypes = [
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/bmp',
  'image/tiff',
  'image/vnd.microsoft.icon',
] as const;

export type GenerateHonours = Honours<keyof GenerateRequest>;

/** What text to image takes; a model's entry narrows sizes, samples and the negative prompt. */
export function imagenGenerateHonours(entry?: ModelEntry): GenerateHonours {
  return {
    prompt: { note: 'required' },
    ...(entry?.takesNegativePrompt !== false && {
      negativePrompt: { note: 'not for imagen-3.0-generate-002 and newer' },
    }),
    samples: { range: [1, entry?.maxSamples ?? 4], note: 'imagegeneration@002 up to 8' },
    aspectRatio: { values: ['1:1', '3:4', '4:3', '16:9', '9:16'] },
    imageSize: { values: entry?.imageSizes ?? ['1K', '2K'] },
    enhancePrompt: { default: true },
    seed: seedRule,
    language: languageRule,
    personGeneration: personRule,
    safetySetting: safetyRule,
    addWatermark: watermarkRule,
    includeSafetyAttributes: safetyAttributesRule,
    replyFormat: { default: 'image/png', note: 'JPEG quality 0..100, 75 when left out' },
    storageUri: { note: 'in an allowed bucket' },
    labels: {},
  };
}

/**
 * The body of an Imagen text-to-image request.
 *
 * @see https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api
 */
export function imagenGenerateBody(
  request: GenerateRequest,
  honours: GenerateHonours,
): Record<string, unknown> {
  const parameters = {
    sampleCount: request.samples,
    aspectRatio: request.aspectRatio,
    // Models of one size do not know the field.
    sampleImageSize: honours.imageSize?.values?.length === 1 ? undefined : request.imageSize,
    enhancePrompt: request.enhancePrompt,
    negativePrompt: honours.negativePrompt && request.negativePrompt,
    seed: request.seed,
    addWatermark: request.addWatermark,
    language: request.language,
    personGeneration: request.personGeneration,
    safetySetting: request.safetySetting,
    includeRaiReason: true,
    includeSafetyAttributes: request.includeSafetyAttributes,
    outputOptions: outputOptions(request.replyFormat),
    storageUri: request.storageUri,
  };
  const instances = [{ prompt: request.prompt }];
  return { instances, parameters, ...(request.labels && { labels: request.labels }) };
}

export interface GeneratorOptions {
  readonly post: VertexPost;
  readonly model: string;
  readonly entry: ModelEntry | undefined;
}

/** Text to image with an Imagen model. */
export function imagenGenerator({ post, model, entry }: GeneratorOptions): Generator {
  const name = `imagen:${model}`;
  const honours = imagenGenerateHonours(entry);
  return {
    name,
    async generate(request, signal) {
      const warnings = [...checkOptions(name, { ...request }, honours), ...seedWarnings(name, request)];
      checkWatermark(name, request.seed, request.addWatermark, honours);
      checkMediaType(name, request.replyFormat?.mediaType);
      const body = imagenGenerateBody(request, honours);
      const secrets = [request.prompt, request.negativePrompt];
      const { samples } = request;
      const reply = await predictPictures(
        { post, model, successor: entry?.successor, body, samples, secrets },
        signal,
      );
      return { ...reply, warnings: [...warnings, ...reply.warnings] };
    },
  };
}

function seedWarnings(engine: string, { seed, enhancePrompt }: GenerateRequest): readonly string[] {
  if (seed === undefined || enhancePrompt === false) return [];
  return [`The seed has no effect at ${engine} while it rewrites the prompt: set enhancePrompt to false.`];
}

export function checkMediaType(engine: string, mediaType: string | undefined): void {
  const known: readonly string[] = imagenMediaTypes;
  if (mediaType === undefined || known.includes(mediaType)) return;
  throw new EditError(
    'REQUEST_INVALID',
    `Expected a format of ${known.join(', ')} for ${engine}, got another`,
  );
}
