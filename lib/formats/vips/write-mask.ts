import type { EncodedImage } from '../../engines/engine.ts';
import { boxOf } from '../../pixels/box.ts';
import { type BoxedMask, maskWithin } from '../../pixels/boxed-mask.ts';
import type { Size } from '../../pixels/raster.ts';
import { sharp } from './loaders.ts';

/** Masks are mostly of one value: more effort makes them no smaller. */
const compressionLevel = 6;

/** A mask as a grey PNG of the size of its picture as displayed: white is edited, black kept. */
export async function writeMask(mask: BoxedMask, picture: Size): Promise<EncodedImage> {
  const { width, height, data } = maskWithin(mask, boxOf(picture));
  const png = await sharp(data, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png({ compressionLevel })
    .toBuffer();
  return { bytes: png, mediaType: 'image/png' };
}
