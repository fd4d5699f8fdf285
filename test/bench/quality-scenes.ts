import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { smoothstep } from '../../lib/fit/feather.ts';
import { boundingBox, boxAround, crop } from '../../lib/pixels/box.ts';
import { insideDistance } from '../../lib/pixels/distance.ts';
import type { Mask, Raster, Size } from '../../lib/pixels/raster.ts';
import { photosFolder } from '../support/photos.ts';
import { normalNoise } from './drift.ts';

export interface Scene {
  readonly name: string;
  readonly truth: Raster;
  readonly mask: Mask;
}

export async function readRaster(url: URL): Promise<Raster> {
  const { data, info } = await sharp(await readFile(url))
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({
      resolveWithObject: true,
    });
  return { width: info.width, height: info.height, channels: info.channels, data };
}

export async function readMask(url: URL): Promise<Mask> {
  const { data, info } = await sharp(await readFile(url))
    .removeAlpha()
    .extractChannel(0)
    .raw()
    .toBuffer({
      resolveWithObject: true,
    });
  return { width: info.width, height: info.height, channels: 1, data };
}

/** Where ellipses are put in the large photos beside their own masks, fractions of the sides. */
const ellipses = [
  { x: 0.3, y: 0.4, rx: 0.1, ry: 0.14 },
  { x: 0.68, y: 0.66, rx: 0.13, ry: 0.09 },
] as const;

const cropSize: Size = { width: 1900, height: 1500 };

/** Six crops of about 1900 px: two photos, each with its own mask and two ellipses. */
export async function largeScenes(): Promise<Scene[]> {
  const scenes: Scene[] = [];
  for (const name of ['evening-glow', 'one-stands-out']) {
    const photo = await readRaster(new URL(`large/${name}.jpg`, photosFolder));
    const own = await readMask(new URL(`large/${name}.mask.png`, photosFolder));
    const masks = [own, ...ellipses.map((ellipse) => ellipseMask(photo.width, photo.height, ellipse))];
    for (const [i, mask] of masks.entries()) {
      const box = boxAround(boundingBox(mask)!, cropSize, photo);
      scenes.push({ name: `${name} ${i}`, truth: crop(photo, box), mask: crop(mask, box) });
    }
  }
  return scenes;
}

interface Ellipse {
  readonly x: number;
  readonly y: number;
  readonly rx: number;
  readonly ry: number;
}

/** A wavy edge, so that no axis is favoured. */
export function ellipseMask(width: number, height: number, { x, y, rx, ry }: Ellipse): Mask {
  const data = new Uint8Array(width * height);
  for (let p = 0; p < data.length; p++) {
    const dx = ((p % width) / width - x) / rx;
    const dy = (Math.trunc(p / width) / height - y) / ry;
    const wave = 1 + 0.08 * Math.sin(5 * Math.atan2(dy, dx));
    if (Math.hypot(dx, dy) <= wave) data[p] = 255;
  }
  return { width, height, channels: 1, data };
}

/** Paints a dark object into a picture: it ends `marginPx` inside the mask, with an edge of 2 px. */
export function withObject(truth: Raster, mask: Mask, marginPx: number): Raster {
  const distance = insideDistance(mask);
  const noise = normalNoise(7);
  const data = new Uint8Array(truth.data);
  for (let p = 0; p < distance.length; p++) {
    const share = smoothstep((distance[p]! - marginPx) / 2);
    if (share === 0) continue;
    const stripe = (p % truth.width) % 24 < 12 ? 20 : 0;
    for (let c = 0; c < 3; c++) {
      const object = 35 + stripe + 15 * c + 4 * noise();
      const before = data[p * 3 + c]!;
      data[p * 3 + c] = Math.round(before + (object - before) * share);
    }
  }
  return { ...truth, data };
}

export interface ReplyScene {
  readonly name: string;
  readonly photo: Raster;
  readonly mask: Mask;
  readonly reply: Raster;
}

/** Photos with the answer of a real, learned model. */
export async function replyScenes(): Promise<ReplyScene[]> {
  const folder = new URL('places/', photosFolder);
  const names = readdirSync(folder).filter((name) => name.endsWith('.model.png'));
  return Promise.all(
    names.sort().map(async (file) => {
      const name = file.replace('.model.png', '');
      return {
        name,
        photo: await readRaster(new URL(`${name}.png`, folder)),
        mask: await readMask(new URL(`${name}.mask.png`, folder)),
        reply: await readRaster(new URL(file, folder)),
      };
    }),
  );
}
