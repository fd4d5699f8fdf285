import { EditError } from '../../errors.ts';
import type { ModelOptions } from '../entry.ts';
import type { ModelEntry } from '../model-entry.ts';
import type { GenerateRequest, Generator } from '../picture-engines.ts';
import { askGemini, geminiConfig, geminiModel } from './call.ts';

const mediaTypes: readonly string[] = ['image/png', 'image/jpeg'];

/** Text to image with a Gemini image model: N pictures are N calls. */
export function geminiGenerator(options: ModelOptions): Generator {
  const gemini = geminiModel(options);
  const { name } = gemini;
  return {
    name,
    async generate(request, signal) {
      const { samples, prompt, negativePrompt } = request;
      refuseStorage(name, request.storageUri);
      assertMediaType(name, request.replyFormat?.mediaType);
      const body = generateBody(request, gemini.entry);
      const reply = await askGemini(gemini, { body, samples, secrets: [prompt, negativePrompt] }, signal);
      return { ...reply, enhancedPrompts: [] };
    },
  };
}

function generateBody(request: GenerateRequest, entry: ModelEntry | undefined): Record<string, unknown> {
  const avoid = request.negativePrompt?.trim();
  const text = avoid ? `${request.prompt}\nAvoid: ${avoid}` : request.prompt;
  return { contents: [{ role: 'user', parts: [{ text }] }], ...geminiConfig(request, request, entry) };
}

/** Refused rather than left out with a warning: the caller would look for pictures where there are none. */
export function refuseStorage(engine: string, storageUri: string | undefined): void {
  if (storageUri === undefined) return;
  throw new EditError(
    'ENGINE_UNSUPPORTED',
    `Expected no storageUri, as ${engine} cannot write to a bucket by itself`,
  );
}

function assertMediaType(engine: string, mediaType: string | undefined): void {
  if (mediaType === undefined || mediaTypes.includes(mediaType)) return;
  throw new EditError('ENGINE_UNSUPPORTED', `Expected PNG or JPEG of ${engine}, got ${mediaType}`);
}
