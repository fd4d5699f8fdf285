import { EditError } from '../../errors.ts';
import type { ModelOptions } from '../entry.ts';
import { base64, outputOptions } from '../images.ts';
import type { ModelEntry } from '../model-entry.ts';
import type { UpscaleRequest, Upscaler } from '../picture-engines.ts';
import { modelFor } from '../vertex/model.ts';
import { assertMediaType, maxImageBytes, predictPictures } from './predict.ts';

const commonFactors: NonNullable<ModelEntry['upscaleFactors']> = ['x2', 'x4'];

/** Upscaling with an Imagen model: x2 and x4, and x3 where the model takes it. */
export function imagenUpscaler(options: ModelOptions): Upscaler {
  const model = modelFor(options, { api: 'imagen-upscale', defaultModel: 'imagen-4.0-upscale-preview' });
  const name = `imagen:${model.model}`;
  const factors = model.entry?.upscaleFactors ?? commonFactors;
  return {
    name,
    maxImageBytes,
    async upscale(request, signal) {
      const { factor, image } = request;
      if (!factors.includes(factor)) {
        throw new EditError(
          'REQUEST_INVALID',
          `Expected factor ${factors.join(', ')} for ${name}, got ${factor}`,
        );
      }
      assertMediaType(name, request.replyFormat?.mediaType);
      if ('bytes' in image && image.bytes.length > maxImageBytes) {
        throw new EditError(
          'IMAGE_TOO_LARGE',
          `Expected at most ${maxImageBytes} bytes for ${name}, got ${image.bytes.length}`,
        );
      }
      return predictPictures(model, { body: upscaleBody(request), samples: 1, secrets: [] }, signal);
    },
  };
}

/**
 * The body of an Imagen upscale request: the picture as bytes or by address, never both.
 *
 * @see https://cloud.google.com/vertex-ai/generative-ai/docs/image/upscale-image
 */
function upscaleBody(request: UpscaleRequest): Record<string, unknown> {
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
