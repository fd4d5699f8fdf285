import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { readWebpChunks, type WebpChunk, webpFile } from '../../../../lib/formats/webp/chunks.ts';
import { carryWebpChunks } from '../../../../lib/formats/webp/metadata.ts';
import { exifWithThumbnail } from '../../../support/exif-files.ts';
import { noisePicture, pipelineOf } from '../../../support/pictures.ts';

const picture = (channels: 3 | 4 = 3) =>
  pipelineOf(noisePicture({ width: 20, height: 9, channels, depth: 8 })).webp({
    lossless: true,
    exact: true,
  });

async function carried(
  extra: readonly WebpChunk[],
  { channels = 3 as 3 | 4, xmp = undefined as string | undefined } = {},
) {
  const written = await picture(channels).toBuffer();
  const source = webpFile([...readWebpChunks(written).chunks, ...extra]);
  const { bytes, ...report } = carryWebpChunks({ source, written, xmp });
  return { written, bytes, types: readWebpChunks(bytes).chunks.map(({ name }) => name), ...report };
}

const chunk = (name: string, words: string): WebpChunk => ({ name, data: Buffer.from(words) });

test('reading and writing chunks gives the same file', async () => {
  const bytes = await picture()
    .withExif({ IFD0: { Artist: 'odd' } })
    .toBuffer();
  expect(webpFile(readWebpChunks(bytes).chunks)).toEqual(bytes);
});

test.each([3, 4] as const)('pixels of %i channels, EXIF and profile stay the same', async (channels) => {
  const exif = (
    await sharp(
      await picture()
        .withExif({ IFD0: { Artist: 'odd' } })
        .toBuffer(),
    ).metadata()
  ).exif!;
  const profile = (await sharp(await picture().withIccProfile('p3').toBuffer()).metadata()).icc!;
  const { bytes, written, types, dropped } = await carried(
    [
      { name: 'ICCP', data: profile },
      { name: 'EXIF', data: exif },
    ],
    { channels },
  );
  expect(types).toEqual(['VP8X', 'ICCP', 'VP8L', 'EXIF']);
  expect(dropped).toEqual([]);
  const metadata = await sharp(bytes).metadata();
  expect(metadata).toMatchObject({ width: 20, height: 9, channels, hasAlpha: channels === 4 });
  expect(metadata.icc).toEqual(profile);
  expect(metadata.exif).toEqual(Buffer.from(exif));
  const pixels = (file: Uint8Array) => sharp(file, { ignoreIcc: true, failOn: 'warning' }).raw().toBuffer();
  expect(await pixels(bytes)).toEqual(await pixels(written));
});

test('an XMP packet replaces the existing one', async () => {
  const { bytes, types } = await carried([chunk('XMP ', '<old/>')], { xmp: '<x:xmpmeta/>' });
  expect(types).toEqual(['VP8X', 'VP8L', 'XMP ']);
  expect((await sharp(bytes).metadata()).xmp?.toString()).toBe('<x:xmpmeta/>');
});

test('the EXIF thumbnail is wiped and reported', async () => {
  const { bytes, dropped } = await carried([{ name: 'EXIF', data: exifWithThumbnail() }]);
  expect(bytes.includes('THUMBNAIL')).toBe(false);
  expect(dropped).toEqual(['thumbnail']);
});

test('C2PA manifests and unknown chunks are left out and reported', async () => {
  const { types, dropped } = await carried([chunk('C2PA', 'manifest'), chunk('abc ', '1')]);
  expect(types).toEqual(['VP8X', 'VP8L']);
  expect(dropped).toEqual(['c2pa', 'abc (WebP chunk)']);
});

test('a lossy picture that becomes lossless is reported', async () => {
  const written = await picture().toBuffer();
  const source = await sharp(written).webp({ quality: 50 }).toBuffer();
  expect(carryWebpChunks({ source, written, xmp: undefined }).notes).toEqual([
    'A lossy WebP became a lossless one: no second generation is lost, the file is larger.',
  ]);
});

describe('refuses', () => {
  const file = webpFile([chunk('VP8L', 'pixels')]);
  const longer = Buffer.from(file);
  longer.writeUInt32LE(0xfffffff0, 16);
  const cases = {
    'no bytes': [Buffer.alloc(0), 'FORMAT_UNSUPPORTED'],
    'another container': [Buffer.from('RIFF\0\0\0\0WAVE'), 'FORMAT_UNSUPPORTED'],
    'a chunk that ends beyond the file': [longer, 'IMAGE_TRUNCATED'],
    'a file cut in a chunk': [file.subarray(0, -3), 'IMAGE_TRUNCATED'],
  } as const;
  test.each(Object.entries(cases))('%s', (_, [bytes, code]) => {
    expect(() => readWebpChunks(bytes)).toThrow(expect.objectContaining({ code }));
  });
});
