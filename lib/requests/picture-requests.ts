import { z } from 'zod';
import type { PictureFormat } from '../engines/picture-engines.ts';
import { EditError } from '../errors.ts';
import { shapeOf } from './schema.ts';
import { mediaTypes, type PictureFormatName } from './values.ts';

const engine = z.enum(['imagen', 'gemini']).optional().describe('Another engine than the configured one.');

/** A request for text to image. Ranges are the widest of all models; each model narrows them. */
export const generateRequestSchema = z.strictObject({ ...shapeOf('generate'), engine });
export type GenerateOptions = z.infer<typeof generateRequestSchema>;

/** A request for a larger picture, which comes in base64 or by address, never both. */
export const upscaleRequestSchema = z
  .strictObject({ ...shapeOf('upscale'), engine })
  .superRefine((request, context) => {
    if ((request.image === undefined) === (request.imageUri === undefined)) {
      context.addIssue({ code: 'custom', path: ['image'], message: 'expected either image or imageUri' });
    }
  });
export type UpscaleOptions = z.infer<typeof upscaleRequestSchema>;

/** The format the model shall answer in, if the request names one. */
export function pictureFormat(request: {
  readonly format?: PictureFormatName | undefined;
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
 * Refuses a `gs://` address in a bucket that is not listed: the model's service account can reach buckets
 * that the caller cannot.
 *
 * @param allowedBuckets none where the function knows no bucket.
 * @throws {EditError} `USE_JOBS` or `URI_NOT_ALLOWED`.
 */
export function assertAllowedUri(
  field: string,
  uri: string | undefined,
  allowedBuckets: readonly string[],
): void {
  if (uri === undefined) return;
  const errors = [{ pointer: `#/${field}`, detail: 'expected an address in a bucket of this deployment' }];
  if (allowedBuckets.length === 0) {
    const message = `Expected no ${field}, as this function knows no bucket, got one`;
    throw new EditError('USE_JOBS', message, { errors });
  }
  const bucket = uri.slice('gs://'.length).split('/')[0] ?? '';
  if (allowedBuckets.includes(bucket)) return;
  throw new EditError('URI_NOT_ALLOWED', `Expected ${field} in an allowed bucket, got another`, { errors });
}
