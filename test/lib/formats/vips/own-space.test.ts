import { expect, test } from 'vitest';
import { readHeader } from '../../../../lib/formats/vips/header.ts';
import { toOwnColours } from '../../../../lib/formats/vips/own-space.ts';
import { readCrop, readCropAsSrgb } from '../../../../lib/formats/vips/read.ts';
import { withProfile } from '../../../support/format-kinds/pictures.ts';
import { matrixProfile } from '../../../support/icc-profiles.ts';
import { pipelineOf, wavePicture } from '../../../support/pictures.ts';

const limits = { maxImageBytes: 1e7, maxImagePixels: 1e7 };
const box = { left: 0, top: 0, width: 64, height: 48 };

test.each([
  ['with a profile', true],
  ['without one', false],
])('CMYK %s: inks display the requested colour', async (_, hasProfile) => {
  const rgb = pipelineOf(wavePicture(box));
  const inks = hasProfile ? rgb.withIccProfile('cmyk') : rgb.toColourspace('cmyk');
  const bytes = await inks.tiff().toBuffer();
  const header = await readHeader(bytes, limits);
  const crop = await readCrop({ bytes, header }, box);
  const shown = await readCropAsSrgb(crop, header, box);
  const back = await toOwnColours(shown, header);
  expect(back).toMatchObject({ width: 64, height: 48, channels: 4 });
  let worst = 0;
  let sum = 0;
  back.data.forEach((value, i) => {
    const error = Math.abs(value - crop.original.data[i]!);
    worst = Math.max(worst, error);
    sum += error;
  });
  // Converted once with the perceptual intent both are several times larger.
  expect(sum / back.data.length).toBeLessThan(2);
  expect(worst).toBeLessThan(40);
});

test('a linear picture whose profile only mentions sRGB gets a linear answer', async () => {
  const picture = pipelineOf(wavePicture(box));
  const bytes = await withProfile(
    (path) => picture.withIccProfile(path).tiff().toBuffer(),
    matrixProfile('Linear sRGB'),
  );
  const header = await readHeader(bytes, limits);
  expect(Buffer.from(header.icc ?? []).toString('latin1')).toContain('Linear sRGB');
  const crop = await readCrop({ bytes, header }, box);
  const back = await toOwnColours(await readCropAsSrgb(crop, header, box), header);
  let worst = 0;
  back.data.forEach((value, i) => {
    worst = Math.max(worst, Math.abs(value - crop.original.data[i]!));
  });
  expect(worst).toBeLessThanOrEqual(3);
});
