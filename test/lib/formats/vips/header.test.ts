import { describe, expect, test } from 'vitest';
import { readHeader } from '../../../../lib/formats/vips/header.ts';
import { sharp } from '../../../../lib/formats/vips/loaders.ts';
import { sparseCmyk } from '../../../../lib/formats/vips/sparse-cmyk.ts';
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

test('knows CMYK', async () => {
  const cmyk = await pipelineOf(small).toColourspace('cmyk').jpeg().toBuffer();
  expect(await read(cmyk)).toMatchObject({ space: 'cmyk', channels: 4, depth: 8, hasAlpha: false });
});

describe('AVIF', () => {
  const avif = () => pipelineOf(small).avif({ effort: 0 }).toBuffer();

  test('is read where the configuration accepts it', async () => {
    expect(await read(await avif(), { acceptsAvif: true })).toMatchObject({
      format: 'avif',
      stored: { width: 20, height: 10 },
      space: 'srgb',
      depth: 8,
    });
  });

  test('is refused elsewhere, and as a mask, also when the decoder has been opened', async () => {
    const bytes = await avif();
    const refused = { code: 'FORMAT_UNSUPPORTED', message: expect.stringContaining('got AVIF') };
    await expect(read(bytes)).rejects.toMatchObject(refused);
    await expect(readHeader(bytes, { ...limits, acceptsAvif: true }, { role: 'mask' })).rejects.toMatchObject(
      refused,
    );
  });

  test('HEIC is refused by name where AVIF is accepted', async () => {
    const heic = Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1');
    await expect(read(heic, { acceptsAvif: true })).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
      message: expect.stringContaining('got HEIF'),
    });
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

  test('CMYK of 16 bit', async () => {
    const deep = sparseCmyk({ width: 20, height: 10 }, []);
    // Rows of 20 samples of 8 bit read as 10 of 16. Entries: width is the first, bits per sample the third.
    const entries = deep.readUInt32LE(4) + 2;
    deep.writeUInt32LE(10, entries + 8);
    const bits = deep.readUInt32LE(entries + 2 * 12 + 8);
    for (let at = bits; at < bits + 8; at += 2) deep.writeUInt16LE(16, at);
    await expect(read(deep)).rejects.toMatchObject({
      code: 'KIND_UNSUPPORTED',
      message: 'Expected CMYK of 4 channels of 8 bit, got 4 channels of ushort',
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
