import type { ReplyParameters } from './fields.ts';
import { encodeRgb, type Rgb } from './pixels.ts';
import type { Tools } from './tools.ts';

const safetyAttributes = { categories: ['Health', 'Violence'], scores: [0.1, 0.1] };

/**
 * The reply of an Imagen `:predict`: the pictures, then the scores of the prompt where they are asked for.
 *
 * @param draw paints a candidate.
 */
export async function predictionsReply(
  parameters: ReplyParameters,
  draw: (candidate: number) => Promise<Rgb>,
  tools: Tools,
  enhancedPrompt?: string,
): Promise<unknown> {
  const { sampleCount, includeSafetyAttributes } = parameters;
  const predictions: unknown[] = [];
  for (let n = 0; n < sampleCount; n++) {
    predictions.push({
      ...(await imageItem(await draw(n), n, parameters, tools)),
      ...(enhancedPrompt !== undefined && { prompt: enhancedPrompt }),
      ...(includeSafetyAttributes && { safetyAttributes }),
    });
  }
  if (includeSafetyAttributes) predictions.push({ contentType: 'Positive Prompt', safetyAttributes });
  return { predictions };
}

async function imageItem(
  picture: Rgb,
  candidate: number,
  { outputOptions, storageUri }: ReplyParameters,
  { writeObject }: Tools,
): Promise<Readonly<Record<string, unknown>>> {
  const { mimeType = 'image/png', compressionQuality } = outputOptions ?? {};
  const bytes = await encodeRgb(picture, { mimeType, compressionQuality });
  if (storageUri === undefined) return { mimeType, bytesBase64Encoded: bytes.toString('base64') };
  const extension = mimeType.slice('image/'.length);
  const gcsUri = `${storageUri.replace(/\/?$/, '/')}sample_${candidate}.${extension}`;
  await writeObject(gcsUri, bytes, mimeType);
  return { mimeType, gcsUri };
}
