/**
 * What the tables of the quality part mean to the eye: the edge of a mask at 200 % after simulated drift.
 * `npm run bench -- --only sheet` writes `docs/images/seams.png` from a scene made by code.
 */
import { sharp } from '../../lib/formats/vips/loaders.ts';
import { crop as cut } from '../../lib/pixels/box.ts';
import type { Box, Raster, Size } from '../../lib/pixels/raster.ts';
import { fitSize } from '../../lib/pixels/resample.ts';
import { scenery } from '../support/scenery.ts';
import { type DriftName, drifts, simulateModel } from './drift.ts';
import { type Job, type Method, methods, withPatch } from './quality-methods.ts';
import { ellipseMask, withObject } from './quality-scenes.ts';

const zoom = 2;
const gapPx = 6;
const frameSidePx = 1024;
/** The old object ends so many px inside the mask. */
const marginPx = 6;

const file = new URL('../../docs/images/seams.png', import.meta.url);

const size: Size = { width: 1500, height: 1125 };
const ellipse = { x: 0.5, y: 0.46, rx: 0.2, ry: 0.24 };
/** The left edge of the mask: sky, the line of a roof and boards. */
const view: Box = { left: 438, top: 340, width: 128, height: 128 };

async function writeSheet(): Promise<void> {
  const truth = scenery(size);
  const mask = ellipseMask(size.width, size.height, ellipse);
  const jobs = (Object.keys(drifts) as DriftName[]).map((drift) => ({
    crop: withObject(truth, mask, marginPx),
    edited: simulateModel(truth, fitSize(truth, frameSidePx), drifts[drift], 1),
    mask,
  }));
  const bytes = await writeRows(jobs);
  console.log(
    '![The edge of a mask before and after, with hard paste, plain feather, mean and deviation, and ours](images/seams.png)\n\n' +
      'The left edge of the mask in a scene made by code, at 200 %; a dark object that ends 6 px inside the mask is to go. The simulated\n' +
      'model gives the picture back moved, in other light, softer and noisier: mildly, medium, strongly.',
  );
  console.error(`Wrote docs/images/seams.png, ${Math.round(bytes / 1000)} kB.`);
}

/** Before, then each method, side by side; one row for each job. @returns bytes written. */
async function writeRows(jobs: readonly Job[]): Promise<number> {
  const cell = { width: view.width * zoom + gapPx, height: view.height * zoom + gapPx };
  const tiles: { input: Buffer; left: number; top: number }[] = [];
  for (const [n, job] of jobs.entries()) {
    const after = Object.values<Method>(methods).map((method) => withPatch(job.crop, method(job)));
    for (const [column, picture] of [job.crop, ...after].entries()) {
      const at = { left: column * cell.width + gapPx, top: n * cell.height + gapPx };
      tiles.push({ input: await enlarged(cut(picture, view)), ...at });
    }
  }
  const columns = Object.keys(methods).length + 1;
  const { size: bytes } = await sharp({
    create: {
      width: columns * cell.width + gapPx,
      height: jobs.length * cell.height + gapPx,
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

await writeSheet();
