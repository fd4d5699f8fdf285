import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { sharp } from '../../lib/formats/vips/loaders.ts';
import type { Size } from '../../lib/pixels/raster.ts';
import { photosFolder } from '../support/photos.ts';
import { pipelineOf, wavePicture } from '../support/pictures.ts';

const folder = new URL('large/', photosFolder);

/** 3:2, whole pixels, about this many million. */
export function edgesOf(megapixels: number): Size {
  const height = Math.round(Math.sqrt((megapixels * 1e6) / 1.5) / 2) * 2;
  return { width: (height * 3) / 2, height };
}

/** A picture of this size: photos side by side where they are at hand, else waves. */
export async function mosaic({ width, height }: Size, format: 'jpeg' | 'png'): Promise<Buffer> {
  const found = await photos();
  const tiles = found.length > 0 ? found : [await waves()];
  const composite = [];
  for (let top = 0, row = 0; top < height; top += 1600, row++) {
    for (let left = 0, n = row; left < width; left += 2560, n++) {
      const tile = sharp(tiles[n % tiles.length]).extract({
        left: 0,
        top: 0,
        width: Math.min(2560, width - left),
        height: Math.min(1600, height - top),
      });
      composite.push({ input: await tile.png({ compressionLevel: 1 }).toBuffer(), left, top });
    }
  }
  const canvas = sharp({
    create: { width, height, channels: 3, background: '#888' },
    limitInputPixels: false,
  })
    .composite(composite)
    .removeAlpha();
  return format === 'png'
    ? canvas.png({ compressionLevel: 2, adaptiveFiltering: true }).toBuffer()
    : canvas.jpeg({ quality: 90, optimiseCoding: false }).toBuffer();
}

async function photos(): Promise<Buffer[]> {
  if (!existsSync(folder)) return [];
  const names = (await readdir(folder)).filter((name) => name.endsWith('.jpg')).sort();
  return Promise.all(names.map((name) => readFile(new URL(name, folder))));
}

function waves(): Promise<Buffer> {
  console.error('../shared/photos is not there: waves instead of photos');
  return pipelineOf(wavePicture({ width: 2560, height: 1600 }))
    .png({ compressionLevel: 1 })
    .toBuffer();
}
