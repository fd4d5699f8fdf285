import { z } from 'zod';
import type { ModelEntry } from './model-entry.ts';

/** How calls may be carried out, by `MODEL_TIER`. */
export const modelTiers = ['standard', 'flex', 'priority'] as const;
export type ModelTier = (typeof modelTiers)[number];

/** What the service says that it used for the calls of a reply. */
export interface Usage {
  /** Tokens that went in: words and pictures. */
  readonly inputTokens: number;
  /** Tokens of words that came out. */
  readonly textTokens: number;
  readonly thoughtTokens: number;
  readonly imageTokens: number;
  /** How the service carried the calls out, e.g. `ON_DEMAND_FLEX`. */
  readonly trafficTypes: readonly string[];
  /** By list price; `null` where the price of the tokens is not known. */
  readonly usd: number | null;
}

export const usageSchema = z.object({
  inputTokens: z.number(),
  textTokens: z.number(),
  thoughtTokens: z.number(),
  imageTokens: z.number(),
  trafficTypes: z.array(z.string()),
  usd: z.number().nullable(),
}) satisfies z.ZodType<Usage>;

/**
 * Share of the list price that a tier costs. What provisioned throughput carries out was paid in advance.
 *
 * @see https://cloud.google.com/vertex-ai/generative-ai/pricing
 */
const priceOfTraffic: Readonly<Record<string, number>> = {
  ON_DEMAND: 1,
  ON_DEMAND_FLEX: 0.5,
  ON_DEMAND_PRIORITY: 1.8,
  PROVISIONED_THROUGHPUT: 0,
};
/** Share of the list price of an answer of a batch, whatever traffic it names. */
export const priceOfBatch = 0.5;
const trafficOf: Readonly<Record<ModelTier, string>> = {
  standard: 'ON_DEMAND',
  flex: 'ON_DEMAND_FLEX',
  priority: 'ON_DEMAND_PRIORITY',
};

/** Share of the list price that a tier costs. */
export const priceOfTier = (tier: ModelTier): number => priceOfTraffic[trafficOf[tier]] ?? 1;

/** True when a reply says that it was carried out in another tier than asked for. */
export const isOtherTier = (tier: ModelTier, { trafficTypes }: Usage): boolean =>
  trafficTypes.some(
    (type) => type in priceOfTraffic && type !== trafficOf[tier] && priceOfTraffic[type] !== 0,
  );

const details = z
  .array(z.object({ modality: z.string().nullish(), tokenCount: z.number().nullish() }))
  .nullish();
const metadataSchema = z.object({
  usageMetadata: z.object({
    promptTokenCount: z.number().nullish(),
    candidatesTokenCount: z.number().nullish(),
    candidatesTokensDetails: details,
    thoughtsTokenCount: z.number().nullish(),
    trafficType: z.string().nullish(),
  }),
});

const million = 1e6;

/**
 * What one answer of `:generateContent` used; `undefined` when it does not say. Tokens of an answer without
 * details count as those of a picture, the dearest.
 *
 * @param tier what was asked for: an answer that names no traffic is priced by it, and never below standard.
 * @see https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/GenerateContentResponse#UsageMetadata
 */
export function usageOf(
  value: unknown,
  entry: ModelEntry | undefined,
  tier: ModelTier | 'batch',
): Usage | undefined {
  const metadata = metadataSchema.safeParse(value).data?.usageMetadata;
  if (metadata === undefined) return undefined;
  const { promptTokenCount, candidatesTokenCount, candidatesTokensDetails, trafficType } = metadata;
  const out = candidatesTokenCount ?? 0;
  const words = (candidatesTokensDetails ?? []).filter(({ modality }) => modality !== 'IMAGE');
  const textTokens = words.reduce((sum, { tokenCount }) => sum + (tokenCount ?? 0), 0);
  const tokens = {
    inputTokens: promptTokenCount ?? 0,
    textTokens: Math.min(out, textTokens),
    thoughtTokens: metadata.thoughtsTokenCount ?? 0,
    imageTokens: Math.max(0, out - textTokens),
  };
  const share = tier === 'batch' ? priceOfBatch : shareOf(trafficType, tier);
  const usd = listPrice(tokens, entry);
  return {
    ...tokens,
    trafficTypes: trafficType ? [trafficType] : [],
    usd: usd === null ? null : usd * share,
  };
}

const shareOf = (trafficType: string | null | undefined, tier: ModelTier): number =>
  priceOfTraffic[trafficType ?? ''] ?? Math.max(1, priceOfTier(tier));

function listPrice(
  tokens: Omit<Usage, 'usd' | 'trafficTypes'>,
  { usdPerMillionTokens: prices }: ModelEntry = { apis: [] },
): number | null {
  if (prices === undefined) return null;
  const { inputTokens, textTokens, thoughtTokens, imageTokens } = tokens;
  const out = (textTokens + thoughtTokens) * prices.text + imageTokens * prices.image;
  return (inputTokens * prices.input + out) / million;
}

/** The sum of all calls; `undefined` when one of them, or none, says what it used. */
export function sumUsage(usages: readonly (Usage | undefined)[]): Usage | undefined {
  const known = usages.filter((usage) => usage !== undefined);
  if (known.length < usages.length || known.length === 0) return undefined;
  return known.reduce((a, b) => ({
    inputTokens: a.inputTokens + b.inputTokens,
    textTokens: a.textTokens + b.textTokens,
    thoughtTokens: a.thoughtTokens + b.thoughtTokens,
    imageTokens: a.imageTokens + b.imageTokens,
    trafficTypes: [...new Set([...a.trafficTypes, ...b.trafficTypes])],
    usd: a.usd === null || b.usd === null ? null : a.usd + b.usd,
  }));
}
