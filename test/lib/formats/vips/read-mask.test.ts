import { describe, expect, test } from 'vitest';
import { decodeMask } from '../../../../lib/formats/vips/read-mask.ts';
import { wholeMask } from '../../../../lib/pixels/boxed-mask.ts';
import { type Orientation, toStored } from '../../../../lib/pixels/orientation.ts';
import type { Raster, Size } from '../../../../lib/pixels/raster.ts';
import { boxMask, maskPng, pipelineOf } from '../../../support/pictures.ts';

const size = { width: 40, height: 30 };
const box = { left: 10, top: 5, width: 12, height: 9 };
const limits = { maxImageBytes: 1e6, maxImagePixels: 1e6 };
const expected = boxMask(size, box);
/** A photo of this size as displayed. */
const photoOf = (displayed: Size, orientation: Orientation = 1) => {
  const stored = orientation >= 5 ? { width: displayed.height, height: displayed.width } : displayed;
  return { bytes: new Uint8Array(), header: { displayed, stored, orientation } };
};
const decode = async (bytes: Uint8Array, photo = photoOf(size)) => {
  const decoded = await decodeMask(bytes, { photo, limits, isGuessed: true });
  return { ...decoded, mask: wholeMask(decoded.mask) };
};

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
    '16 bit PNG of labels 0 and 255': () =>
      pipelineOf({ ...expected, data: Uint16Array.from(expected.data) })
        .png()
        .toBuffer(),
    '16 bit PNG': () =>
      pipelineOf({ ...expected, data: Uint16Array.from(expected.data, (value) => value * 257) })
        .png()
        .toBuffer(),
    GIF: () => pipelineOf(expected).gif().toBuffer(),
    'lossless WebP': () =>
      pipelineOf(painted(3, (on) => [white(on), white(on), white(on)]))
        .webp({ lossless: true })
        .toBuffer(),
  };
  test.each(Object.entries(files))('%s', async (_, encode) => {
    expect([...(await decode(await encode())).mask.data]).toEqual([...expected.data]);
  });
});

test('a mask of another aspect is refused, with a hint when it is rotated', async () => {
  const bytes = await maskPng(expected);
  await expect(decode(bytes, photoOf({ width: 40, height: 40 }))).rejects.toMatchObject({
    code: 'MASK_SIZE_MISMATCH',
    message: 'Expected a mask of 40 x 40 or the same aspect, got 40 x 30',
  });
  await expect(decode(bytes, photoOf({ width: 30, height: 40 }))).rejects.toMatchObject({
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
  await expect(decode(half, photoOf({ width: 300, height: 300 }))).rejects.toMatchObject({
    code: 'MASK_UNREADABLE',
  });
});

describe('a mask of a photo that is stored turned', () => {
  test.each([5, 6, 7, 8] as const)(
    'orientation %i: the size tells that it was painted as stored',
    async (o) => {
      const stored = await maskPng(toStored(expected, o));
      const { mask, warnings } = await decode(stored, photoOf(size, o));
      expect(mask).toEqual(expected);
      expect(warnings).toEqual([expect.stringContaining('turned like the photo')]);
      expect((await decode(await maskPng(expected), photoOf(size, o))).warnings).toEqual([]);
    },
  );

  test.each([2, 3, 4] as const)('orientation %i: it is taken as displayed, with a warning', async (o) => {
    const { mask, warnings } = await decode(await maskPng(expected), photoOf(size, o));
    expect(mask).toEqual(expected);
    expect(warnings).toEqual([expect.stringContaining('as displayed')]);
  });

  test('a mask with an orientation of its own is turned by that, without a warning', async () => {
    const tagged = await pipelineOf(toStored(expected, 3)).withMetadata({ orientation: 3 }).png().toBuffer();
    const { mask, warnings } = await decode(tagged, photoOf(size, 3));
    expect({ mask, warnings }).toEqual({ mask: expected, warnings: [] });
  });
});

test('a file that is no mask is refused as a mask', async () => {
  const psd = new TextEncoder().encode(`8BPS${' '.repeat(99)}`);
  await expect(decode(psd)).rejects.toMatchObject({
    code: 'MASK_UNREADABLE',
    message: expect.stringMatching(/a mask to be .* PSD/),
  });
});
