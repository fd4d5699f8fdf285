import type { InpaintReply } from '../engine.ts';
import type { ModelOptions } from '../entry.ts';
import { outputOptions } from '../images.ts';
import { defaultModels } from '../known-models.ts';
import type { ModelEntry } from '../model-entry.ts';
import type { PictureFormat } from '../picture-engines.ts';
import { askForSamples } from '../samples.ts';
import { isOtherTier, type ModelTier, sumUsage, type Usage, usageOf } from '../usage.ts';
import { type Model, modelFor } from '../vertex/model.ts';
import { modelPath } from '../vertex/url.ts';
import { parseCandidate } from './reply.ts';

/** Shared capacity answers bursts with 429. */
const defaultConcurrency = 2;

interface GeminiModel extends Model {
  readonly name: string;
  readonly concurrency: number;
  readonly maxCallsPerSample: number;
  /** As asked for by `MODEL_TIER`, where the model may have it. */
  readonly tier: ModelTier;
  /** Why it is another than asked for. */
  readonly warnings: readonly string[];
}

/** Flex calls wait for a free machine. @see https://cloud.google.com/vertex-ai/generative-ai/docs/flex-paygo */
const flexDeadlineMs = 30 * 60_000;

/** @throws {EditError} `CONFIG_INVALID`. */
export function geminiModel(options: ModelOptions): GeminiModel {
  const { tuning, maxCallsPerSample, settings } = options;
  const { modelTier = 'standard' } = settings;
  const found = modelFor(options, {
    api: 'gemini',
    defaultModel: defaultModels.gemini,
    location: 'global',
    deadlineMs: modelTier === 'flex' ? flexDeadlineMs : undefined,
  });
  const { concurrency = defaultConcurrency } = tuning;
  const name = `gemini:${found.model}`;
  return { ...found, ...tierOf(modelTier, found), name, concurrency, maxCallsPerSample };
}

/** Tiers are there in `global` alone. */
function tierOf(asked: ModelTier, { model, entry, location }: Model): Pick<GeminiModel, 'tier' | 'warnings'> {
  if (asked === 'standard') return { tier: asked, warnings: [] };
  const hasTier = entry?.tiers?.includes(asked) ?? true;
  if (hasTier && location === 'global') return { tier: asked, warnings: [] };
  const where = hasTier ? ` in ${location}` : '';
  return {
    tier: 'standard',
    warnings: [`${model} does not take the tier ${asked}${where}: it was left out.`],
  };
}

interface ConfigOptions {
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

/** The values of requests are those of Imagen. */
const personValues: Readonly<Record<string, string>> = {
  dont_allow: 'ALLOW_NONE',
  allow_adult: 'ALLOW_ADULT',
  allow_all: 'ALLOW_ALL',
};

/**
 * Everything of a Gemini image request but its contents. Ratio and size are sent wherever the model takes
 * them: without them the last input image decides, and the price of the answer is not known.
 */
export function geminiConfig(
  options: ConfigOptions,
  frame: { readonly aspectRatio: string; readonly imageSize: string },
  { takesImageSize = true, thinkingLevel }: Pick<ModelEntry, 'takesImageSize' | 'thinkingLevel'> = {},
): Record<string, unknown> {
  const { personGeneration, safetySetting, replyFormat, labels } = options;
  const imageConfig = {
    aspectRatio: frame.aspectRatio,
    ...(takesImageSize && { imageSize: frame.imageSize }),
    ...(personGeneration && { personGeneration: personValues[personGeneration] }),
    imageOutputOptions: outputOptions(replyFormat),
  };
  const threshold = safetySetting?.toUpperCase();
  return {
    generationConfig: {
      responseModalities: ['TEXT', 'IMAGE'],
      imageConfig,
      ...(thinkingLevel && { thinkingConfig: { thinkingLevel: thinkingLevel.toUpperCase() } }),
    },
    ...(threshold && { safetySettings: harmCategories.map((category) => ({ category, threshold })) }),
    ...(labels && { labels }),
  };
}

/**
 * What a model can do without. It then answers in its own format, size or ratio, which is read from the
 * answer, and thinks as long as it likes.
 */
const defaultOptionalFields = [
  'generationConfig.thinkingConfig',
  'generationConfig.imageConfig.imageOutputOptions',
  'generationConfig.imageConfig.imageSize',
  'generationConfig.imageConfig.aspectRatio',
];
/** What a person asks for by an option. */
const askedFields = ['personGeneration', 'safetySettings', 'threshold', 'category', 'labels'];

interface Question {
  readonly body: unknown;
  readonly samples: number;
  /** Prompts in the body. */
  readonly secrets: readonly (string | undefined)[];
}

/** N candidates are N calls; a call is repeated while the model gives neither a picture nor a block. */
export async function askGemini(
  { post, model, entry, concurrency, maxCallsPerSample, tier, warnings }: GeminiModel,
  { body, samples, secrets }: Question,
  signal: AbortSignal,
): Promise<InpaintReply> {
  const path = modelPath(model, 'generateContent');
  const { successor, optionalFields = defaultOptionalFields } = entry ?? {};
  const call = { path, body, model, successor, secrets, optionalFields, askedFields, tier };
  const usages: (Usage | undefined)[] = [];
  const ask = async (send: () => Promise<unknown>) => {
    for (let calls = 1; ; calls++) {
      const answer = await send();
      usages.push(usageOf(answer, entry, tier));
      const { outcome, mayChange } = parseCandidate(answer, model);
      if (!mayChange || calls >= maxCallsPerSample) return [outcome];
    }
  };
  const asked = { model, post: () => post(call, signal), samples, concurrency, ask };
  const reply = await askForSamples(asked, signal);
  const usage = sumUsage(usages);
  const told = [...warnings, ...reply.warnings];
  // Where a refusal was told already, this is no news.
  if (usage && told.length === 0 && isOtherTier(tier, usage)) {
    told.push(`${model} was asked for the tier ${tier} and answered as ${usage.trafficTypes.join(', ')}.`);
  }
  return { ...reply, warnings: told, ...(usage && { usage }) };
}
