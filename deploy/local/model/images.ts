import sharp from 'sharp';
import type { Mask } from '../../../lib/pixels/raster.ts';
import { type ApiError, invalidField } from './api-error.ts';
import type { ImageField } from './fields.ts';
import { decodeMask, decodeRgb, type Rgb } from './pixels.ts';

/** Size and format of an image. */
export interface ImageFacts {
  readonly bytes: number;
  readonly format: string;
  readonly width: number;
  readonly height: number;
}

/** An image of a request, inspected but not decoded. */
export interface SentImage {
  readonly field: string;
  readonly bytes: Uint8Array;
  readonly facts: ImageFacts;
}

/** Reads `gs://bucket/name`. */
export type ReadObject = (uri: string) => Promise<Uint8Array>;

interface ImageRules {
  readonly maxBytes: number;
  readonly formats: ReadonlySet<string>;
}

/** "10 MB" and "7 MB" are read as the smaller number of bytes that they may mean. */
const imagenRules: ImageRules = {
  maxBytes: 10_000_000,
  formats: new Set(['png', 'jpeg', 'webp', 'gif']),
};
const geminiFormats: ReadonlySet<string> = new Set(['png', 'jpeg', 'webp', 'heif']);
export const geminiInlineRules: ImageRules = { maxBytes: 7_000_000, formats: geminiFormats };
export const geminiFileRules: ImageRules = { maxBytes: 30_000_000, formats: geminiFormats };

/**
 * Reads a picture of an Imagen body.
 *
 * @throws {ApiError} 400 for bytes that are too many, no base64, or no picture of a format the API takes.
 */
export async function readImage(
  { bytesBase64Encoded, gcsUri }: ImageField,
  field: string,
  readObject: ReadObject,
): Promise<SentImage> {
  const bytes =
    gcsUri === undefined ? decodeBase64(bytesBase64Encoded ?? '', field) : await readObject(gcsUri);
  return inspect(bytes, field, imagenRules);
}

export async function inspect(bytes: Uint8Array, field: string, rules: ImageRules): Promise<SentImage> {
  if (bytes.length > rules.maxBytes) {
    throw invalidField(
      field,
      `Image size ${bytes.length} exceeds the maximum allowed size of ${rules.maxBytes} bytes`,
    );
  }
  const metadata = await sharp(bytes)
    .metadata()
    .catch(() => undefined);
  if (metadata === undefined || !rules.formats.has(metadata.format)) throw undecodable(field);
  const { width, height, format } = metadata;
  return { field, bytes, facts: { bytes: bytes.length, format, width, height } };
}

/** @throws {ApiError} 400 for text that is no base64, in the standard or the URL alphabet. */
export function decodeBase64(text: string, field: string): Uint8Array {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) throw invalidField(field, 'Base64 decoding failed');
  return Buffer.from(text, 'base64');
}

export const pixelsOf = (image: SentImage): Promise<Rgb> => decoded(image, decodeRgb);
export const maskOf = (image: SentImage): Promise<Mask> => decoded(image, decodeMask);

async function decoded<T>(image: SentImage, decode: (bytes: Uint8Array) => Promise<T>): Promise<T> {
  try {
    return await decode(image.bytes);
  } catch {
    throw undecodable(image.field);
  }
}

function undecodable(field: string): ApiError {
  return invalidField(field, 'Provided image is not valid: the image could not be decoded');
}

/** @throws {ApiError} 400 when the mask is not of the size of the image. */
export function assertMaskFits(image: ImageFacts, mask: ImageFacts, field: string): void {
  if (image.width === mask.width && image.height === mask.height) return;
  throw invalidField(
    field,
    `The mask must have the same dimensions as the image: expected ${image.width}x${image.height}, got ${mask.width}x${mask.height}`,
  );
}
