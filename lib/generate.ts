import { practiceWarnings } from './engines/best-practice.ts';
import type { Generator, PictureReply } from './engines/picture-engines.ts';
import {
  assertAllowedUri,
  type GenerateOptions,
  generateRequestSchema,
  pictureFormat,
} from './requests/picture-requests.ts';
import { optionValues, parseWith } from './requests/schema.ts';

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
    const practice = practiceWarnings({ mode: 'insertion', prompt: request.prompt });
    const reply = await generator.generate(
      { ...optionValues('generate', request), replyFormat: pictureFormat(request) },
      signal,
    );
    return { ...reply, engine: generator.name, warnings: [...practice, ...reply.warnings] };
  };
