import type { EncodedImage, EngineCodec } from '../../engines/engine.ts';
import type { Raster } from '../raster.ts';
import { sharp } from './loaders.ts';

/** Qualities tried in turn until an upload fits; below the last one a model sees artefacts. */
const jpegQualities = [95, 90, 80, 60] as const;

/** How crops travel to model APIs: PNG, or the best JPEG that fits where the API caps the size. */
export const engineCodec: EngineCodec = {
  async encode(raster, { maxBytes = Number.POSITIVE_INFINITY } = {}): Promise<EncodedImage> {
    const png = await pixels(raster).png({ compressionLevel: 3, adaptiveFiltering: true }).toBuffer();
    if (png.length <= maxBytes) return { bytes: png, mediaType: 'image/png' };
    let jpeg = png;
    for (const quality of jpegQualities) {
      jpeg = await pixels(raster).jpeg({ quality, chromaSubsampling: '4:4:4' }).toBuffer();
      if (jpeg.length <= maxBytes) break;
    }
    return { bytes: jpeg, mediaType: 'image/jpeg' };
  },
};

function pixels({ width, height, channels, data }: Raster) {
  const pipeline = sharp(data, { raw: { width, height, channels: channels as 1 | 2 | 3 | 4 } });
  return channels < 3 ? pipeline.toColourspace('b-w') : pipeline;
}
