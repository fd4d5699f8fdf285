import { describe, expect, test } from 'vitest';
import { readHeader } from '../../../../lib/image/codec/header.ts';
import { sharp } from '../../../../lib/image/codec/loaders.ts';
import { noisePicture, pipelineOf } from '../../../support/pictures.ts';

const limits = { maxImageBytes: 1e6, maxImagePixels: 10_000 };
const small = noisePicture({ width: 20, height: 10, channels: 3, depth: 8 });
const read = (bytes: Uint8Array, changes = {}) => readHeader(bytes, { ...limits, ...changes });

test('names what the file is, before any pixel is decoded', async () => {
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

describe('refuses, saying what it expected and what came', () => {
  const cases = {
    'no image': [Buffer.from('hello'), 'IMAGE_UNREADABLE', 'got 5 bytes that are none'],
    'an empty file': [Buffer.alloc(0), 'IMAGE_UNREADABLE', 'got 0 bytes'],
    'a GIF': [Buffer.from('GIF89a........'), 'FORMAT_UNSUPPORTED', 'got GIF'],
    'an SVG': [Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'FORMAT_UNSUPPORTED', 'got SVG'],
    'an AVIF': [
      Buffer.from('\0\0\0\x20ftypavif\0\0\0\0avifmif1', 'latin1'),
      'FORMAT_UNSUPPORTED',
      'got AVIF',
    ],
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

  test('CMYK', async () => {
    const cmyk = await pipelineOf(small).toColourspace('cmyk').jpeg().toBuffer();
    await expect(read(cmyk)).rejects.toMatchObject({
      code: 'KIND_UNSUPPORTED',
      message: expect.stringContaining('cmyk'),
    });
  });

  test('animations', async () => {
    const frames = await sharp(
      [await pipelineOf(small).png().toBuffer(), await pipelineOf(small).negate().png().toBuffer()],
      {
        join: { animated: true },
      },
    )
      .webp()
      .toBuffer();
    await expect(read(frames)).rejects.toMatchObject({
      code: 'KIND_UNSUPPORTED',
      message: expect.stringContaining('2 pages'),
    });
  });
});
