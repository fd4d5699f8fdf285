import { z } from 'zod';
import { EditError } from '../../errors.ts';
import type { InpaintOutcome } from '../engine.ts';
import { imageOutcome } from '../images.ts';

// Only the fields that are used, none required: `content` and `candidates` may be absent.
const partSchema = z.object({
  text: z.string().nullish(),
  thought: z.boolean().nullish(),
  inlineData: z.object({ data: z.string().nullish() }).nullish(),
});
const replySchema = z.object({
  candidates: z
    .array(
      z.object({
        content: z.object({ parts: z.array(z.unknown()).nullish() }).nullish(),
        finishReason: z.string().nullish(),
      }),
    )
    .nullish(),
  promptFeedback: z.object({ blockReason: z.string().nullish() }).nullish(),
});

/** Finish reasons of a filter: the same request will end the same way. */
const blockingReasons: ReadonlySet<string> = new Set([
  'SAFETY',
  'IMAGE_SAFETY',
  'PROHIBITED_CONTENT',
  'IMAGE_PROHIBITED_CONTENT',
  'BLOCKLIST',
  'SPII',
]);

interface GeminiCandidate {
  readonly outcome: InpaintOutcome;
  /** True when another call may bring a picture: the model answered in words, or just stopped. */
  readonly mayChange: boolean;
}

/**
 * The reply of `:generateContent` -> its one candidate: the last image that is not a draft (`thought`), the
 * last draft when there is nothing else, or why there is none.
 *
 * The words of the model are not passed on, since they often repeat the prompt.
 *
 * @throws {EditError} `ENGINE_BAD_REPLY` when the reply has another shape altogether.
 * @see https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/GenerateContentResponse
 */
export function parseCandidate(value: unknown, model: string): GeminiCandidate {
  const reply = replySchema.safeParse(value);
  if (!reply.success) {
    throw new EditError('ENGINE_BAD_REPLY', `Expected candidates from ${model}, got another shape`);
  }
  const { candidates, promptFeedback } = reply.data;
  const candidate = candidates?.[0];
  const parts = (candidate?.content?.parts ?? []).flatMap((part) => partSchema.safeParse(part).data ?? []);
  const images = parts.filter(({ inlineData }) => inlineData?.data);
  const chosen = images.findLast(({ thought }) => thought !== true) ?? images.at(-1);
  if (chosen?.inlineData?.data) {
    const outcome = imageOutcome(chosen.inlineData.data);
    return { outcome, mayChange: outcome.kind !== 'image' };
  }
  if (promptFeedback?.blockReason) {
    return filtered(promptFeedback.blockReason);
  }
  const finishReason = candidate?.finishReason ?? 'no finish reason';
  if (blockingReasons.has(finishReason)) return filtered(finishReason);
  const hasWords = parts.some(({ text, thought }) => text?.trim() && thought !== true);
  if (hasWords && finishReason === 'STOP') {
    return {
      outcome: { kind: 'refused', reason: 'the model answered in words instead of a picture' },
      mayChange: true,
    };
  }
  return { outcome: { kind: 'unusable', reason: `no picture (${token(finishReason)})` }, mayChange: true };
}

function filtered(reason: string): GeminiCandidate {
  return { outcome: { kind: 'filtered', reason: `blocked (${token(reason)})` }, mayChange: false };
}

/** Reasons are enum names; anything else may hold a prompt and is not passed on. */
function token(reason: string): string {
  return /^[A-Z_]{1,60}$/.test(reason) ? reason : 'unnamed';
}
