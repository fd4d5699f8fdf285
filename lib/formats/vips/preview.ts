import type { Limits } from './header.ts';
import { assertSize } from './header.ts';
import { sharp } from './loaders.ts';

const quality = 80;

/**
 * A WebP for people to look at: upright, sRGB, 8 bit, at most `widthPx` wide, never enlarged.
 *
 * @throws {EditError} `IMAGE_TOO_MANY_PIXELS` or `IMAGE_UNREADABLE`, before a pixel is decoded.
 */
export async function previewOf(bytes: Uint8Array, widthPx: number, limits: Limits): Promise<Uint8Array> {
  await assertSize(bytes, limits);
  const picture = sharp(bytes, { limitInputPixels: limits.maxImagePixels, sequentialRead: true });
  return picture
    .autoOrient()
    .resize({ width: widthPx, withoutEnlargement: true })
    .toColourspace('srgb')
    .webp({ quality })
    .toBuffer();
}
