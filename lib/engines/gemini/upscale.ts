import { EditError } from '../../errors.ts';
import { type ImageSize, imageSizes } from '../../requests/values.ts';
import { imageSize } from '../image-size.ts';
import { base64 } from '../imagen/predict-edit.ts';
import { requireImage } from '../outcomes.ts';
import type { Upscaler } from '../picture-engines.ts';
import { askForSamples, type GeminiCallOptions, geminiConfig } from './call.ts';
import { frameFor, geminiFrames } from './frames.ts';
import { refuseStorage } from './generate.ts';

const maxImageBytes = 7_000_000;
/** The answer may differ from the picture by this much in ratio before it counts as cropped. */
const ratioTolerance = 0.02;

const wording =
  'Reproduce this photograph in higher resolution: the same framing, content, colours and light. Sharpen what is there; add, move and remove nothing.';

/**
 * Upscaling with a Gemini image model, which has no such function: it redraws the picture at 2K or 4K.
 * What does not fit its sizes and ratios is refused by name.
 */
export function geminiUpscaler(
  options: GeminiCallOptions & { readonly imageSizes?: readonly ImageSize[] | undefined },
): Upscaler {
  const { model } = options;
  const name = `gemini:${model}`;
  const frames = geminiFrames(options.imageSizes ?? imageSizes);
  return {
    name,
    maxImageBytes,
    async upscale(request, signal) {
      refuseStorage(name, request.storageUri);
      const { image, factor, labels, replyFormat } = request;
      if ('uri' in image) {
        throw new EditError(
          'ENGINE_UNSUPPORTED',
          `Expected the bytes of the picture for ${name}, got a gs:// address`,
        );
      }
      if (image.bytes.length > maxImageBytes) {
        throw new EditError(
          'IMAGE_TOO_LARGE',
          `Expected at most ${maxImageBytes} bytes for ${name}, got ${image.bytes.length}`,
        );
      }
      const size = imageSize(image.bytes);
      if (size === undefined)
        throw new EditError('FORMAT_UNSUPPORTED', `Expected PNG, JPEG or WebP for ${name}`);
      const scale = Number(factor.slice(1));
      const wanted = { width: size.width * scale, height: size.height * scale };
      const frame = frameFor(wanted, frames);
      const stretch = (frame.width * size.height) / (frame.height * size.width);
      const isTooSmall =
        Math.max(wanted.width / frame.width, wanted.height / frame.height) > 1 + ratioTolerance;
      if (Math.abs(stretch - 1) > ratioTolerance || isTooSmall) {
        throw new EditError(
          'ENGINE_UNSUPPORTED',
          `Expected a picture whose ${factor} fits a size of ${name}, got ${wanted.width} x ${wanted.height} (nearest ${frame.width} x ${frame.height})`,
        );
      }
      const inlineData = { mimeType: image.mediaType, data: base64(image) };
      const config = { replyFormat, labels, personGeneration: undefined, safetySetting: undefined };
      const body = {
        contents: [{ role: 'user', parts: [{ text: wording }, { inlineData }] }],
        ...geminiConfig(config, frame),
      };
      const { outcomes, warnings, calls } = await askForSamples({ ...options, secrets: [] }, body, 1, signal);
      const redrawn = `${name} redraws the picture: details are invented, and the size is ${frame.width} x ${frame.height} at best.`;
      return {
        outcomes: requireImage(outcomes, { model, calls }),
        enhancedPrompts: [],
        warnings: [redrawn, ...warnings],
        calls,
      };
    },
  };
}
