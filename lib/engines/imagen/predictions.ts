import { z } from 'zod';
import { EditError } from '../../errors.ts';
import type { SafetyAttributes } from '../engine.ts';
import { imageOutcome } from '../images.ts';
import type { PictureOutcome } from '../picture-engines.ts';
import { supportCodeReason } from '../vertex/support-codes.ts';

// Only the fields that are used, none required: a field Google adds or drops must not break an edit.
const replySchema = z.object({ predictions: z.array(z.unknown()).nullish() });
const predictionSchema = z.object({
  bytesBase64Encoded: z.string().nullish(),
  gcsUri: z.string().nullish(),
  mimeType: z.string().nullish(),
  prompt: z.string().nullish(),
  raiFilteredReason: z.string().nullish(),
  contentType: z.string().nullish(),
  safetyAttributes: z
    .object({ categories: z.array(z.string()).nullish(), scores: z.array(z.number()).nullish() })
    .nullish(),
});

interface Prediction {
  readonly outcome: PictureOutcome;
  /** The prompt the picture was made from, when the model rewrote it. */
  readonly enhancedPrompt: string | undefined;
}

interface Predictions {
  readonly predictions: readonly Prediction[];
  readonly safety: readonly SafetyAttributes[];
}

/**
 * The reply of an Imagen `:predict` -> one outcome for each candidate, and the safety scores. Scores come
 * both beside images and as an item of their own.
 *
 * @throws {EditError} `ENGINE_BAD_REPLY` when the reply is no object with predictions at all.
 */
export function parsePredictions(value: unknown, model: string): Predictions {
  const reply = replySchema.safeParse(value);
  if (!reply.success) {
    throw new EditError('ENGINE_BAD_REPLY', `Expected predictions from ${model}, got another shape`);
  }
  const predictions: Prediction[] = [];
  const safety: SafetyAttributes[] = [];
  for (const item of reply.data.predictions ?? []) {
    const parsed = predictionSchema.safeParse(item);
    if (!parsed.success) {
      predictions.push({
        outcome: { kind: 'unusable', reason: 'a prediction of another shape' },
        enhancedPrompt: undefined,
      });
      continue;
    }
    const { data } = parsed;
    const outcome = outcomeOf(data);
    if (outcome !== undefined) predictions.push({ outcome, enhancedPrompt: data.prompt ?? undefined });
    if (data.safetyAttributes) safety.push(scoresOf(data.contentType ?? 'image', data.safetyAttributes));
  }
  return { predictions, safety };
}

/** `undefined` for an item that is no candidate, such as the scores of the prompt. */
function outcomeOf(data: z.infer<typeof predictionSchema>): PictureOutcome | undefined {
  if (data.bytesBase64Encoded) return imageOutcome(data.bytesBase64Encoded);
  if (data.gcsUri) return { kind: 'stored', uri: data.gcsUri, mediaType: data.mimeType ?? undefined };
  if (data.raiFilteredReason) return { kind: 'filtered', reason: supportCodeReason(data.raiFilteredReason) };
  if (data.safetyAttributes || data.contentType) return undefined;
  return { kind: 'unusable', reason: 'a prediction without a picture' };
}

function scoresOf(
  of: string,
  attributes: {
    readonly categories?: string[] | null | undefined;
    readonly scores?: number[] | null | undefined;
  },
): SafetyAttributes {
  const scores = attributes.scores ?? [];
  const pairs = (attributes.categories ?? []).map((category, i) => [category, scores[i] ?? 0] as const);
  return { of, scores: Object.fromEntries(pairs) };
}
