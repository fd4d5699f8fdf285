/**
 * What the tables of the quality part mean to the eye: the edge of a mask at 200 % after simulated drift.
 * `npm run bench -- --only sheet` writes `docs/images/seams.png` from a scene made by code; where the photos
 * are at hand also `.local/seams.png` (the same of them) and `.local/replies.png` (answers of a learned
 * model).
 */
import { mkdir } from 'node:fs/promises';
import { sharp } from '../../lib/formats/vips/loaders.ts';
import { boundingBox, crop as cut } from '../../lib/pixels/box.ts';
import type { Box, Mask, Raster, Size } from '../../lib/pixels/raster.ts';
import { fitSize } from '../../lib/pixels/resample.ts';
import { hasPhotos } from '../support/photos.ts';
import { scenery } from '../support/scenery.ts';
import { type DriftName, drifts, simulateModel } from './drift.ts';
import { type Job, type Method, methods, withPatch } from './quality-methods.ts';
import { ellipseMask, largeScenes, replyScenes, type Scene, withObject } from './quality-scenes.ts';

/** One row of a sheet. */
interface Row {
  readonly job: Job;
  /** The part that is shown. */
  readonly view: Box;
}

const zoom = 2;
const gapPx = 6;
const frameSidePx = 1024;
/** The old object ends so many px inside the mask. */
const marginPx = 6;

const localFolder = new URL('../../.local/', import.meta.url);
const imagesFolder = new URL('../../docs/images/', import.meta.url);

/** The scene of the sheet in `docs/`. */
const size: Size = { width: 1500, height: 1125 };
const ellipse = { x: 0.5, y: 0.46, rx: 0.2, ry: 0.24 };
/** The left edge of the mask: sky, the line of a roof and boards. */
const view: Box = { left: 438, top: 340, width: 128, height: 128 };

async function writeSheets(): Promise<void> {
  const scene: Scene = {
    name: 'scenery',
    truth: scenery(size),
    mask: ellipseMask(size.width, size.height, ellipse),
  };
  const rows = (Object.keys(drifts) as DriftName[]).map((drift) => ({
    job: disturbed(scene, drift, 1),
    view,
  }));
  const bytes = await writeSheet(rows, new URL('seams.png', imagesFolder));
  console.log(
    '![The edge of a mask before and after, with hard paste, plain feather, mean and deviation, and ours](images/seams.png)\n\n' +
      'The left edge of the mask in a scene made by code, at 200 %; a dark object that ends 6 px inside the mask is to go. The simulated\n' +
      'model gives the picture back moved, in other light, softer and noisier: mildly, medium, strongly.',
  );
  console.error(`Wrote docs/images/seams.png, ${Math.round(bytes / 1000)} kB.`);
  if (!hasPhotos()) return;
  const scenes = await largeScenes();
  await writeSheet(
    scenes.map((one, n) => ({
      job: disturbed(one, 'medium', n + 1),
      view: viewOf(one.mask),
    })),
    new URL('seams.png', localFolder),
  );
  const replies = await replyScenes();
  await writeSheet(
    replies.map(({ photo, mask, reply }) => ({
      job: { crop: photo, edited: reply, mask },
      view: viewOf(mask),
    })),
    new URL('replies.png', localFolder),
  );
  console.error('Wrote .local/seams.png and .local/replies.png from the photos.');
}

function disturbed({ truth, mask }: Scene, drift: DriftName, seed: number): Job {
  const edited = simulateModel(truth, fitSize(truth, frameSidePx), drifts[drift], seed);
  return { crop: withObject(truth, mask, marginPx), edited, mask };
}

/** Around the middle of the mask's left edge, or right edge where it begins at the border. */
function viewOf(mask: Mask): Box {
  const { left, top, width, height } = boundingBox(mask)!;
  const side = Math.min(240, mask.width, mask.height);
  const clamp = (at: number, limit: number) => Math.min(Math.max(0, Math.round(at)), limit - side);
  return {
    left: clamp((left > 4 ? left : left + width) - side / 2, mask.width),
    top: clamp(top + height / 2 - side / 2, mask.height),
    width: side,
    height: side,
  };
}

/** Before, then each method, side by side; one row for each job. @returns bytes written. */
async function writeSheet(rows: readonly Row[], file: URL): Promise<number> {
  const cell = {
    width: Math.max(...rows.map(({ view: { width } }) => width)) * zoom + gapPx,
    height: Math.max(...rows.map(({ view: { height } }) => height)) * zoom + gapPx,
  };
  const tiles: { input: Buffer; left: number; top: number }[] = [];
  for (const [n, { job, view: part }] of rows.entries()) {
    const after = Object.values<Method>(methods).map((method) => withPatch(job.crop, method(job)));
    for (const [column, picture] of [job.crop, ...after].entries()) {
      const at = { left: column * cell.width + gapPx, top: n * cell.height + gapPx };
      tiles.push({ input: await enlarged(cut(picture, part)), ...at });
    }
  }
  const columns = Object.keys(methods).length + 1;
  await mkdir(new URL('.', file), { recursive: true });
  const { size: bytes } = await sharp({
    create: {
      width: columns * cell.width + gapPx,
      height: rows.length * cell.height + gapPx,
      channels: 3,
      background: 'white',
    },
  })
    .composite(tiles)
    .png({ compressionLevel: 9, adaptiveFiltering: true })
    .toFile(file.pathname);
  return bytes;
}

function enlarged({ width, height, channels, data }: Raster): Promise<Buffer> {
  return sharp(data, { raw: { width, height, channels: channels as 3 } })
    .resize(width * zoom, height * zoom, { kernel: 'nearest' })
    .png()
    .toBuffer();
}

if (import.meta.main) await writeSheets();
