import type { Metadata } from 'sharp';
import { EditError } from '../../errors.ts';
import type { Limits } from './header.ts';
import { assertSize } from './header.ts';
import { sharp } from './loaders.ts';

const quality = 80;

/** A progressive JPEG is held as coefficients of two bytes. */
const coefficientBytes = 2;
/** WebP is decoded to pixels of four bytes. */
const webpBytes = 4;
const chromaShares: Readonly<Record<string, number>> = { '4:2:0': 0.5, '4:2:2': 0.67 };

/**
 * A WebP for people to look at: upright, sRGB, 8 bit, at most `widthPx` wide, never enlarged.
 *
 * @param maxHeldBytes at most this much of the decoded picture may have to be in memory at once.
 * @throws {EditError} `IMAGE_TOO_MANY_PIXELS`, `IMAGE_UNREADABLE` or `PREVIEW_TOO_LARGE`, before a pixel is
 *   decoded.
 */
export async function previewOf(
  bytes: Uint8Array,
  widthPx: number,
  { maxHeldBytes = Number.POSITIVE_INFINITY, ...limits }: Limits & { readonly maxHeldBytes?: number },
): Promise<Uint8Array> {
  const metadata = await assertSize(bytes, limits);
  const held = heldBytes(metadata);
  if (held > maxHeldBytes) {
    const { width, height, format } = metadata;
    const message = `Expected a picture of which at most ${maxHeldBytes} bytes are held to look at it, got ${held} of a ${format} of ${width} x ${height}`;
    throw new EditError('PREVIEW_TOO_LARGE', message);
  }
  const picture = sharp(bytes, { limitInputPixels: limits.maxImagePixels, sequentialRead: true });
  return picture
    .autoOrient()
    .resize({ width: widthPx, withoutEnlargement: true })
    .toColourspace('srgb')
    .webp({ quality })
    .toBuffer();
}

/**
 * Bytes of a picture that are in memory at once while it is scaled down: all that come in several passes, and
 * those that are turned; of others a few rows, counted as 0.
 */
function heldBytes(metadata: Metadata): number {
  const { format, width, height, channels, depth, isProgressive, orientation = 1 } = metadata;
  const pixels = width * height;
  if (format === 'webp') return pixels * webpBytes;
  if (format === 'jpeg') {
    if (!isProgressive) return 0;
    const share = chromaShares[metadata.chromaSubsampling ?? ''] ?? 1;
    return Math.round(pixels * coefficientBytes * (1 + (channels - 1) * share));
  }
  return isProgressive || orientation > 1 ? pixels * channels * (depth === 'uchar' ? 1 : 2) : 0;
}
