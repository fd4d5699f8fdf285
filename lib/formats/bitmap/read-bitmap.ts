import type { Bitmap } from './bitmap.ts';
import { readBmp } from './bmp.ts';
import { readNetpbm } from './netpbm.ts';

/** @returns `undefined` for other formats. @throws {Error} for a header that cannot be read. */
export function readBitmap(bytes: Uint8Array): Bitmap | undefined {
  return readBmp(bytes) ?? readNetpbm(bytes);
}
