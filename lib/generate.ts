import { practiceWarnings } from './engines/best-practice.ts';
import type { Generator, PictureReply, PicturesPlan, PlanPictures } from './engines/picture-engines.ts';
import {
  assertAllowedUri,
  type GenerateOptions,
  generateRequestSchema,
  pictureFormat,
} from './requests/picture-requests.ts';
import { optionValues, parseWith } from './requests/schema.ts';

/** The engine a request asks for, or the configured one. */
type GeneratorFor = (choice: Pick<GenerateOptions, 'engine' | 'model'>) => Promise<Generator>;

interface GenerateParts {
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
  (parts: GenerateParts): Generate =>
  async (value, signal) => {
    const { generator, asked, practice } = await prepare(value, parts);
    const reply = await generator.generate(asked, signal);
    return { ...reply, engine: generator.name, warnings: [...practice, ...reply.warnings] };
  };

/** What `generateWith` would do, with the same errors. */
export const planGenerateWith =
  (parts: GenerateParts): PlanPictures =>
  async (value): Promise<PicturesPlan> => {
    const { generator, asked, practice } = await prepare(value, parts);
    const warnings = [...practice, ...(generator.check?.(asked) ?? [])];
    return { engine: generator.name, samples: asked.samples, imageSize: asked.imageSize, warnings };
  };

/** These add their watermark only where it is asked for; so they take a seed without further words. */
const unmarked: ReadonlySet<string> = new Set(['imagen:imagegeneration@002', 'imagen:imagegeneration@005']);

async function prepare(value: unknown, { generatorFor, allowedBuckets }: GenerateParts) {
  const request = parseWith(generateRequestSchema, value);
  assertAllowedUri('storageUri', request.storageUri, allowedBuckets);
  const generator = await generatorFor(request);
  const practice = practiceWarnings({ mode: 'insertion', prompt: request.prompt });
  const { addWatermark = unmarked.has(generator.name) ? false : undefined } = request;
  const asked = { ...optionValues('generate', request), addWatermark, replyFormat: pictureFormat(request) };
  return { generator, asked, practice };
}
