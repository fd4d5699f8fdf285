import type { Mask, Size } from '../../../lib/pixels/raster.ts';
import { ApiError, invalidField } from './api-error.ts';
import { automaticMask } from './automatic-mask.ts';
import type { Behaviour } from './behaviour.ts';
import { disturb, geminiDrift } from './disturb.ts';
import { type GeminiOrder, type GeminiPart, geminiOrder, outputSize } from './gemini-body.ts';
import { geminiReply } from './gemini-reply.ts';
import { markedRegion } from './marked-region.ts';
import type { Model } from './models.ts';
import { type PaintOrder, paintEdit } from './paint-edit.ts';
import { fitSide, type Rgb, resizeMask, resizeRgb } from './pixels.ts';
import { placeholderPicture } from './placeholder.ts';
import { hashOf } from './random.ts';
import {
  decodeBase64,
  geminiFormats,
  inspect,
  maxGeminiFileBytes,
  maxGeminiInlineBytes,
  pixelsOf,
  type SentImage,
} from './read-image.ts';
import type { Tools, Work } from './work.ts';

const maxImages = 14;
/** The work is done at this size at most and enlarged: 4K answers differ in pixels, not in content. */
const workSidePx = 1024;
/** The only thing the emulator reads out of a prompt. */
const removalWords = /\b(remov|eras|delet)(e|es|ed|ing|al)\b/i;

/**
 * A `:generateContent` body -> the work it asks for. With two pictures or more the last one is taken for
 * a marked copy of the one before; with one, its middle is edited.
 *
 * @throws {ApiError} 400 for a malformed body, or a model that is not served by this method.
 */
export async function geminiWork(model: Model, body: unknown, tools: Tools): Promise<Work> {
  if (!model.protocols.includes('gemini')) {
    throw new ApiError(400, `${model.id} is not supported in the generateContent API`);
  }
  const order = geminiOrder(body, model);
  const images = await readImages(order.parts, tools);
  const size = outputSize(order, images.at(-1)?.facts, model);
  const scaled = fitSide(size, Math.max(size.width, size.height) * tools.scale);
  const pictures = await Promise.all(images.slice(-2).map(pixelsOf));
  return {
    images: images.map(({ facts }) => facts),
    samples: 1,
    run: async (behaviour, signal) => {
      const paint = async () => {
        const painted = await paintAnswer(order, pictures, scaled, tools, behaviour, signal);
        const seed = hashOf(...images.map(({ bytes }) => bytes));
        return disturb(await resizeRgb(painted, scaled), geminiDrift, behaviour, seed);
      };
      return geminiReply(order, paint, behaviour, { model: model.id, images: images.length });
    },
  };
}

async function readImages(parts: readonly GeminiPart[], tools: Tools): Promise<readonly SentImage[]> {
  const images: SentImage[] = [];
  for (const [n, part] of parts.entries()) {
    if ('text' in part) continue;
    const isInline = 'inlineData' in part;
    const field = `contents.parts[${n}].${isInline ? 'inlineData' : 'fileData'}`;
    const { mimeType } = isInline ? part.inlineData : part.fileData;
    if (!geminiMimeTypes.has(mimeType)) {
      throw invalidField(`${field}.mimeType`, `Unsupported MIME type: ${mimeType.slice(0, 60)}`);
    }
    const bytes = isInline
      ? decodeBase64(part.inlineData.data, `${field}.data`)
      : await tools.readObject(part.fileData.fileUri);
    const maxBytes = isInline ? maxGeminiInlineBytes : maxGeminiFileBytes;
    images.push(await inspect(bytes, field, { maxBytes, formats: geminiFormats }));
  }
  if (images.length > maxImages) {
    throw invalidField('contents', `Expected at most ${maxImages} images, got ${images.length}`);
  }
  return images;
}

const geminiMimeTypes: ReadonlySet<string> = new Set([
  'image/png',
  'image/jpeg',
  'image/webp',
  'image/heic',
  'image/heif',
]);

async function paintAnswer(
  order: GeminiOrder,
  pictures: readonly Rgb[],
  size: Size,
  tools: Tools,
  behaviour: Behaviour,
  signal: AbortSignal,
): Promise<Rgb> {
  const [picture, marked] = pictures;
  if (picture === undefined) return placeholderPicture(size, 'generated');
  const whole = marked
    ? await markedRegion(picture, marked)
    : automaticMask({ kind: 'foreground', classes: [] }, picture);
  const workSize = fitSide(size, Math.min(workSidePx, Math.max(size.width, size.height)));
  // Another ratio than the picture's is reframed, as the models do.
  const crop = await resizeRgb(picture, workSize, 'cover');
  const mask: Mask = await resizeMask(whole, workSize, 'cover');
  const isRemoval = order.parts.some((part) => 'text' in part && removalWords.test(part.text));
  const paint: PaintOrder = {
    mode: isRemoval ? 'removal' : 'insertion',
    crop,
    mask,
    dilation: 0,
    samples: 1,
  };
  const [painted] = await paintEdit(paint, tools.removal, behaviour, signal);
  return painted ?? crop;
}
