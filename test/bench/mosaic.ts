import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sharp } from '../../lib/image/codec/loaders.ts';
import type { Size } from '../../lib/image/raster.ts';
import { pipelineOf, wavePicture } from '../support/pictures.ts';

const photos = '../shared/photos/large';
const cache = '.local/bench';

/** 3:2, whole pixels, about this many million. */
export function edgesOf(megapixels: number): Size {
  const height = Math.round(Math.sqrt((megapixels * 1e6) / 1.5) / 2) * 2;
  return { width: (height * 3) / 2, height };
}

/** A picture of this size: photos side by side where they are at hand, else waves. Kept in `.local/bench`. */
export async function mosaic(megapixels: number, format: 'jpeg' | 'png'): Promise<Buffer> {
  const path = join(cache, `${megapixels}.${format}`);
  if (existsSync(path)) return readFile(path);
  await mkdir(cache, { recursive: true });
  const { width, height } = edgesOf(megapixels);
  const tiles = await tilePictures();
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
  const bytes =
    format === 'png'
      ? await canvas.png({ compressionLevel: 2, adaptiveFiltering: true }).toBuffer()
      : await canvas.jpeg({ quality: 90, optimiseCoding: false }).toBuffer();
  await writeFile(path, bytes);
  return bytes;
}

async function tilePictures(): Promise<Buffer[]> {
  if (!existsSync(photos)) {
    console.log(`${photos} is not there: waves instead of photos`);
    return [
      await pipelineOf(wavePicture({ width: 2560, height: 1600 }))
        .png()
        .toBuffer(),
    ];
  }
  const names = (await readdir(photos)).filter((name) => name.endsWith('.jpg')).sort();
  return Promise.all(names.map((name) => readFile(join(photos, name))));
}
