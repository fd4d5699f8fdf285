import { existsSync, readdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { proveSplice } from '../../lib/image/jpeg/prove.ts';
import { holdsMcu, openWindow, slide } from '../../lib/image/jpeg/scan-window.ts';
import { spliceJpeg } from '../../lib/image/jpeg/splice.ts';
import { readJpegStructure } from '../../lib/image/jpeg/structure.ts';
import { scanTables, skipMcus } from '../../lib/image/jpeg/walk.ts';
import type { Raster } from '../../lib/image/raster.ts';
import { ellipse, paste, picture } from '../support/jpeg-pictures.ts';

/**
 * Walk, splice and proof of baseline JPEGs beside sharp decoding and encoding the same file: `node test/bench/jpeg.ts [rounds]`.
 * Rounds are interleaved and the fastest of each is printed: the machine may be busy.
 */
const sizes = [
  { name: '12 MP', width: 4000, height: 3000 },
  { name: '24 MP', width: 6000, height: 4000 },
  { name: '102 MP', width: 11648, height: 8736 },
];
const rounds = Number(process.argv[2] ?? 3);
/** Beside the repository and not part of it; `PHOTOS` names another folder. */
const photosRoot = process.env['PHOTOS'] ?? new URL('../../../shared/photos', import.meta.url).pathname;
const photos = pathToFileURL(`${photosRoot}/large/`);

/** A wall of photos, or of made-up pictures where there are none. */
async function mosaic(width: number, height: number): Promise<Uint8Array> {
  const names = existsSync(photos)
    ? readdirSync(photos).filter((name) => /^(?!.*mask).*\.(jpe?g|png)$/i.test(name))
    : [];
  const side = 1456;
  const tiles = await Promise.all(
    names.map((name) =>
      sharp(new URL(name, photos).pathname)
        .resize(side, side, { fit: 'cover' })
        .removeAlpha()
        .raw()
        .toBuffer(),
    ),
  );
  if (tiles.length === 0) tiles.push(Buffer.from(picture(side, side, 3).data));
  const input = [];
  for (let top = 0, i = 0; top < height; top += side) {
    for (let left = 0; left < width; left += side) {
      const w = Math.min(side, width - left);
      const h = Math.min(side, height - top);
      const tile = sharp(tiles[i++ % tiles.length]!, { raw: { width: side, height: side, channels: 3 } });
      input.push({
        input: await tile
          .extract({ left: 0, top: 0, width: w, height: h })
          .png({ compressionLevel: 0 })
          .toBuffer(),
        left,
        top,
      });
    }
  }
  const wall = sharp({
    create: { width, height, channels: 3, background: '#777' },
    limitInputPixels: false,
  }).composite(input);
  return wall.jpeg({ quality: 90, optimiseCoding: false }).toBuffer();
}

function walk(source: Uint8Array): void {
  const structure = readJpegStructure(source);
  const scan = structure.scans[0]!;
  const tables = scanTables(structure, scan);
  const window = openWindow(source, scan.dataOffset, scan.dataEnd);
  const total = structure.mcusWide * structure.mcusHigh;
  for (let mcu = 0; mcu < total; ) {
    mcu += skipMcus(window, tables, total - mcu);
    if (!holdsMcu(window)) slide(window);
  }
}

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

for (const { name, width, height } of sizes) {
  const source = await mosaic(width, height);
  const box = { left: Math.round(width * 0.4), top: Math.round(height * 0.4), width: 1900, height: 1400 };
  const before = await cropOf(source, box);
  // What a model paints is as smooth as the photo: another part of it.
  const elsewhere = await cropOf(source, { ...box, left: box.left + 300, top: box.top + 200 });
  const after = paste(before, elsewhere, ellipse(box));
  let spliced: ReturnType<typeof spliceJpeg> | undefined;
  const stages: Record<string, () => unknown> = {
    walk: () => walk(source),
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
  console.log(`${name}, ${megabytes.toFixed(1)} MB`);
  const floor = best['floor: sharp decode + encode']!;
  for (const [stage, ms] of Object.entries(best)) {
    const rate = (megabytes / (ms / 1000)).toFixed(0);
    console.log(
      `  ${stage.padEnd(30)} ${ms.toFixed(0).padStart(6)} ms ${rate.padStart(5)} MB/s  ${(ms / floor).toFixed(2)} of the floor`,
    );
  }
}
