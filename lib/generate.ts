import { z } from 'zod';
import { practiceWarnings } from './engines/best-practice.ts';
import { aspectRatios, imageSizes } from './engines/models.ts';
import type { Generator, PictureReply } from './engines/picture-engines.ts';
import { parseWith } from './requests/edit-request.ts';
import { assertAllowedUri, pictureFormat, pictureOptions } from './requests/picture-options.ts';
import { sharedOptions } from './requests/shared-options.ts';

/** What a person may ask of text to image. Ranges are the widest of all models; each narrows them by name. */
export const generateRequestSchema = z.strictObject({
  prompt: z.string().trim().min(1).max(4000).describe('What the picture shall show.'),
  samples: z.int().min(1).max(8).default(1).describe('How many pictures; each is billed by the model.'),
  aspectRatio: z.enum(aspectRatios).default('1:1').describe('Width to height.'),
  imageSize: z.enum(imageSizes).default('1K').describe('Longer side of the picture, about.'),
  enhancePrompt: z
    .boolean()
    .optional()
    .describe('Lets the model rewrite the prompt; a seed has no effect then.'),
  ...sharedOptions,
  ...pictureOptions,
});

export type GenerateOptions = z.infer<typeof generateRequestSchema>;

/** The engine a request asks for, or the configured one. */
export type GeneratorFor = (choice: Pick<GenerateOptions, 'engine' | 'model'>) => Promise<Generator>;

export interface GenerateParts {
  readonly generatorFor: GeneratorFor;
  /** Buckets a model may be told to write to. */
  readonly allowedBuckets: readonly string[];
}

export type Generate = (
  value: unknown,
  signal: AbortSignal,
) => Promise<PictureReply & { readonly engine: string }>;

/**
 * Text to image: JSON from a caller -> pictures, each candidate with its outcome.
 *
 * @throws {EditError} `REQUEST_INVALID` naming each wrong field, and whatever the engine throws.
 */
export const generateWith =
  ({ generatorFor, allowedBuckets }: GenerateParts): Generate =>
  async (value, signal) => {
    const request = parseWith(generateRequestSchema, value);
    assertAllowedUri('storageUri', request.storageUri, allowedBuckets);
    const generator = await generatorFor(request);
    const practice = practiceWarnings({
      mode: 'insertion',
      prompt: request.prompt,
      maskedFraction: undefined,
    });
    const reply = await generator.generate(
      {
        prompt: request.prompt,
        samples: request.samples,
        aspectRatio: request.aspectRatio,
        imageSize: request.imageSize,
        negativePrompt: request.negativePrompt,
        enhancePrompt: request.enhancePrompt,
        seed: request.seed,
        language: request.language,
        personGeneration: request.personGeneration,
        safetySetting: request.safetySetting,
        addWatermark: request.addWatermark,
        includeSafetyAttributes: request.includeSafetyAttributes,
        storageUri: request.storageUri,
        labels: request.labels,
        replyFormat: pictureFormat(request),
      },
      signal,
    );
    return { ...reply, engine: generator.name, warnings: [...practice, ...reply.warnings] };
  };
