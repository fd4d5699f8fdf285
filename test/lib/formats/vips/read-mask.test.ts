import { describe, expect, test } from 'vitest';
import { decodeMask } from '../../../../lib/formats/vips/read-mask.ts';
import type { Mask, Raster } from '../../../../lib/pixels/raster.ts';
import { boxMask, maskPng, pipelineOf } from '../../../support/pictures.ts';

const size = { width: 40, height: 30 };
const box = { left: 10, top: 5, width: 12, height: 9 };
const limits = { maxImageBytes: 1e6, maxImagePixels: 1e6 };
const expected = boxMask(size, box);
const decode = (bytes: Uint8Array, pictureSize = size) => decodeMask(bytes, { pictureSize, limits });

function painted(channels: number, colour: (isInside: boolean) => readonly number[]): Raster {
  const data = new Uint8Array(40 * 30 * channels);
  expected.data.forEach((value, p) => {
    data.set(colour(value > 0), p * channels);
  });
  return { ...size, channels, data };
}

describe('white is edited in every kind of file', () => {
  const white = (isInside: boolean) => (isInside ? 255 : 0);
  const files = {
    'grey PNG': () => maskPng(expected),
    'RGB PNG': () =>
      pipelineOf(painted(3, (on) => [white(on), white(on), white(on)]))
        .png()
        .toBuffer(),
    'palette PNG': () => pipelineOf(expected).png({ palette: true, colours: 2 }).toBuffer(),
    '1 bit PNG': () =>
      pipelineOf(expected)
        .png({ palette: true, colours: 2, bitdepth: 1 } as object)
        .toBuffer(),
    'opaque RGBA PNG': () =>
      pipelineOf(painted(4, (on) => [white(on), white(on), white(on), 255]))
        .png()
        .toBuffer(),
    'alpha only': () =>
      pipelineOf(painted(4, (on) => [200, 30, 30, white(on)]))
        .png()
        .toBuffer(),
    'lossless WebP': () =>
      pipelineOf(painted(3, (on) => [white(on), white(on), white(on)]))
        .webp({ lossless: true })
        .toBuffer(),
  };
  test.each(Object.entries(files))('%s', async (_, encode) => {
    expect([...(await decode(await encode())).mask.data]).toEqual([...expected.data]);
  });
});

describe('a mask exported at another scale', () => {
  const halves = (width: number, height: number): Mask => ({
    width,
    height,
    channels: 1,
    data: Uint8Array.from({ length: width * height }, (_, i) => (i % width < width / 2 ? 0 : 255)),
  });

  test.each([
    ['smaller', { width: 10, height: 6 }, { width: 80, height: 48 }],
    ['larger', { width: 80, height: 48 }, { width: 10, height: 6 }],
  ])('that is %s keeps its edges in place', async (_, own, picture) => {
    const bytes = await maskPng(halves(own.width, own.height));
    const { mask, isResized } = await decodeMask(bytes, { pictureSize: picture, limits });
    expect(isResized).toBe(true);
    expect(mask).toMatchObject(picture);
    const row = [...mask.data.subarray(0, picture.width)];
    expect(row).toEqual(row.map((value) => 255 - value).toReversed());
    expect(row.filter((value) => value > 127)).toHaveLength(picture.width / 2);
    expect(row[0]).toBe(0);
  });
});

test('a mask of another aspect is refused, with a hint when it is rotated', async () => {
  const bytes = await maskPng(expected);
  await expect(decode(bytes, { width: 40, height: 40 })).rejects.toMatchObject({
    code: 'MASK_SIZE_MISMATCH',
    message: 'Expected a mask of 40 x 40 or the same aspect, got 40 x 30',
  });
  await expect(decode(bytes, { width: 30, height: 40 })).rejects.toMatchObject({
    message: expect.stringContaining('on its side'),
  });
});

test('a truncated mask is refused', async () => {
  const bytes = await pipelineOf({
    width: 300,
    height: 300,
    channels: 1,
    data: new Uint8Array(90_000).map((_, i) => (i * 7919) % 251),
  })
    .png()
    .toBuffer();
  const half = bytes.subarray(0, bytes.length / 2);
  await expect(decode(half, { width: 300, height: 300 })).rejects.toMatchObject({ code: 'MASK_UNREADABLE' });
});
