import { EditError } from '../../errors.ts';
import type { ModelEntry } from '../models.ts';
import type { UpscaleRequest, Upscaler } from '../picture-engines.ts';
import { checkMediaType, type GeneratorOptions } from './generate.ts';
import { base64 } from './predict-edit.ts';
import { predictPictures } from './predict-pictures.ts';
import { maxImageBytes, outputOptions } from './values.ts';

const commonFactors: NonNullable<ModelEntry['upscaleFactors']> = ['x2', 'x4'];

/**
 * The body of an Imagen upscale request: the picture as bytes or by address, never both.
 *
 * @see https://cloud.google.com/vertex-ai/generative-ai/docs/image/upscale-image
 */
export function imagenUpscaleBody(request: UpscaleRequest): Record<string, unknown> {
  const { image } = request;
  const source = 'uri' in image ? { gcsUri: image.uri } : { bytesBase64Encoded: base64(image) };
  const parameters = {
    sampleCount: 1,
    mode: 'upscale',
    upscaleConfig: { upscaleFactor: request.factor },
    outputOptions: outputOptions(request.replyFormat),
    storageUri: request.storageUri,
  };
  const instances = [{ prompt: '', image: source }];
  return { instances, parameters, ...(request.labels && { labels: request.labels }) };
}

/** Upscaling with an Imagen model: x2 and x4, x3 where the model takes it. */
export function imagenUpscaler({ post, model, entry }: GeneratorOptions): Upscaler {
  const name = `imagen:${model}`;
  const factors = entry?.upscaleFactors ?? commonFactors;
  return {
    name,
    maxImageBytes,
    async upscale(request, signal) {
      if (!factors.includes(request.factor)) {
        throw new EditError(
          'REQUEST_INVALID',
          `Expected factor ${factors.join(', ')} for ${name}, got ${request.factor}`,
        );
      }
      checkMediaType(name, request.replyFormat?.mediaType);
      const { image } = request;
      if ('bytes' in image && image.bytes.length > maxImageBytes) {
        throw new EditError(
          'IMAGE_TOO_LARGE',
          `Expected at most ${maxImageBytes} bytes for ${name}, got ${image.bytes.length}`,
        );
      }
      const body = imagenUpscaleBody(request);
      const successor = entry?.successor;
      return predictPictures({ post, model, successor, body, samples: 1, secrets: [] }, signal);
    },
  };
}
