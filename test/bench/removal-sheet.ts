/**
 * Removals to look at: `node test/bench/removal-sheet.ts --into FOLDER --columns BEFORE,NOW` puts the results
 * of two or more runs of `removals.ts` beside each photo, its mask tinted, and beside the answer of a learned
 * model where there is one. With `--pairs SEED` it writes shuffled pairs of the first and the last column
 * without names instead, and the key beside them: for a judge who does not know which is which.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sharp } from '../../lib/formats/vips/loaders.ts';
import { boundingBox, crop, grow } from '../../lib/pixels/box.ts';
import type { Box, Raster } from '../../lib/pixels/raster.ts';
import { fitSize } from '../../lib/pixels/resample.ts';
import { decodedValues } from '../support/decoded-values.ts';
import { type PhotoPair, photoPairs, readPair } from '../support/photos.ts';
import { pipelineOf, random } from '../support/pictures.ts';
import { writeSideBySide } from './side-by-side.ts';

const { values } = parseArgs({
  options: {
    into: { type: 'string', default: '.local/removals' },
    columns: { type: 'string', default: '.local/removals' },
    pairs: { type: 'string' },
  },
});
/** Longer side of a picture on the sheet. */
const shownPx = 640;

async function shown(picture: Raster, view: Box): Promise<Raster> {
  const { width, height, channels, data } = crop(picture, view);
  const size = fitSize({ width, height }, shownPx);
  const { data: bytes, info } = await pipelineOf({ width, height, channels, data })
    .resize(size)
    .flatten({ background: '#fff' })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { ...size, channels: info.channels, data: Uint8Array.from(bytes) };
}

/** The photo with the mask in red, each result, and the learned model's answer. */
async function columnsOf(pair: PhotoPair): Promise<{ readonly photo: Raster; readonly results: Raster[] }> {
  const { before, mask } = await readPair(pair);
  const view = grow(boundingBox(mask)!, Math.round(0.6 * Math.max(mask.width, mask.height)), mask);
  const data = Uint8Array.from(before.data);
  mask.data.forEach((value, p) => {
    if (value > 127) data[p * before.channels] = 255;
  });
  const extension = pair.image.pathname.split('.').at(-1)!;
  const files = values.columns
    .split(',')
    .map((folder) => join(folder, `${pair.name.replaceAll('/', '-')}.${extension}`));
  const results = await Promise.all(
    files.map(async (file) => shown(await decodedValues(await readFile(file)), view)),
  );
  const model = await readFile(new URL(pair.image.href.replace(/\.png$/, '.model.png'))).catch(
    () => undefined,
  );
  if (model !== undefined && pair.image.href.endsWith('.png')) {
    const answer = await sharp(model)
      .resize(before.width, before.height, { fit: 'fill' })
      .removeAlpha()
      .raw()
      .toBuffer();
    const { width, height } = before;
    results.push(await shown({ width, height, channels: 3, data: Uint8Array.from(answer) }, view));
  }
  return { photo: await shown({ ...before, data }, view), results };
}

const key: string[] = [];
const next = random(Number(values.pairs ?? 0));
await mkdir(values.into, { recursive: true });
const pairs = photoPairs()
  .map((pair) => ({ pair, at: values.pairs === undefined ? 0 : next() }))
  .sort((a, b) => a.at - b.at);
for (const [n, { pair }] of pairs.entries()) {
  const { photo, results } = await columnsOf(pair);
  if (values.pairs === undefined) {
    await writeSideBySide(values.into, pair.name, [photo, ...results]);
    continue;
  }
  const isSwapped = next() < 0.5;
  const [former, now] = [results[0]!, results[values.columns.split(',').length - 1]!];
  await writeSideBySide(values.into, `${n + 1}`, [photo, ...(isSwapped ? [now, former] : [former, now])]);
  key.push(`${n + 1} ${pair.name} ${isSwapped ? 'now,former' : 'former,now'}`);
}
if (key.length > 0) await writeFile(join(values.into, '..', 'key.txt'), `${key.join('\n')}\n`);
