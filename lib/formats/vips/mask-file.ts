import type { Sharp } from 'sharp';
import { EditError } from '../../errors.ts';
import type { SparseMask } from '../../pixels/boxed-mask.ts';
import type { Bitmap } from '../bitmap/bitmap.ts';
import { readBitmap } from '../bitmap/read-bitmap.ts';
import { greyPixels } from '../png/grey.ts';
import { checkBytes, checkSize, type Header, type Limits, readHeader } from './header.ts';
import { sharp } from './loaders.ts';

/** A mask whose header is read and within the limits. */
export interface MaskFile {
  readonly header: Pick<Header, 'format' | 'stored' | 'displayed' | 'orientation' | 'hasAlpha'> & {
    readonly isGrey16: boolean;
  };
  /** A new pipeline over its pixels, as displayed. */
  readonly open: () => Sharp;
  /** Its pixels, where they are plain grey of 8 bit that needs no libvips. */
  readonly grey?: () => SparseMask | undefined;
}

/**
 * Opens a mask of any format that is read: what libvips opens, GIF, and plain bitmaps.
 *
 * @throws {EditError} `MASK_UNREADABLE`, `IMAGE_TOO_LARGE`, `IMAGE_TOO_MANY_PIXELS`.
 */
export async function openMask(bytes: Uint8Array, limits: Limits): Promise<MaskFile> {
  checkBytes(bytes, limits, 'mask');
  const bitmap = unlessDamaged(bytes, () => readBitmap(bytes));
  if (bitmap !== undefined) return openBitmap(bytes, bitmap, limits);
  const header = await readHeader(bytes, limits, { role: 'mask' });
  const isGrey16 = header.space === 'grey16' && !header.hasAlpha;
  return {
    header: { ...header, isGrey16 },
    open: () => sharp(bytes, { limitInputPixels: false, autoOrient: true }),
    ...(header.format === 'png' ? { grey: () => greyPixels(bytes) } : {}),
  };
}

function openBitmap(bytes: Uint8Array, bitmap: Bitmap, limits: Limits): MaskFile {
  const { format, width, height, channels, decode } = bitmap;
  checkSize(bitmap, limits, 'mask');
  const { data } = unlessDamaged(bytes, decode);
  const size = { width, height };
  const hasAlpha = channels === 4;
  return {
    header: { format, stored: size, displayed: size, orientation: 1, hasAlpha, isGrey16: false },
    open: () => sharp(data, { limitInputPixels: false, raw: { width, height, channels } }),
  };
}

function unlessDamaged<T>(bytes: Uint8Array, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const message = `Expected a whole BMP or PGM mask of a common kind, got ${bytes.length} bytes that are none`;
    throw new EditError('MASK_UNREADABLE', message, { cause });
  }
}
