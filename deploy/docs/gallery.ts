/**
 * Edits the pictures of docs/gallery.md and writes them beside each other into `docs/images/`:
 * `npm run docs -- --gallery`. The bytes depend on the version of libvips, so that nothing compares them.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readConfig } from '../../lib/config.ts';
import { editor } from '../../lib/edit.ts';
import { engineFor } from '../../lib/engines/engines.ts';
import { composite } from '../../lib/fit/composite.ts';
import { engineCodec } from '../../lib/formats/vips/engine-codec.ts';
import { sharp } from '../../lib/formats/vips/loaders.ts';
import { paste } from '../../lib/pixels/box.ts';
import type { Mask, Raster } from '../../lib/pixels/raster.ts';
import { parseRequest } from '../../lib/requests/edit-request.ts';

interface Example {
  readonly name: string;
  /** Where `name.png`, `name.mask.png` and the learned model's `name.migan.png` are. */
  readonly folder: string;
  readonly hasLearned?: boolean;
}

const images = join(import.meta.dirname, '../../docs/images');
const examples: readonly Example[] = [
  { name: 'antelope', folder: join(import.meta.dirname, '../local/demo') },
  { name: 'bench', folder: join(import.meta.dirname, 'gallery'), hasLearned: true },
];

const gapPx = 8;
const tintShare = 0.55;

async function pixels(file: Uint8Array): Promise<Raster> {
  const { data, info } = await sharp(file)
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: 3, data: Uint8Array.from(data) };
}

async function maskPixels(file: Uint8Array): Promise<Mask> {
  const { data, info } = await sharp(file).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: 1, data: Uint8Array.from(data) };
}

async function removed(image: Uint8Array, mask: Uint8Array): Promise<Raster> {
  const engine = await engineFor({ engine: 'patchmatch', model: undefined }, readConfig({}), {
    codec: engineCodec,
  });
  const edit = editor({
    engine,
    limits: { maxImageBytes: 1e8, maxImagePixels: 1e8 },
    defaults: { featherPx: 32, dilationPx: 0, modelDilation: 0.01, maxRegions: 4, maxTiles: 16 },
  });
  const { outputs } = await edit({ image, mask, request: parseRequest({}) }, AbortSignal.timeout(60_000));
  return pixels(outputs[0]!.bytes);
}

/** What is to go in red. */
function tinted(photo: Raster, mask: Mask): Raster {
  const data = Uint8Array.from(photo.data);
  mask.data.forEach((value, p) => {
    if (value < 128) return;
    for (const [c, level] of [230, 40, 60].entries())
      data[3 * p + c] = data[3 * p + c]! * (1 - tintShare) + level * tintShare;
  });
  return { ...photo, data };
}

/** The answer of a model, put in as every answer is. */
function withAnswer(crop: Raster, edited: Raster, mask: Mask): Raster {
  const { patch, raster } = composite({ crop, edited, mask });
  const whole = { ...crop, data: Uint8Array.from(crop.data) };
  paste(whole, raster, patch);
  return whole;
}

async function panels({ name, folder, hasLearned }: Example): Promise<readonly Raster[]> {
  const read = (kind: string) => readFile(join(folder, `${name}${kind}.png`));
  const [image, hole] = [await read(''), await read('.mask')];
  const [photo, mask] = [await pixels(image), await maskPixels(hole)];
  const row = [photo, tinted(photo, mask), await removed(image, hole)];
  return hasLearned ? [...row, withAnswer(photo, await pixels(await read('.migan')), mask)] : row;
}

async function writeRow(name: string, row: readonly Raster[]): Promise<void> {
  const tiles = await Promise.all(
    row.map(async ({ data, width, height }, n) => ({
      input: await sharp(data, { raw: { width, height, channels: 3 } })
        .png()
        .toBuffer(),
      left: n * (width + gapPx),
      top: 0,
    })),
  );
  const { width, height } = row[0]!;
  const size = { width: row.length * (width + gapPx) - gapPx, height };
  await sharp({ create: { ...size, channels: 4, background: '#0000' } })
    .composite(tiles)
    .webp({ quality: 82, effort: 6 })
    .toFile(join(images, `${name}.webp`));
}

export async function writeGallery(): Promise<void> {
  for (const example of examples) await writeRow(example.name, await panels(example));
}
