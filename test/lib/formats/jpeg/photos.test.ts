import { existsSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { shrinkMaskToBlocks } from '../../../../lib/formats/jpeg/block-mask.ts';
import { proveSplice } from '../../../../lib/formats/jpeg/proof/prove.ts';
import { readJpegStructure } from '../../../../lib/formats/jpeg/scan/structure.ts';
import { spliceJpeg } from '../../../../lib/formats/jpeg/splice/splice.ts';
import type { Mask, Raster } from '../../../../lib/pixels/raster.ts';
import { crop, paste, picture } from '../../../support/jpeg-pictures.ts';
import { touchedPixels } from '../../../support/touched-pixels.ts';

const photos = process.env['PHOTOS'] ?? new URL('../../../../../shared/photos', import.meta.url).pathname;
const folder = pathToFileURL(`${photos}/large/`);
const names = ['evening-glow', 'one-stands-out'].filter((name) => existsSync(new URL(`${name}.jpg`, folder)));
if (names.length === 0) console.info('../shared/photos is not there: no real JPEG is spliced');

/** Bits as libjpeg decodes them: no profile is applied. */
async function decode(bytes: Uint8Array): Promise<Raster> {
  const image = sharp(bytes, { failOn: 'warning' }).pipelineColourspace('srgb').toColourspace('srgb');
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: info.channels, data };
}

describe('a real photo', () => {
  it.each(names.length > 0 ? names : ['(absent)'])(
    '%s keeps each pixel outside the touched blocks, and each outside the mask where whole blocks of it are painted',
    async (name) => {
      if (name === '(absent)') return;
      const source = readFileSync(new URL(`${name}.jpg`, folder));
      const original = await decode(source);
      const maskFile = sharp(readFileSync(new URL(`${name}.mask.png`, folder)))
        .removeAlpha()
        .toColourspace('b-w')
        .threshold(128);
      const data = await maskFile.extractChannel(0).raw().toBuffer();
      const whole = { left: 0, top: 0, width: original.width, height: original.height };
      const mask: Mask = { width: original.width, height: original.height, channels: 1, data };
      const inner = shrinkMaskToBlocks(readJpegStructure(source), { box: whole, mask }).mask;
      const edited = picture(original.width, original.height, 3, 5);
      for (const isWhole of [true, false]) {
        const after = paste(original, edited, isWhole ? inner : mask);
        const result = spliceJpeg({ source, patches: [{ box: whole, before: original, after }] });
        if (result.kind !== 'spliced') throw new Error(result.reason);
        const output = await decode(result.bytes);
        const region = isWhole ? mask : touchedPixels(result.structure, result.touched, whole);
        let outside = 0;
        for (let i = 0; i < output.data.length; i++) {
          if (output.data[i] !== original.data[i] && region.data[Math.floor(i / 3)] === 0) outside++;
        }
        expect(outside).toBe(0);
        expect(crop(output, whole).data).not.toEqual(original.data);
        expect(proveSplice({ source, output: result.bytes, touched: result.touched })).toMatchObject({
          holds: true,
          metadataEqual: true,
        });
      }
    },
  );
});
