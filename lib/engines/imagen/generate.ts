import type { ModelOptions } from '../entry.ts';
import type { ModelEntry } from '../model-entry.ts';
import type { GenerateRequest, Generator } from '../picture-engines.ts';
import { modelFor } from '../vertex/model.ts';
import { assertMediaType, commonParameters, predictPictures } from './predict.ts';

/** Text to image with an Imagen model. */
export function imagenGenerator(options: ModelOptions): Generator {
  const model = modelFor(options, { api: 'imagen-generate', defaultModel: 'imagen-4.0-generate-001' });
  const name = `imagen:${model.model}`;
  return {
    name,
    async generate(request, signal) {
      const { samples, prompt, negativePrompt, replyFormat } = request;
      assertMediaType(name, replyFormat?.mediaType);
      const body = generateBody(request, model.entry);
      const reply = await predictPictures(
        model,
        { body, samples, secrets: [prompt, negativePrompt] },
        signal,
      );
      return { ...reply, warnings: [...seedWarnings(name, request), ...reply.warnings] };
    },
  };
}

/**
 * The body of an Imagen text-to-image request.
 *
 * @see https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api
 */
function generateBody(request: GenerateRequest, entry: ModelEntry | undefined): Record<string, unknown> {
  const parameters = {
    sampleCount: request.samples,
    aspectRatio: request.aspectRatio,
    // Models of one size do not know the field.
    sampleImageSize: entry?.imageSizes?.length === 1 ? undefined : request.imageSize,
    enhancePrompt: request.enhancePrompt,
    negativePrompt: entry?.takesNegativePrompt === false ? undefined : request.negativePrompt,
    ...commonParameters(request),
    storageUri: request.storageUri,
  };
  const instances = [{ prompt: request.prompt }];
  return { instances, parameters, ...(request.labels && { labels: request.labels }) };
}

function seedWarnings(engine: string, { seed, enhancePrompt }: GenerateRequest): readonly string[] {
  if (seed === undefined || enhancePrompt === false) return [];
  return [`The seed has no effect at ${engine} while it rewrites the prompt: set enhancePrompt to false.`];
}
