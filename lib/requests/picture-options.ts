import { z } from 'zod';
import type { PictureFormat } from '../engines/picture-engines.ts';
import { EditError } from '../errors.ts';

const mediaTypes = {
  png: 'image/png',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  bmp: 'image/bmp',
  tiff: 'image/tiff',
  ico: 'image/vnd.microsoft.icon',
} as const;
const formats = Object.keys(mediaTypes) as (keyof typeof mediaTypes)[];

const gcsUri = z
  .string()
  .regex(/^gs:\/\/[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]\/.*$/, 'expected gs://bucket/name');

/** Options that generating and upscaling share. */
export const pictureOptions = {
  engine: z.enum(['imagen', 'gemini']).optional().describe('Another engine than the configured one.'),
  format: z.enum(formats).optional().describe('Format of the picture; PNG when left out.'),
  quality: z.int().min(0).max(100).optional().describe('JPEG quality of the picture; 75 when left out.'),
  storageUri: gcsUri
    .optional()
    .describe(
      '`gs://bucket/prefix/` in the input or output bucket: the model writes its pictures there. Only where the function is given buckets, as on one machine; `deploy/` gives it none.',
    ),
} as const;

export const pictureUri = gcsUri;

/** How the answer is encoded, where anything was asked for. */
export function pictureFormat(request: {
  readonly format?: keyof typeof mediaTypes | undefined;
  readonly quality?: number | undefined;
}): PictureFormat | undefined {
  const { format, quality } = request;
  if (format === undefined && quality === undefined) return undefined;
  if (quality !== undefined && format !== 'jpeg') {
    throw new EditError('REQUEST_INVALID', `Expected format jpeg beside a quality, got ${format ?? 'none'}`);
  }
  return { mediaType: mediaTypes[format ?? 'png'], quality };
}

/**
 * The service account of the model can reach buckets the caller cannot: only listed ones are named to it.
 *
 * @throws {EditError} `REQUEST_INVALID` for a bucket that is not on the list.
 */
export function assertAllowedUri(
  field: string,
  uri: string | undefined,
  allowedBuckets: readonly string[],
): void {
  if (uri === undefined) return;
  const bucket = uri.slice('gs://'.length).split('/')[0] ?? '';
  if (allowedBuckets.includes(bucket)) return;
  throw new EditError('REQUEST_INVALID', `Expected ${field} in an allowed bucket, got ${bucket}`);
}
