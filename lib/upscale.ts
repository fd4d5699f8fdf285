import type { EncodedImage } from './engines/engine.ts';
import { imageSize } from './engines/image-size.ts';
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
import { type ImageSize, imageSidePx, upscaleFactors } from './requests/values.ts';

interface UpscaleParts {
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
  const asked = parseWith(upscaleRequestSchema, value);
  assertAllowedUri('imageUri', asked.imageUri, allowedBuckets);
  assertAllowedUri('storageUri', asked.storageUri, allowedBuckets);
  const upscaler = await upscalerFor(asked);
  const { imageUri } = asked;
  const sent = imageUri === undefined ? pictureOf(asked.image ?? '', maxImageBytes) : { uri: imageUri };
  const isGiven = typeof value === 'object' && value !== null && Object.hasOwn(value, 'factor');
  const { targetSize } = asked;
  const request =
    isGiven || targetSize === undefined ? asked : { ...asked, factor: factorFor(targetSize, sent) };
  return { request, upscaler, sent };
}

/** @throws {EditError} `REQUEST_INVALID` where no factor leads there. */
function factorFor(
  targetSize: ImageSize,
  sent: EncodedImage | { readonly uri: string },
): UpscaleOptions['factor'] {
  const refuse = (detail: string): never => {
    const errors = [{ pointer: '#/targetSize', detail }];
    throw new EditError('REQUEST_INVALID', `targetSize: ${detail}`, { errors });
  };
  if (!('bytes' in sent)) return refuse('expected factor beside an address, whose size is not known');
  const { width = 0, height = 0 } = imageSize(sent.bytes) ?? {};
  const wanted = imageSidePx[targetSize] / Math.max(width, height);
  const factor = upscaleFactors.find((each) => Number(each.slice(1)) >= wanted);
  return wanted > 1 && factor !== undefined
    ? factor
    : refuse(
        `expected a size of 1 to 4 times the longer side of ${Math.max(width, height)} pixels, got ${targetSize}`,
      );
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
