import { expect, test } from 'vitest';
import { engineCodec, shrinkImage } from '../../../../lib/formats/vips/engine-codec.ts';
import { sharp } from '../../../../lib/formats/vips/loaders.ts';
import { noisePicture, pipelineOf, wavePicture } from '../../../support/pictures.ts';

const size = { width: 120, height: 90 };

test('crops are sent as PNG, exactly', async () => {
  const picture = noisePicture({ ...size, channels: 3, depth: 8 });
  const { bytes, mediaType } = await engineCodec.encode(picture);
  expect(mediaType).toBe('image/png');
  expect([...(await sharp(bytes).raw().toBuffer())]).toEqual([...picture.data]);
});

test('crops are sent as JPEG where the API limits the size', async () => {
  const { bytes, mediaType } = await engineCodec.encode(noisePicture({ ...size, channels: 3, depth: 8 }), {
    maxBytes: 20_000,
  });
  expect({ mediaType, fits: bytes.length <= 20_000 }).toEqual({ mediaType: 'image/jpeg', fits: true });
});

test('an uploaded picture is shrunk in the same way', async () => {
  const png = { bytes: await pipelineOf(wavePicture(size)).png().toBuffer(), mediaType: 'image/png' };
  const limits = { maxImageBytes: 1e6, maxImagePixels: size.width * size.height };
  const { bytes, mediaType } = await shrinkImage(png, 10_000, limits);
  expect({ mediaType, fits: bytes.length <= 10_000 }).toEqual({ mediaType: 'image/jpeg', fits: true });
  expect(await sharp(bytes).metadata()).toMatchObject(size);
  await expect(
    shrinkImage(png, 10_000, { ...limits, maxImagePixels: limits.maxImagePixels - 1 }),
  ).rejects.toMatchObject({ code: 'IMAGE_TOO_MANY_PIXELS' });
});
