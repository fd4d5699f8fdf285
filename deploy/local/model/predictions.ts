import { ApiError } from './api-error.ts';
import type { Behaviour } from './behaviour.ts';
import type { ReplyParameters } from './edit-order.ts';
import { encodeRgb, type Rgb } from './pixels.ts';
import type { Tools } from './work.ts';

/** 39322892: a person or a face; 42876398: other. */
const filterSentence =
  "Unable to show generated images. All images were filtered out because they violated Vertex AI's usage guidelines. You will not be charged for blocked images. Try rephrasing the prompt. If you think this was an error, send feedback. Support codes: 39322892";
const someFilteredSentence = (count: number) =>
  `${count} of the generated images were filtered out because they violated Vertex AI's usage guidelines. Support codes: 39322892`;
const policySentence =
  "Image generation failed with the following error: The prompt could not be submitted. This prompt contains sensitive words that violate Google's Responsible AI practices. Try rephrasing the prompt. If you think this was an error, send feedback. Support codes: 42876398";

const safetyAttributes = { categories: ['Health', 'Violence'], scores: [0.1, 0.1] };

/** How a candidate is drawn; called for those only that pass the filter. */
export type Draw = (candidate: number) => Promise<Rgb>;

/**
 * The reply of an Imagen `:predict`: pictures first, then one item for all that were filtered, then the
 * scores of the prompt, each only where the request or the behaviour calls for it.
 *
 * @throws {ApiError} 400 for a prompt "blocked by policy".
 */
export async function predictionsReply(
  parameters: ReplyParameters,
  draw: Draw,
  behaviour: Behaviour,
  tools: Tools,
  enhancedPrompt?: string,
): Promise<unknown> {
  if (behaviour.refusal) throw new ApiError(400, policySentence);
  if (behaviour.empty) return {};
  const { sampleCount, includeRaiReason, includeSafetyAttributes } = parameters;
  const filtered = behaviour.filtered === 'all' ? sampleCount : (behaviour.filtered ?? 0);
  const shown = Math.max(0, sampleCount - filtered);
  const predictions: unknown[] = [];
  for (let n = 0; n < shown; n++) {
    predictions.push({
      ...(await imageItem(await draw(n), n, parameters, behaviour, tools)),
      ...(enhancedPrompt !== undefined && { prompt: enhancedPrompt }),
      ...(includeSafetyAttributes && { safetyAttributes }),
    });
  }
  if (filtered > 0 && includeRaiReason) {
    predictions.push({ raiFilteredReason: shown === 0 ? filterSentence : someFilteredSentence(filtered) });
  }
  if (includeSafetyAttributes) predictions.push({ contentType: 'Positive Prompt', safetyAttributes });
  return { predictions };
}

async function imageItem(
  picture: Rgb,
  candidate: number,
  { outputOptions, storageUri }: ReplyParameters,
  behaviour: Behaviour,
  { writeObject }: Tools,
): Promise<Readonly<Record<string, unknown>>> {
  const mimeType = outputOptions?.mimeType ?? 'image/png';
  const bytes = await encodeAnswer(picture, mimeType, outputOptions?.compressionQuality, behaviour);
  if (storageUri === undefined) return { mimeType, bytesBase64Encoded: bytes.toString('base64') };
  const extension = mimeType.slice('image/'.length);
  const gcsUri = `${storageUri.replace(/\/?$/, '/')}sample_${candidate}.${extension}`;
  await writeObject(gcsUri, bytes, mimeType);
  return { mimeType, gcsUri };
}

/** A picture as asked for, unless the behaviour says palette, JPEG or half of it. */
export async function encodeAnswer(
  picture: Rgb,
  mimeType: string,
  compressionQuality: number | undefined,
  behaviour: Behaviour,
): Promise<Buffer> {
  const written = behaviour.jpeg ? 'image/jpeg' : mimeType;
  const bytes = await encodeRgb(
    picture,
    { mimeType: written, compressionQuality },
    { palette: behaviour.palette },
  );
  return behaviour.truncated ? bytes.subarray(0, bytes.length >> 1) : bytes;
}
