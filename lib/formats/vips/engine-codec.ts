import type { Sharp } from 'sharp';
import type { EncodedImage, EngineCodec } from '../../engines/engine.ts';
import type { Raster } from '../../pixels/raster.ts';
import { sharp } from './loaders.ts';

/** Qualities to try until an upload fits. Below the last one a model sees artefacts. */
const jpegQualities = [95, 90, 80, 60] as const;

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

/** Re-encodes a picture that is too large for an API: the best JPEG that fits, or the smallest. */
export function shrinkImage({ bytes }: EncodedImage, maxBytes: number): Promise<EncodedImage> {
  return asJpegWithin(() => sharp(bytes).flatten({ background: '#fff' }), maxBytes);
}

async function asJpegWithin(pipeline: () => Sharp, maxBytes: number): Promise<EncodedImage> {
  let bytes = new Uint8Array();
  for (const quality of jpegQualities) {
    bytes = Uint8Array.from(await pipeline().jpeg({ quality, chromaSubsampling: '4:4:4' }).toBuffer());
    if (bytes.length <= maxBytes) break;
  }
  return { bytes, mediaType: 'image/jpeg' };
}
