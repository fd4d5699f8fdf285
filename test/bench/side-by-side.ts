import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sharp } from '../../lib/formats/vips/loaders.ts';
import type { Raster } from '../../lib/pixels/raster.ts';
import { pipelineOf } from '../support/pictures.ts';

const gapPx = 8;

/** Writes pictures of any size and channels beside each other, for a look: `name`.png in `folder`. */
export async function writeSideBySide(
  folder: string,
  name: string,
  pictures: readonly Raster[],
): Promise<void> {
  const tiles = [];
  let left = 0;
  for (const picture of pictures) {
    tiles.push({ input: await pipelineOf(picture).toColourspace('srgb').png().toBuffer(), left, top: 0 });
    left += picture.width + gapPx;
  }
  const height = Math.max(...pictures.map((picture) => picture.height));
  await mkdir(folder, { recursive: true });
  await sharp({ create: { width: left, height, channels: 3, background: '#f0f' } })
    .composite(tiles)
    .png()
    .toFile(join(folder, `${name.replaceAll(/[^\w.-]+/g, '-')}.png`));
}
