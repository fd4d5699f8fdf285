import { mkdir } from 'node:fs/promises';
import sharp from 'sharp';
import { crop as cut } from '../../lib/image/box.ts';
import type { Box, Raster } from '../../lib/image/raster.ts';
import { fitSize } from '../../lib/image/resample.ts';
import { hasPhotos } from '../support/photos.ts';
import { drifts, simulateModel } from './drift.ts';
import { type Job, type Method, methods } from './quality.ts';
import { largeScenes, replyScenes, withObject } from './quality-scenes.ts';

/** One picture of the sheet: pixels of the crop around a seam, shown at 200 %. */
const viewPx = 240;
const zoom = 2;
const gapPx = 6;

const outFolder = new URL('../../.local/', import.meta.url);

/** Where a view is best taken: the middle of the mask's left edge, or top edge when it touches the border. */
function viewAround({ left, top, width, height }: Box, picture: Raster): Box {
  const side = Math.min(viewPx, picture.width, picture.height);
  const clamp = (at: number, limit: number): number => Math.min(Math.max(0, Math.round(at)), limit - side);
  const x = left > 4 ? left : left + width;
  return {
    left: clamp(x - side / 2, picture.width),
    top: clamp(top + height / 2 - side / 2, picture.height),
    width: side,
    height: side,
  };
}

/** The whole picture after a method. */
function applied(job: Job, method: Method): { readonly picture: Raster; readonly patch: Box } {
  const { patch, raster } = method(job);
  const data = new Uint8Array(job.crop.data);
  const length = patch.width * raster.channels;
  for (let y = 0; y < patch.height; y++) {
    const to = ((patch.top + y) * job.crop.width + patch.left) * raster.channels;
    data.set(raster.data.subarray(y * length, (y + 1) * length), to);
  }
  return { picture: { ...job.crop, data }, patch };
}

async function enlarged(picture: Raster): Promise<Buffer> {
  const { width, height, channels, data } = picture;
  return sharp(data, { raw: { width, height, channels: channels as 3 } })
    .resize(viewPx * zoom, viewPx * zoom, { kernel: 'nearest', fit: 'contain' })
    .png()
    .toBuffer();
}

/** Before, then each method, side by side; one row for each job. */
async function sheet(jobs: readonly Job[], file: string): Promise<void> {
  const cell = viewPx * zoom + gapPx;
  const tiles: { input: Buffer; left: number; top: number }[] = [];
  for (const [row, job] of jobs.entries()) {
    const results = Object.values<Method>(methods).map((method) => applied(job, method));
    const view = viewAround(results[0]!.patch, job.crop);
    const pictures = [job.crop, ...results.map(({ picture }) => picture)];
    for (const [column, picture] of pictures.entries()) {
      tiles.push({ input: await enlarged(cut(picture, view)), left: column * cell, top: row * cell });
    }
  }
  const columns = Object.keys(methods).length + 1;
  await mkdir(outFolder, { recursive: true });
  await sharp({
    create: { width: columns * cell, height: jobs.length * cell, channels: 3, background: 'white' },
  })
    .composite(tiles)
    .png()
    .toFile(new URL(file, outFolder).pathname);
}

/** Writes `.local/seams.png` (simulated drift) and `.local/replies.png` (answers of a learned model). */
export async function writeSheets(): Promise<void> {
  const scenes = await largeScenes();
  const simulated = scenes.map((scene, i) => ({
    crop: withObject(scene.truth, scene.mask, 6),
    edited: simulateModel(scene.truth, fitSize(scene.truth, 1024), drifts.medium, i + 1),
    mask: scene.mask,
  }));
  await sheet(simulated, 'seams.png');
  const replies = (await replyScenes()).map(({ photo, mask, reply }) => ({
    crop: photo,
    edited: reply,
    mask,
  }));
  await sheet(replies, 'replies.png');
}

if (import.meta.main) {
  if (!hasPhotos()) console.log('The photos are not here: nothing to show.');
  else {
    await writeSheets();
    console.log('Before, hard paste, plain feather, mean/std, ours: .local/seams.png and .local/replies.png');
  }
}
