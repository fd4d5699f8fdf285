import type { Mask } from '../../../lib/pixels/raster.ts';
import { type Rgb, resizeRgb } from './pixels.ts';

/** Levels by which a pixel must differ to be marked: above what JPEG does to a copy. */
const threshold = 32;

/** The region in which a marked copy differs from its picture, in pixels of the picture. */
export async function markedRegion(picture: Rgb, marked: Rgb): Promise<Mask> {
  const { width, height } = picture;
  const copy = await resizeRgb(marked, picture);
  const data = new Uint8Array(width * height);
  for (let i = 0; i < data.length; i++) {
    const at = i * 3;
    const difference = Math.max(
      Math.abs(picture.data[at]! - copy.data[at]!),
      Math.abs(picture.data[at + 1]! - copy.data[at + 1]!),
      Math.abs(picture.data[at + 2]! - copy.data[at + 2]!),
    );
    data[i] = difference > threshold ? 255 : 0;
  }
  return { width, height, channels: 1, data };
}
