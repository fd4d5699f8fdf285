import type { Size } from '../../../lib/pixels/raster.ts';
import { ApiError, invalidField } from './api-error.ts';
import { geminiDrift } from './drift.ts';
import { type GeminiOrder, type GeminiPart, geminiOrder, outputSize } from './gemini-request.ts';
import {
  decodeBase64,
  geminiFileRules,
  geminiInlineRules,
  inspect,
  pixelsOf,
  type SentImage,
} from './images.ts';
import { automaticMask, markedRegion } from './masks.ts';
import type { Model } from './models.ts';
import { type PaintOrder, paintEdit, placeholderPicture } from './painting.ts';
import { encodeRgb, fitSide, type Rgb, resizeMask, resizeRgb } from './pixels.ts';
import { hashOf } from './random.ts';
import type { Tools, Work } from './tools.ts';

const maxImages = 14;
/** The work is done at this size at most and enlarged: 4K answers differ in pixels, not in content. */
const workSidePx = 1024;
/** The only words of a prompt that the emulator looks for. */
const removalWords = /\b(remov|eras|delet)(e|es|ed|ing|al)\b/i;
/** Tokens of one picture that goes in, and of a word, as the price pages count them. */
const tokensPerImage = 1120;
const tokensPerWord = 1.3;

/**
 * Reads a `:generateContent` body. With two pictures or more the last one is taken for a marked copy of the
 * one before; with one, its middle is edited.
 *
 * @throws {ApiError} 400 for a malformed body, or a model that is not served by this method.
 */
export async function geminiWork(
  model: Model,
  body: unknown,
  tools: Tools & { readonly trafficType: string },
): Promise<Work> {
  if (!model.protocols.includes('gemini')) {
    throw new ApiError(400, `${model.id} is not supported in the generateContent API`);
  }
  const order = geminiOrder(body, model);
  const images = await readImages(order.parts, tools);
  const size = outputSize(order, images.at(-1)?.facts, model);
  const scaled = fitSide(size, Math.max(size.width, size.height) * tools.scale);
  const pictures = await Promise.all(images.slice(-2).map(pixelsOf));
  const words = order.parts.reduce((sum, part) => sum + ('text' in part ? wordsIn(part.text) : 0), 0);
  const facts = {
    model: model.id,
    order,
    promptTokens: [images.length * tokensPerImage, words] as const,
    trafficType: tools.trafficType,
  };
  return {
    images: images.map((image) => image.facts),
    samples: 1,
    run: async ({ gone, drift }) => {
      if (!order.wantsImage) return geminiReply([{ text: 'A placeholder, in words.' }], facts);
      const paint = await paintOrder(order, pictures, scaled);
      const [painted] = paint ? await paintEdit(paint, tools.removal, gone) : [placeholderPicture(scaled)];
      const picture = await resizeRgb(painted ?? placeholderPicture(scaled), scaled);
      const drifted = drift(picture, geminiDrift, hashOf(...images.map(({ bytes }) => bytes)));
      return geminiReply([{ text: 'Here is the edited picture.' }, await imagePart(drifted, order)], facts);
    },
  };
}

async function readImages(parts: readonly GeminiPart[], tools: Tools): Promise<readonly SentImage[]> {
  const images: SentImage[] = [];
  for (const [n, part] of parts.entries()) {
    if (!('text' in part)) images.push(await readImagePart(part, `contents.parts[${n}]`, tools));
  }
  if (images.length > maxImages) {
    throw invalidField('contents', `Expected at most ${maxImages} images, got ${images.length}`);
  }
  return images;
}

async function readImagePart(
  part: Exclude<GeminiPart, { text: string }>,
  at: string,
  tools: Tools,
): Promise<SentImage> {
  const isInline = 'inlineData' in part;
  const field = `${at}.${isInline ? 'inlineData' : 'fileData'}`;
  const { mimeType } = isInline ? part.inlineData : part.fileData;
  if (!mimeTypes.has(mimeType)) {
    throw invalidField(`${field}.mimeType`, `Unsupported MIME type: ${mimeType.slice(0, 60)}`);
  }
  const bytes = isInline
    ? decodeBase64(part.inlineData.data, `${field}.data`)
    : await tools.readObject(part.fileData.fileUri);
  return inspect(bytes, field, isInline ? geminiInlineRules : geminiFileRules);
}

const mimeTypes: ReadonlySet<string> = new Set([
  'image/png',
  'image/jpeg',
  'image/webp',
  'image/heic',
  'image/heif',
]);

/** What is to be painted, or `undefined` when no picture was sent. */
async function paintOrder(
  { parts }: GeminiOrder,
  [picture, marked]: readonly Rgb[],
  size: Size,
): Promise<PaintOrder | undefined> {
  if (picture === undefined) return undefined;
  const whole = marked
    ? await markedRegion(picture, marked)
    : automaticMask({ kind: 'foreground', classes: [] }, picture);
  const workSize = fitSide(size, Math.min(workSidePx, Math.max(size.width, size.height)));
  const isRemoval = parts.some((part) => 'text' in part && removalWords.test(part.text));
  return {
    mode: isRemoval ? 'removal' : 'insertion',
    // The models cut a picture to another ratio.
    crop: await resizeRgb(picture, workSize, 'cover'),
    mask: await resizeMask(whole, workSize, 'cover'),
    dilation: 0,
    samples: 1,
  };
}

async function imagePart(picture: Rgb, { mimeType, compressionQuality }: GeminiOrder): Promise<unknown> {
  const bytes = await encodeRgb(picture, { mimeType, compressionQuality });
  return { inlineData: { mimeType, data: bytes.toString('base64') } };
}

const wordsIn = (text: string): number => Math.ceil(text.split(/\s+/).length * tokensPerWord);

interface ReplyFacts {
  readonly model: string;
  readonly order: GeminiOrder;
  readonly promptTokens: readonly [images: number, words: number];
  readonly trafficType: string;
}

function geminiReply(
  parts: readonly unknown[],
  { model, order, promptTokens, trafficType }: ReplyFacts,
): unknown {
  const [images, words] = promptTokens;
  const text = parts.reduce<number>((sum, part) => {
    const { text: said } = part as { readonly text?: string };
    return said === undefined ? sum : sum + wordsIn(said);
  }, 0);
  const image = parts.some((part) => 'inlineData' in (part as object)) ? order.tokens.image : 0;
  const { thoughts } = order.tokens;
  return {
    candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP', index: 0 }],
    usageMetadata: {
      promptTokenCount: images + words,
      candidatesTokenCount: text + image,
      ...(thoughts > 0 && { thoughtsTokenCount: thoughts }),
      totalTokenCount: images + words + text + image + thoughts,
      candidatesTokensDetails: [
        { modality: 'TEXT', tokenCount: text },
        { modality: 'IMAGE', tokenCount: image },
      ],
      trafficType,
    },
    modelVersion: model,
  };
}
