import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { shrinkMaskToBlocks } from '../../../../lib/formats/jpeg/block-mask.ts';
import { proveSplice } from '../../../../lib/formats/jpeg/proof/prove.ts';
import { readJpegStructure } from '../../../../lib/formats/jpeg/scan/structure.ts';
import { fileFacts } from '../../../support/file-facts.ts';
import { decodeJpeg, paste, picture } from '../../../support/jpeg-pictures.ts';
import { photoPairs, readPair } from '../../../support/photos.ts';
import { spliced } from '../../../support/spliced-jpeg.ts';
import { touchedPixels } from '../../../support/touched-pixels.ts';

const photos = photoPairs().filter(({ image }) => image.pathname.endsWith('.jpg'));
if (photos.length === 0) console.info('../shared/photos is not there: no real JPEG is spliced');

/** Megapixels, several times over, on a machine that may be busy. */
const slow = { timeout: 60_000 };

describe.skipIf(photos.length === 0)('a real photo', () => {
  it.each(photos)(
    '$name keeps each pixel outside the touched blocks or outside the mask',
    slow,
    async (pair) => {
      const source = await readFile(pair.image);
      const original = await decodeJpeg(source);
      const { mask } = await readPair(pair);
      const { width, height } = original;
      const whole = { left: 0, top: 0, width, height };
      const inner = shrinkMaskToBlocks(readJpegStructure(source), { box: whole, mask }).mask;
      const edited = picture(width, height, 3, 5);
      for (const painted of [inner, mask]) {
        const after = paste(original, edited, painted);
        const { bytes, structure, touched } = spliced(source, [{ box: whole, before: original, after }]);
        const output = await decodeJpeg(bytes);
        const region = painted === inner ? mask : touchedPixels(structure, touched, whole);
        let [outside, inside] = [0, 0];
        for (let i = 0; i < output.data.length; i++) {
          if (output.data[i] === original.data[i]) continue;
          if (region.data[Math.floor(i / 3)] === 0) outside++;
          else inside++;
        }
        expect(outside).toBe(0);
        expect(inside).toBeGreaterThan(0);
        expect(proveSplice({ source, output: bytes, touched }).holds).toBe(true);
        expect(await fileFacts(bytes)).toEqual(await fileFacts(source));
      }
    },
  );
});
