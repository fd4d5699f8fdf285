import type { EncodedImage } from './engines/engine.ts';
import { sniffMediaType } from './engines/images.ts';
import type { PictureReply, PlanPictures, Upscaler } from './engines/picture-engines.ts';
import { EditError } from './errors.ts';
import {
  assertAllowedUri,
  pictureFormat,
  type UpscaleOptions,
  upscaleRequestSchema,
} from './requests/picture-requests.ts';
import { optionValues, parseWith } from './requests/schema.ts';

export interface UpscaleParts {
  readonly upscalerFor: (choice: Pick<UpscaleOptions, 'engine' | 'model'>) => Promise<Upscaler>;
  /** Re-encodes a picture that is too large for the API. */
  readonly shrink: (image: EncodedImage, maxBytes: number) => Promise<EncodedImage>;
  /** Largest picture that is taken. */
  readonly maxImageBytes: number;
  /** Buckets a model may be told to read and write. */
  readonly allowedBuckets: readonly string[];
}

export type Upscale = (
  value: unknown,
  signal: AbortSignal,
) => Promise<PictureReply & { readonly engine: string }>;

/**
 * Upscaling: JSON from a caller -> one larger picture.
 *
 * @throws {EditError} `REQUEST_INVALID` naming each wrong field, `FORMAT_UNSUPPORTED` for bytes that are
 *   neither PNG, JPEG nor WebP, and whatever the engine throws.
 */
export const upscaleWith =
  (parts: UpscaleParts): Upscale =>
  async (value, signal) => {
    const { request, upscaler, sent } = await prepare(value, parts);
    const { shrink } = parts;
    const isTooLarge = 'bytes' in sent && sent.bytes.length > upscaler.maxImageBytes;
    const image = isTooLarge ? await shrink(sent, upscaler.maxImageBytes) : sent;
    const reply = await upscaler.upscale(
      { ...optionValues('upscale', request), image, replyFormat: pictureFormat(request) },
      signal,
    );
    const warnings = isTooLarge
      ? [
          `The picture was sent as JPEG: ${upscaler.name} takes ${upscaler.maxImageBytes} bytes.`,
          ...reply.warnings,
        ]
      : reply.warnings;
    return { ...reply, warnings, engine: upscaler.name };
  };

/** What `upscaleWith` would do, with the same errors. */
export const planUpscaleWith =
  (parts: UpscaleParts): PlanPictures =>
  async (value) => {
    const { upscaler } = await prepare(value, parts);
    return { engine: upscaler.name, samples: 1, imageSize: undefined, warnings: [] };
  };

async function prepare(value: unknown, { upscalerFor, maxImageBytes, allowedBuckets }: UpscaleParts) {
  const request = parseWith(upscaleRequestSchema, value);
  assertAllowedUri('imageUri', request.imageUri, allowedBuckets);
  assertAllowedUri('storageUri', request.storageUri, allowedBuckets);
  const upscaler = await upscalerFor(request);
  const { imageUri } = request;
  const sent = imageUri === undefined ? pictureOf(request.image ?? '', maxImageBytes) : { uri: imageUri };
  return { request, upscaler, sent };
}

const mediaTypes: readonly (string | undefined)[] = ['image/png', 'image/jpeg', 'image/webp'];

function pictureOf(base64: string, maxBytes: number): EncodedImage {
  const bytes = new Uint8Array(Buffer.from(base64, 'base64'));
  if (bytes.length > maxBytes) {
    throw new EditError(
      'IMAGE_TOO_LARGE',
      `Expected an image of at most ${maxBytes} bytes, got ${bytes.length}`,
    );
  }
  const mediaType = sniffMediaType(bytes);
  if (mediaType === undefined || !mediaTypes.includes(mediaType)) {
    throw new EditError('FORMAT_UNSUPPORTED', `Expected PNG, JPEG or WebP, got ${mediaType ?? 'no picture'}`);
  }
  return { bytes, mediaType };
}
