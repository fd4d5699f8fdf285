import { z } from 'zod';
import { invalidField } from './api-error.ts';
import { imagenDrift } from './drift.ts';
import {
  checkSampling,
  labelsField,
  outputFields,
  parseBody,
  safetyFields,
  samplingFields,
} from './fields.ts';
import type { Model } from './models.ts';
import { placeholderPicture } from './painting.ts';
import { fitSide } from './pixels.ts';
import { predictionsReply } from './predictions.ts';
import type { Answering, Tools, Work } from './tools.ts';

/** Pixels at 1K; 2K doubles them. */
const pixelsAt1K = {
  '1:1': [1024, 1024],
  '3:4': [896, 1280],
  '4:3': [1280, 896],
  '9:16': [768, 1408],
  '16:9': [1408, 768],
} as const;
type AspectRatio = keyof typeof pixelsAt1K;

const schema = z.strictObject({
  instances: z.array(z.strictObject({ prompt: z.string().min(1) })).length(1),
  parameters: z
    .strictObject({
      ...samplingFields,
      ...safetyFields,
      ...outputFields,
      aspectRatio: z.enum(Object.keys(pixelsAt1K) as [AspectRatio, ...AspectRatio[]]).default('1:1'),
      sampleImageSize: z.enum(['1K', '2K']).default('1K'),
      enhancePrompt: z.boolean().default(true),
    })
    .prefault({}),
  labels: labelsField.optional(),
});

/**
 * Reads a text-to-image body.
 *
 * @throws {ApiError} 400 for everything the model refuses.
 * @see https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api
 */
export function generateWork(model: Model, body: unknown, tools: Tools): Work {
  const { parameters } = parseBody(schema, body);
  checkSampling(parameters, model.maxSamples);
  const { aspectRatio, sampleImageSize, enhancePrompt, negativePrompt, sampleCount } = parameters;
  if (negativePrompt !== undefined && !model.takesNegativePrompt) {
    throw invalidField('parameters.negativePrompt', `negativePrompt is not supported by ${model.id}`);
  }
  if (!model.imageSizes.includes(sampleImageSize)) {
    throw invalidField('parameters.sampleImageSize', `${sampleImageSize} is not supported by ${model.id}`);
  }
  const [width, height] = pixelsAt1K[aspectRatio];
  const scale = sampleImageSize === '2K' ? 2 : 1;
  const size = fitSide({ width, height }, Math.max(width, height) * scale * tools.scale);
  // Prompts are never repeated, so the rewritten one is a fixed sentence.
  const enhanced =
    enhancePrompt && !model.takesNegativePrompt
      ? 'A placeholder, in the words of a rewriting model.'
      : undefined;
  const run = async ({ drift }: Answering) => {
    const draw = async (n: number) => drift(placeholderPicture(size, n), imagenDrift, n);
    return predictionsReply(parameters, draw, tools, enhanced);
  };
  return { images: [], samples: sampleCount, run };
}
