import type { Sharp } from 'sharp';
import type { EncodedImage, EngineCodec } from '../../engines/engine.ts';
import type { Raster } from '../../pixels/raster.ts';
import { assertSize, type Limits } from './header.ts';
import { sharp } from './loaders.ts';

/** Qualities to try until an upload fits. Below the last one a model sees artefacts. */
const jpegQualities = [95, 90, 80, 60] as const;

/** Optimised coding saves 1 % of the bytes, and holds every coefficient of the picture: 6 bytes a pixel. */
const jpegOptions = { chromaSubsampling: '4:4:4', optimiseCoding: false } as const;

/** Encodes crops for model APIs: PNG, or the best JPEG that fits where the API limits the size. */
export const engineCodec: EngineCodec = {
  async encode(raster, { maxBytes = Number.POSITIVE_INFINITY } = {}): Promise<EncodedImage> {
    const png = await pixels(raster).png({ compressionLevel: 3, adaptiveFiltering: true }).toBuffer();
    if (png.length <= maxBytes) return { bytes: png, mediaType: 'image/png' };
    return asJpegWithin(() => pixels(raster), maxBytes);
  },
};

function pixels({ width, height, channels, data }: Raster) {
  const pipeline = sharp(data, { raw: { width, height, channels: channels as 1 | 2 | 3 | 4 } });
  return channels < 3 ? pipeline.toColourspace('b-w') : pipeline;
}

/**
 * Re-encodes a picture that is too large for an API: the best JPEG that fits, or the smallest. Reads it row
 * by row, so that a large picture is never in memory as a whole.
 *
 * @throws {EditError} `IMAGE_TOO_MANY_PIXELS` or `IMAGE_UNREADABLE`, before a pixel is decoded.
 */
export async function shrinkImage(
  { bytes }: EncodedImage,
  maxBytes: number,
  limits: Limits,
): Promise<EncodedImage> {
  await assertSize(bytes, limits);
  const pipeline = () =>
    sharp(bytes, { limitInputPixels: limits.maxImagePixels, sequentialRead: true }).flatten({
      background: '#fff',
    });
  return asJpegWithin(pipeline, maxBytes);
}

async function asJpegWithin(pipeline: () => Sharp, maxBytes: number): Promise<EncodedImage> {
  let bytes = new Uint8Array();
  for (const quality of jpegQualities) {
    const jpeg = pipeline().jpeg({ ...jpegOptions, quality });
    bytes = Uint8Array.from(await jpeg.toBuffer());
    if (bytes.length <= maxBytes) break;
  }
  return { bytes, mediaType: 'image/jpeg' };
}
