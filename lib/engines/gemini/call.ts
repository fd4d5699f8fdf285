import { asEditError, EditError } from '../../errors.ts';
import { inParallel } from '../../in-parallel.ts';
import { withCallsMade } from '../calls-made.ts';
import type { InpaintOutcome } from '../engine.ts';
import { outputOptions } from '../imagen/values.ts';
import type { PictureFormat } from '../picture-engines.ts';
import { modelPath } from '../vertex/url.ts';
import type { VertexPost } from '../vertex/vertex.ts';
import { type GeminiCandidate, parseCandidate } from './reply.ts';

export interface GeminiCallOptions {
  readonly post: VertexPost;
  readonly model: string;
  readonly successor?: string | undefined;
  /** Calls at a time; shared capacity answers bursts with 429. */
  readonly concurrency?: number | undefined;
  /** Calls for one candidate, as long as the model answers without a picture but without blocking. */
  readonly triesPerSample?: number | undefined;
}

export interface GeminiSamples {
  readonly outcomes: readonly InpaintOutcome[];
  readonly warnings: readonly string[];
  readonly calls: number;
}

const defaultConcurrency = 2;
/** Each try is billed: one more chance, not many. */
export const defaultTriesPerSample = 2;

interface GeminiOptions {
  readonly personGeneration: string | undefined;
  readonly safetySetting: string | undefined;
  readonly replyFormat: PictureFormat | undefined;
  readonly labels: Readonly<Record<string, string>> | undefined;
}

const harmCategories = [
  'HARM_CATEGORY_HATE_SPEECH',
  'HARM_CATEGORY_DANGEROUS_CONTENT',
  'HARM_CATEGORY_HARASSMENT',
  'HARM_CATEGORY_SEXUALLY_EXPLICIT',
] as const;

/** Our values are Imagen's. */
const personValues: Readonly<Record<string, string>> = {
  dont_allow: 'ALLOW_NONE',
  allow_adult: 'ALLOW_ADULT',
  allow_all: 'ALLOW_ALL',
};

/**
 * Everything of a Gemini image request but its contents. Ratio and size are always sent: without them the
 * last input image decides, and the answer costs what it likes.
 */
export function geminiConfig(
  options: GeminiOptions,
  frame: { readonly aspectRatio: string; readonly imageSize: string },
): Record<string, unknown> {
  const { personGeneration, safetySetting, replyFormat, labels } = options;
  const imageConfig = {
    aspectRatio: frame.aspectRatio,
    imageSize: frame.imageSize,
    ...(personGeneration && { personGeneration: personValues[personGeneration] }),
    imageOutputOptions: outputOptions(replyFormat),
  };
  const threshold = safetySetting?.toUpperCase();
  return {
    generationConfig: { responseModalities: ['TEXT', 'IMAGE'], imageConfig },
    ...(threshold && { safetySettings: harmCategories.map((category) => ({ category, threshold })) }),
    ...(labels && { labels }),
  };
}

/**
 * N candidates are N calls. A call that fails does not throw away the pictures of the others: it becomes a
 * warning as long as there is one picture.
 *
 * @throws {EditError} the first failure, with the calls of all candidates, when there is no picture at all.
 */
export async function askForSamples(
  options: GeminiCallOptions & { readonly secrets: readonly (string | undefined)[] },
  body: unknown,
  samples: number,
  signal: AbortSignal,
): Promise<GeminiSamples> {
  let calls = 0;
  let mayBeBilled = false;
  const askOnce = async (): Promise<GeminiCandidate> => {
    const { model, successor, secrets } = options;
    const path = modelPath(model, 'generateContent');
    try {
      const answer = await options.post({ path, body, model, successor, secrets }, signal);
      calls += answer.calls;
      mayBeBilled = true;
      return parseCandidate(answer.value, model);
    } catch (error) {
      const details = error instanceof EditError ? error.details : undefined;
      const made = details?.['calls'];
      calls += typeof made === 'number' ? made : 0;
      mayBeBilled ||= details?.['mayBeBilled'] !== false;
      throw error;
    }
  };
  const ask = async (): Promise<InpaintOutcome> => {
    const tries = options.triesPerSample ?? defaultTriesPerSample;
    for (let left = tries - 1; ; left--) {
      const { outcome, mayChange } = await askOnce();
      if (!mayChange || left <= 0) return outcome;
    }
  };
  const tasks = Array.from({ length: samples }, () => ask);
  const results = await inParallel(tasks, options.concurrency ?? defaultConcurrency);
  const outcomes = results.flatMap((result) => (result?.status === 'fulfilled' ? [result.value] : []));
  const failure = results.find((result) => result?.status === 'rejected');
  if (failure === undefined) return { outcomes, warnings: [], calls };
  const error = asEditError(failure.reason);
  if (signal.aborted || !outcomes.some(({ kind }) => kind === 'image')) {
    throw withCallsMade(error, { calls, mayBeBilled });
  }
  const missing = samples - outcomes.length;
  return { outcomes, warnings: [`${missing} of ${samples} candidates are missing: ${error.code}.`], calls };
}
