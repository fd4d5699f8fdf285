import { EditError } from '../../errors.ts';
import type { EncodedImage } from '../engine.ts';
import type { ModelOptions } from '../entry.ts';
import { frameFor, type GeminiFrame, geminiFrames } from '../gemini-frames.ts';
import { imageSize } from '../image-size.ts';
import { base64 } from '../images.ts';
import type { UpscaleRequest, Upscaler } from '../picture-engines.ts';
import { askGemini, geminiConfig, geminiModel } from './call.ts';
import { refuseStorage } from './generate.ts';

const maxImageBytes = 7_000_000;
/** The answer may differ from the picture by this share in ratio before it counts as cropped. */
const ratioTolerance = 0.02;

const wording =
  'Reproduce this photograph in higher resolution: the same framing, content, colours and light. Sharpen what is there; add, move and remove nothing.';

/**
 * Upscaling with a Gemini image model, which has no such function: it redraws the picture at 2K or 4K.
 * What does not fit its sizes and ratios is refused by name.
 */
export function geminiUpscaler(options: ModelOptions): Upscaler {
  const gemini = geminiModel(options);
  const { name } = gemini;
  const frames = geminiFrames(gemini.entry);
  return {
    name,
    maxImageBytes,
    async upscale(request, signal) {
      refuseStorage(name, request.storageUri);
      const image = inlineImage(name, request);
      const frame = enlargedFrame(name, image, request.factor, frames);
      const { replyFormat, labels } = request;
      const config = { replyFormat, labels, personGeneration: undefined, safetySetting: undefined };
      const inlineData = { mimeType: image.mediaType, data: base64(image) };
      const body = {
        contents: [{ role: 'user', parts: [{ text: wording }, { inlineData }] }],
        ...geminiConfig(config, frame, gemini.entry),
      };
      const reply = await askGemini(gemini, { body, samples: 1, secrets: [] }, signal);
      const redrawn = `${name} redraws the picture: details are invented, and the size is ${frame.width} x ${frame.height} at best.`;
      return { ...reply, enhancedPrompts: [], warnings: [redrawn, ...reply.warnings] };
    },
  };
}

function inlineImage(engine: string, { image }: UpscaleRequest): EncodedImage {
  if ('uri' in image) {
    throw new EditError(
      'ENGINE_UNSUPPORTED',
      `Expected the bytes of the picture for ${engine}, got a gs:// address`,
    );
  }
  if (image.bytes.length <= maxImageBytes) return image;
  throw new EditError(
    'IMAGE_TOO_LARGE',
    `Expected at most ${maxImageBytes} bytes for ${engine}, got ${image.bytes.length}`,
  );
}

/** The frame for the enlarged picture, of its ratio and at least its size. */
function enlargedFrame(
  engine: string,
  { bytes }: EncodedImage,
  factor: UpscaleRequest['factor'],
  frames: readonly GeminiFrame[],
): GeminiFrame {
  const size = imageSize(bytes);
  if (size === undefined) {
    throw new EditError('FORMAT_UNSUPPORTED', `Expected PNG, JPEG or WebP for ${engine}, got another format`);
  }
  const scale = Number(factor.slice(1));
  const wanted = { width: size.width * scale, height: size.height * scale };
  const frame = frameFor(wanted, frames);
  const stretch = (frame.width * size.height) / (frame.height * size.width);
  const missing = Math.max(wanted.width / frame.width, wanted.height / frame.height);
  if (Math.abs(stretch - 1) <= ratioTolerance && missing <= 1 + ratioTolerance) return frame;
  throw new EditError(
    'ENGINE_UNSUPPORTED',
    `Expected a picture whose ${factor} fits a size of ${engine}, got ${wanted.width} x ${wanted.height} (nearest ${frame.width} x ${frame.height})`,
  );
}
