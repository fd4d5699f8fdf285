/**
 * Before | mask | after for every photo of a folder that has a mask, filled by the embedded engine:
 * `node test/bench/contact-sheet.ts ../shared/photos/places [more folders]`
 * The sheet is written to `.local/contact-sheet.png`, one row for each photo; the crops as the engine
 * answered them, at full size, beside it.
 */
import { mkdir, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import sharp, { type OverlayOptions } from 'sharp';
import { completePicture, type Picture } from '../../lib/engines/patchmatch/complete.ts';
import { boundsOf, dilateMask } from './crop.ts';

const cell = { width: 480, height: 360 };
const outFolder = '.local';
const maxSidePx = 1024;
/** Known picture around the mask, as a share of its longer side and at least this many pixels. */
const context = { share: 0.5, leastPx: 64 };
/** What an edit sends to a model beyond the mask, as a share of the width. */
const dilation = 0.01;

interface Pair {
  readonly image: string;
  readonly mask: string;
}

async function pairsIn(folder: string): Promise<Pair[]> {
  const names = await readdir(folder);
  return names.flatMap((name) => {
    const stem = name.replace(/\.(png|jpe?g|webp)$/i, '');
    const mask = [`${stem}.mask.png`, `${stem}_mask.png`].find((candidate) => names.includes(candidate));
    return stem === name || !mask ? [] : [{ image: join(folder, name), mask: join(folder, mask) }];
  });
}

async function readCrop({ image, mask }: Pair): Promise<Picture> {
  const { data, info } = await sharp(mask).greyscale().raw().toBuffer({ resolveWithObject: true });
  const bounds = boundsOf(data, info.width, info.height);
  const margin = Math.max(context.leastPx, context.share * Math.max(bounds.width, bounds.height));
  const left = Math.max(0, Math.floor(bounds.left - margin));
  const top = Math.max(0, Math.floor(bounds.top - margin));
  const box = {
    left,
    top,
    width: Math.min(info.width, Math.ceil(bounds.left + bounds.width + margin)) - left,
    height: Math.min(info.height, Math.ceil(bounds.top + bounds.height + margin)) - top,
  };
  const scale = Math.min(1, maxSidePx / Math.max(box.width, box.height));
  const width = Math.round(box.width * scale);
  const height = Math.round(box.height * scale);
  const read = (file: string) => sharp(file).extract(box).resize(width, height, { fit: 'fill' });
  const rgb = await read(image).removeAlpha().toColourspace('srgb').raw().toBuffer();
  const soft = await read(mask).greyscale().raw().toBuffer();
  const grown = dilateMask(soft, width, height, Math.round(dilation * width));
  return { width, height, rgb: new Uint8Array(rgb), mask: grown };
}

const encode = ({ width, height }: Picture, rgb: Uint8Array) =>
  sharp(rgb, { raw: { width, height, channels: 3 } }).png();

function overlay({ rgb, mask }: Picture): Uint8Array {
  return rgb.map((value, i) => (mask[Math.floor(i / 3)] ? (value + (i % 3 === 0 ? 255 : 0)) / 2 : value));
}

async function rowOf(pair: Pair, top: number): Promise<OverlayOptions[]> {
  const picture = await readCrop(pair);
  const start = performance.now();
  const filled = completePicture(picture, 1);
  console.log(
    `${pair.image}: ${picture.width} x ${picture.height}, ${(performance.now() - start).toFixed(0)} ms`,
  );
  await encode(picture, filled).toFile(join(outFolder, `filled-${basename(pair.image)}.png`));
  return Promise.all(
    [picture.rgb, overlay(picture), filled].map(async (rgb, column) => ({
      input: await sharp(await encode(picture, rgb).toBuffer())
        .resize({ ...cell, fit: 'inside' })
        .toBuffer(),
      left: column * cell.width,
      top,
    })),
  );
}

const folders = process.argv.slice(2);
const pairs = (await Promise.all(folders.map(pairsIn))).flat();
if (pairs.length === 0) {
  console.log('Expected folders with photos and masks (photo.png and photo.mask.png), found no pair.');
  process.exit(1);
}
await mkdir(outFolder, { recursive: true });
const tiles: OverlayOptions[] = [];
for (const [row, pair] of pairs.entries()) tiles.push(...(await rowOf(pair, row * cell.height)));
const sheet = join(outFolder, 'contact-sheet.png');
await sharp({
  create: { width: 3 * cell.width, height: pairs.length * cell.height, channels: 3, background: '#222' },
})
  .composite(tiles)
  .png()
  .toFile(sheet);
console.log(`Wrote ${sheet}`);
