import sharp from 'sharp';
import { proveSplice } from '../../lib/formats/jpeg/proof/prove.ts';
import { walkJpeg } from '../../lib/formats/jpeg/scan/walk.ts';
import { spliceJpeg } from '../../lib/formats/jpeg/splice/splice.ts';
import type { Raster } from '../../lib/pixels/raster.ts';
import { ellipse, paste } from '../support/jpeg-pictures.ts';
import { markdownTable } from './markdown.ts';
import { edgesOf, mosaic } from './mosaic.ts';

/**
 * Walk, splice and proof of baseline JPEGs beside sharp decoding and encoding the same file: `node
 * test/bench/jpeg.ts [rounds]`. Rounds are interleaved and the fastest of each is printed: the machine may be
 * busy.
 */
const megapixels = [12, 24, 102];
const rounds = Number(process.argv[2] ?? 3);

async function cropOf(
  source: Uint8Array,
  box: { left: number; top: number; width: number; height: number },
): Promise<Raster> {
  const { data, info } = await sharp(source, { limitInputPixels: false })
    .extract(box)
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: 3, data };
}

for (const size of megapixels) {
  const source = await mosaic(size, 'jpeg');
  const { width, height } = edgesOf(size);
  const box = { left: Math.round(width * 0.4), top: Math.round(height * 0.4), width: 1900, height: 1400 };
  const before = await cropOf(source, box);
  // What a model paints is as smooth as the photo: another part of it.
  const elsewhere = await cropOf(source, { ...box, left: box.left + 300, top: box.top + 200 });
  const after = paste(before, elsewhere, ellipse(box));
  let spliced: ReturnType<typeof spliceJpeg> | undefined;
  const stages: Record<string, () => unknown> = {
    walk: () => walkJpeg(source),
    splice: () => {
      spliced = spliceJpeg({ source, patches: [{ box, before, after }] });
    },
    prove: () => {
      if (spliced?.kind !== 'spliced') throw new Error('not spliced');
      const proof = proveSplice({ source, output: spliced.bytes, touched: spliced.touched });
      if (!proof.holds) throw new Error(JSON.stringify(proof));
    },
    'crop + splice': async () => {
      const crop = await cropOf(source, box);
      spliceJpeg({ source, patches: [{ box, before: crop, after }] });
    },
    'floor: sharp decode + encode': () => sharp(source, { limitInputPixels: false }).jpeg().toBuffer(),
    'sharp, optimiseCoding false': () =>
      sharp(source, { limitInputPixels: false }).jpeg({ optimiseCoding: false }).toBuffer(),
  };
  const best: Record<string, number> = {};
  for (let round = 0; round < rounds; round++) {
    for (const [stage, run] of Object.entries(stages)) {
      const start = performance.now();
      await run();
      best[stage] = Math.min(best[stage] ?? Number.POSITIVE_INFINITY, performance.now() - start);
    }
  }
  const megabytes = source.length / 1e6;
  const floor = best['floor: sharp decode + encode']!;
  console.log(`\n### ${size} MP, ${megabytes.toFixed(1)} MB\n`);
  console.log(
    markdownTable(
      ['stage', 'ms', 'MB/s', 'of the floor'],
      Object.entries(best).map(([stage, ms]) => [
        stage,
        ms.toFixed(0),
        (megabytes / (ms / 1000)).toFixed(0),
        (ms / floor).toFixed(2),
      ]),
    ),
  );
}
