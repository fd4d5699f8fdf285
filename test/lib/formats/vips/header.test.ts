import vips from 'sharp';
import { afterAll, describe, expect, test } from 'vitest';
import { readHeader } from '../../../../lib/formats/vips/header.ts';
import { noisePicture, pipelineOf } from '../../../support/pictures.ts';

const limits = { maxImageBytes: 1e6, maxImagePixels: 10_000 };
const small = noisePicture({ width: 20, height: 10, channels: 3, depth: 8 });
const read = (bytes: Uint8Array, changes = {}) => readHeader(bytes, { ...limits, ...changes });

test('names size, orientation and kind from the header', async () => {
  const jpeg = await pipelineOf(small)
    .withMetadata({ orientation: 6 })
    .jpeg({ chromaSubsampling: '4:2:0' })
    .toBuffer();
  expect(await read(jpeg)).toMatchObject({
    format: 'jpeg',
    stored: { width: 20, height: 10 },
    displayed: { width: 10, height: 20 },
    orientation: 6,
    space: 'srgb',
    channels: 3,
    depth: 8,
    hasAlpha: false,
    chromaSubsampling: '4:2:0',
  });
});

describe('AVIF', () => {
  const avif = () => pipelineOf(small).avif({ effort: 0 }).toBuffer();
  // Other files of this process expect the decoder to be closed.
  afterAll(() => vips.block({ operation: ['VipsForeignLoadHeifBuffer'] }));

  test('is accepted where the configuration says so', async () => {
    expect(await read(await avif(), { acceptsAvif: true })).toMatchObject({
      format: 'avif',
      stored: { width: 20, height: 10 },
      space: 'srgb',
      depth: 8,
    });
  });

  test('is refused otherwise, and as a mask even when the decoder is open', async () => {
    const bytes = await avif();
    const refused = { code: 'FORMAT_UNSUPPORTED', message: expect.stringContaining('got AVIF') };
    await expect(read(bytes)).rejects.toMatchObject(refused);
    await expect(readHeader(bytes, { ...limits, acceptsAvif: true }, { role: 'mask' })).rejects.toMatchObject(
      {
        ...refused,
        code: 'MASK_UNREADABLE',
      },
    );
  });

  test('HEIC is refused by name even where AVIF is accepted', async () => {
    const heic = Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1');
    await expect(read(heic, { acceptsAvif: true })).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
      message: expect.stringContaining('got HEIF'),
    });
  });
});

describe('refuses, naming what it expected and what it got', () => {
  const cases = {
    'no image': [Buffer.from('hello'), 'IMAGE_UNREADABLE', 'got 5 bytes that are none'],
    'an empty file': [Buffer.alloc(0), 'IMAGE_UNREADABLE', 'got 0 bytes'],
    'a PDF': [Buffer.from('%PDF-1.7'), 'FORMAT_UNSUPPORTED', 'got PDF'],
  } as const;
  test.each(Object.entries(cases))('%s', async (_, [bytes, code, words]) => {
    await expect(read(bytes)).rejects.toMatchObject({ code, message: expect.stringContaining(words) });
  });

  test('too many bytes', async () => {
    await expect(
      read(await pipelineOf(small).png().toBuffer(), { maxImageBytes: 100 }),
    ).rejects.toMatchObject({
      code: 'IMAGE_TOO_LARGE',
      message: expect.stringMatching(/at most 100 bytes, got \d+/),
    });
  });

  test('too many pixels, from the header alone', async () => {
    await expect(
      read(await pipelineOf(small).png().toBuffer(), { maxImagePixels: 199 }),
    ).rejects.toMatchObject({
      code: 'IMAGE_TOO_MANY_PIXELS',
      message: expect.stringContaining('got 20 x 10 = 200'),
    });
  });
});
