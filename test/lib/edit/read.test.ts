import { expect, test } from 'vitest';
import { readMask, readPhoto } from '../../../lib/edit/read.ts';
import { sharp } from '../../../lib/formats/vips/loaders.ts';
import { boxMask, maskPng, pipelineOf, wavePicture } from '../../support/pictures.ts';

const size = { width: 160, height: 120 };
const limits = { maxImageBytes: 1e7, maxImagePixels: 1e7 };
/** On no edge of a block, where lossy codecs ring most. */
const box = { left: 51, top: 43, width: 37, height: 29 };
const warning = 'The mask is lossy: values near black and white were set to black and white. PNG is exact.';

const photo = await readPhoto(await pipelineOf(wavePicture(size)).png().toBuffer(), limits);
const request = { maskMode: 'user', polarity: 'white' } as const;
const mask = sharp(await maskPng(boxMask(size, box)));
const softMask = boxMask(size, box, 20);
const soft = sharp(await maskPng(softMask));
const read = (bytes: Uint8Array) => readMask({ mask: bytes, request }, photo, limits);

test.each([
  ['JPEG', () => mask.clone().jpeg({ quality: 80 })],
  ['WebP', () => mask.clone().webp({ quality: 80 })],
  ['TIFF with JPEG inside', () => mask.clone().tiff({ compression: 'jpeg', quality: 80 })],
])('a mask encoded as lossy %s selects the same box, without noise around it', async (_, encode) => {
  const bytes = await encode().toBuffer();
  expect(new Set(await sharp(bytes).raw().toBuffer()).size, 'values in the file').toBeGreaterThan(2);
  const given = await read(bytes);
  expect(given!.mask.box).toEqual(box);
  expect(new Set(given!.mask.mask.data)).toEqual(new Set([255]));
  expect(given!.warnings).toContain(warning);
});

test.each([
  ['lossless WebP', () => soft.clone().webp({ lossless: true })],
  ['lossless TIFF', () => soft.clone().tiff({ compression: 'lzw' })],
  [
    'the alpha of a lossy WebP',
    () =>
      sharp({ create: { ...size, channels: 3, background: '#000' } })
        .joinChannel(Buffer.from(softMask.data), { raw: { ...size, channels: 1 } })
        .webp({ quality: 50 }),
  ],
])('faint values of a mask in %s are kept', async (_, encode) => {
  const given = await read(await encode().toBuffer());
  expect(given!.mask.box).toEqual(box);
  expect(new Set(given!.mask.mask.data)).toEqual(new Set([20]));
  expect(given!.warnings).not.toContain(warning);
});
