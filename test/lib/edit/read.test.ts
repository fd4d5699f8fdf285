import type { Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { type MaskTrust, readMask, readPhoto } from '../../../lib/edit/read.ts';
import { sharp } from '../../../lib/formats/vips/loaders.ts';
import { maskWithin } from '../../../lib/pixels/boxed-mask.ts';
import type { Mask } from '../../../lib/pixels/raster.ts';
import { boxMask, maskPng, noisePicture, pipelineOf, wavePicture } from '../../support/pictures.ts';

const size = { width: 160, height: 120 };
const limits = { maxImageBytes: 1e7, maxImagePixels: 1e7 };
/** On no edge of a block, where lossy codecs ring most. */
const box = { left: 51, top: 43, width: 37, height: 29 };
const warning = 'The mask is lossy: values near black and white were set to black and white. PNG is exact.';

const photo = await readPhoto(await pipelineOf(wavePicture(size)).png().toBuffer(), limits);
const request = { maskMode: 'user', polarity: 'white', mode: 'removal' } as const;
const mask = sharp(await maskPng(boxMask(size, box)));
/** Values 20 to 56 from left to right. */
const softMask = boxMask(size, box, 20);
softMask.data.forEach((value, p) => {
  if (value > 0) softMask.data[p] = 20 + (p % size.width) - box.left;
});
const soft = sharp(await maskPng(softMask));
const read = (bytes: Uint8Array, trust: MaskTrust = {}) =>
  readMask({ mask: bytes, request, ...trust }, photo, limits);

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
  expect(Math.max(...given!.mask.mask.data)).toBe(20 + box.width - 1);
  expect(given!.warnings).not.toContain(warning);
});

describe('a mask with a transparent part', () => {
  const { bytes: photoBytes } = photo;
  /** The colours of a picture, with an alpha of 0 in the box, or outside of it. */
  const withAlpha = async (colours: Sharp, isHole: boolean) => {
    const alpha = boxMask(size, box).data.map((value) => (isHole ? 255 - value : value));
    const raw = { ...size, channels: 1 } as const;
    return colours.joinChannel(Buffer.from(alpha), { raw }).png().toBuffer();
  };
  const flat = (background: string) => sharp({ create: { ...size, channels: 3, background } });
  const told = expect.stringContaining('transparent');

  test.each([
    ['the photo with a hole', () => sharp(photoBytes)],
    ['the photo as a JPEG with a hole', async () => sharp(await sharp(photoBytes).jpeg().toBuffer())],
    ['another picture with a hole', () => pipelineOf(noisePicture({ ...size, channels: 3, depth: 8 }))],
    ['black with a hole', () => flat('#000')],
    ['red with a hole', () => flat('#c00')],
  ] as const)('%s: the hole is edited', async (_, colours) => {
    const file = await withAlpha(await colours(), true);
    const given = await read(file);
    expect(given).toMatchObject({ mask: { box }, warnings: [told] });
    expect(new Set(given!.mask.mask.data)).toEqual(new Set([255]));
    const asPainted = await read(file, { isPolarityGiven: true });
    expect(asPainted!.warnings).not.toContainEqual(told);
    expect(asPainted!.coverage).toBeGreaterThan(0.9);
  });

  test.each([
    ['white paint on a transparent layer', () => flat('#fff')],
    ['black paint on a transparent layer', () => flat('#000')],
  ] as const)('%s: the paint is edited', async (_, colours) => {
    const given = await read(await withAlpha(colours(), false));
    expect(given).toMatchObject({ mask: { box }, warnings: [] });
  });

  test('a grey photo with a hole, in which most is transparent: the hole is edited', async () => {
    const grey = await sharp(photoBytes).greyscale().png().toBuffer();
    const file = await withAlpha(sharp(grey).toColourspace('srgb'), false);
    const given = await readMask({ mask: file, request }, await readPhoto(grey, limits), limits);
    expect(given!.warnings).toContainEqual(told);
    expect(given!.coverage).toBeCloseTo(1 - (box.width * box.height) / (size.width * size.height));
  });

  test('black and white with a transparent part: white is edited', async () => {
    const painted = pipelineOf(boxMask(size, { left: 4, top: 4, width: 20, height: 20 })).toColourspace(
      'srgb',
    );
    const given = await read(await withAlpha(sharp(await painted.png().toBuffer()), true));
    expect(given!.mask.box).toEqual({ left: 4, top: 4, width: 20, height: 20 });
  });
});

describe('a mask that selects most of the picture', () => {
  const most = { left: 0, top: 0, width: 160, height: 102 };
  const refuses = { refusesSuspicious: true };

  test('is refused where nobody looks, with its coverage', async () => {
    await expect(read(await maskPng(boxMask(size, most)), refuses)).rejects.toMatchObject({
      code: 'MASK_SUSPICIOUS',
      message: expect.stringContaining('got 85 %'),
    });
  });

  test('is taken with a warning otherwise, when its polarity is given, and to insert something', async () => {
    const mask = await maskPng(boxMask(size, most));
    const insertion = { mask, request: { ...request, mode: 'insertion' }, ...refuses } as const;
    const taken = [
      await read(mask),
      await read(mask, { ...refuses, isPolarityGiven: true }),
      await readMask(insertion, photo, limits),
    ];
    for (const given of taken) {
      expect(given).toMatchObject({ coverage: 0.85, warnings: [expect.stringContaining('85 %')] });
    }
  });
});

test.each([undefined, new Uint8Array()])('no mask and an empty file are the same', async (mask) => {
  await expect(readMask({ mask, request }, photo, limits)).rejects.toMatchObject({ code: 'MASK_MISSING' });
  const automatic = { ...request, maskMode: 'foreground' } as const;
  expect(await readMask({ mask, request: automatic }, photo, limits)).toBeUndefined();
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
    const bytes = await pipelineOf(wavePicture(picture)).png().toBuffer();
    const mask = await maskPng(halves(own.width, own.height));
    const given = await readMask({ mask, request }, await readPhoto(bytes, limits), limits);
    expect(given!.warnings[0]).toContain('was scaled');
    const row = [...maskWithin(given!.mask, { left: 0, top: 0, width: picture.width, height: 1 }).data];
    expect(row).toEqual(row.map((value) => 255 - value).toReversed());
    expect(row.filter((value) => value > 127)).toHaveLength(picture.width / 2);
    expect(row[0]).toBe(0);
    expect(given!.coverage).toBe(row.filter((value) => value > 0).length / picture.width);
  });
});
