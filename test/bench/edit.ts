/**
 * The whole edit without a model beside the floor, sharp decoding and encoding the same file:
 * `node test/bench/edit.ts [megapixels ...]`, 12 and 24 by default. In turn, so that both see the same machine; the
 * smallest of each counts. Stages are the last edit's own.
 */

import { editor } from '../../lib/edit.ts';
import { sharp } from '../../lib/image/codec/loaders.ts';
import { parseRequest } from '../../lib/request.ts';
import { greyPaint, paintEngine } from '../support/engines.ts';
import { boxMask, maskPng } from '../support/pictures.ts';
import { edgesOf, mosaic } from './mosaic.ts';

const rounds = 5;
const { engine } = paintEngine(greyPaint);
const edit = editor({
  engine,
  limits: { maxImageBytes: 1e9, maxImagePixels: 2.6e8 },
  defaults: { featherPx: 32, dilationPx: 0, modelDilation: 0.01, maxRegions: 4 },
});

const asked = process.argv.slice(2).map(Number);
for (const megapixels of asked.length > 0 ? asked : [12, 24]) {
  for (const format of ['jpeg', 'png'] as const) await compare(megapixels, format);
}

async function compare(megapixels: number, format: 'jpeg' | 'png'): Promise<void> {
  const image = await mosaic(megapixels, format);
  const size = edgesOf(megapixels);
  const side = 1000;
  const mask = await maskPng(
    boxMask(size, { left: size.width / 2, top: size.height / 2, width: side, height: side }),
  );
  const floors: number[] = [];
  const edits: number[] = [];
  let stages = {};
  for (let round = 0; round < rounds; round++) {
    floors.push(await timed(() => sharp(image, { limitInputPixels: false }).toFormat(format).toBuffer()));
    edits.push(
      await timed(async () => {
        const { report } = await edit(
          { image, mask, request: parseRequest({}) },
          AbortSignal.timeout(600_000),
        );
        stages = report.timingsMs;
      }),
    );
  }
  const [floor, whole] = [Math.min(...floors), Math.min(...edits)];
  const peakMb = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(
    `${megapixels} MP ${format}: floor ${floor.toFixed(0)} ms, edit ${whole.toFixed(0)} ms, ratio ${(whole / floor).toFixed(2)}, ` +
      `process peak ${peakMb} MB, stages ${JSON.stringify(stages)}`,
  );
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
