import type { Behaviour } from './behaviour.ts';
import type { GeminiOrder } from './gemini-body.ts';
import { blurRgb, type Rgb } from './pixels.ts';
import { encodeAnswer } from './predictions.ts';

interface ReplyFacts {
  readonly model: string;
  readonly images: number;
}

/** Tokens of one picture, in and out, as the price pages count them. */
const tokensPerImage = 1290;
/** Drafts are softer than the picture they become. */
const draftBlurPx = 2;

/**
 * The reply of `:generateContent`: a line of text, drafts where asked for, then the picture; or one of the
 * ways in which the models give none.
 */
export async function geminiReply(
  order: GeminiOrder,
  paint: () => Promise<Rgb>,
  behaviour: Behaviour,
  facts: ReplyFacts,
): Promise<unknown> {
  const { blockReason, empty, finishReason, filtered, refusal } = behaviour;
  if (blockReason) return reply([], facts, { promptFeedback: { blockReason } });
  if (empty) return reply([], facts);
  if (finishReason || filtered) {
    return reply([{ finishReason: finishReason ?? 'IMAGE_SAFETY', index: 0 }], facts);
  }
  if (refusal || !order.wantsImage) {
    const text = refusal ? 'I cannot make that change to this picture.' : 'A placeholder, in words.';
    return reply([candidate([{ text }])], facts);
  }
  const picture = await paint();
  const drafts = behaviour.thoughts ?? (behaviour.draftsOnly ? 1 : 0);
  const draft = drafts > 0 ? await blurRgb(picture, draftBlurPx) : picture;
  const parts: unknown[] = [{ text: 'Here is the edited picture.' }];
  for (let n = 0; n < drafts; n++) {
    parts.push(
      { text: 'Looking at the marked region.', thought: true },
      { ...(await imagePart(draft, order, behaviour)), thought: true },
    );
  }
  if (!behaviour.draftsOnly) parts.push(await imagePart(picture, order, behaviour));
  return reply([candidate(parts)], facts);
}

async function imagePart(
  picture: Rgb,
  { mimeType, compressionQuality }: GeminiOrder,
  behaviour: Behaviour,
): Promise<Readonly<Record<string, unknown>>> {
  const bytes = await encodeAnswer(picture, mimeType, compressionQuality, behaviour);
  return { inlineData: { mimeType, data: bytes.toString('base64') } };
}

function candidate(parts: readonly unknown[]): unknown {
  return { content: { role: 'model', parts }, finishReason: 'STOP', index: 0 };
}

function reply(candidates: readonly unknown[], { model, images }: ReplyFacts, more: object = {}): unknown {
  const promptTokenCount = images * tokensPerImage;
  const candidatesTokenCount = candidates.length * tokensPerImage;
  return {
    // Not there at all when there is none, as in recorded replies.
    ...(candidates.length > 0 && { candidates }),
    ...more,
    usageMetadata: {
      promptTokenCount,
      candidatesTokenCount,
      totalTokenCount: promptTokenCount + candidatesTokenCount,
    },
    modelVersion: model,
  };
}
