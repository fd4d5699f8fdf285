import { expect, test } from 'vitest';
import { previewOf } from '../../../../lib/formats/vips/preview.ts';
import { noisePicture, pipelineOf } from '../../../support/pictures.ts';

const limits = { maxImageBytes: 1e7, maxImagePixels: 1e7 };
const size = { width: 60, height: 40 };
const pixels = size.width * size.height;
const picture = () => pipelineOf(noisePicture({ ...size, channels: 3, depth: 8 }));

test.each([
  ['a progressive JPEG', () => picture().jpeg({ progressive: true, chromaSubsampling: '4:4:4' }), 6],
  ['one with half the colours each way', () => picture().jpeg({ progressive: true }), 4],
  ['an interlaced PNG', () => picture().png({ progressive: true }), 3],
  ['a turned PNG', () => picture().withMetadata({ orientation: 6 }).png(), 3],
  ['a WebP', () => picture().webp(), 4],
])('%s is refused where it does not fit, before it is decoded', async (_, make, bytesEach) => {
  const file = await make().toBuffer();
  const look = (maxHeldBytes: number) => previewOf(file, 20, { ...limits, maxHeldBytes });
  await expect(look(bytesEach * pixels - 1)).rejects.toMatchObject({ code: 'PREVIEW_TOO_LARGE' });
  expect((await look(bytesEach * pixels)).length).toBeGreaterThan(0);
});

test.each([
  ['a plain JPEG', () => picture().jpeg()],
  ['a plain PNG', () => picture().png()],
  ['a turned JPEG', () => picture().withMetadata({ orientation: 6 }).jpeg()],
  ['a TIFF', () => picture().tiff()],
])('%s is read by rows: any size fits', async (_, make) => {
  const preview = await previewOf(await make().toBuffer(), 20, { ...limits, maxHeldBytes: 0 });
  expect(preview.length).toBeGreaterThan(0);
});
