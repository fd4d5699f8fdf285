import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { readPngChunks } from '../../../../lib/formats/png/chunks.ts';
import { carryPngChunks } from '../../../../lib/formats/png/metadata.ts';
import { exifWithThumbnail } from '../../../support/exif-files.ts';
import { type Chunk, lowDepthPng, withChunks } from '../../../support/png-files.ts';

const size = { width: 8, height: 8 };
const grey = lowDepthPng({ ...size, depth: 4, kind: 'grey' });
const palette = lowDepthPng({ ...size, depth: 4, kind: 'palette' });
const encodedAnew = (png: Uint8Array) =>
  sharp(png)
    .toColourspace(png === grey ? 'b-w' : 'srgb')
    .png()
    .toBuffer();

async function carried(png: Uint8Array, head: readonly Chunk[], tail: readonly Chunk[] = [], xmp?: string) {
  const source = withChunks(png, head, tail);
  const { bytes, ...report } = carryPngChunks({ source, written: await encodedAnew(png), xmp });
  return { bytes, types: readPngChunks(bytes).chunks.map(({ name }) => name), ...report };
}

const text = (type: string, words: string): Chunk => [type, Buffer.from(words, 'latin1')];

test('chunks stay before or after the pixels', async () => {
  const { types, dropped } = await carried(
    grey,
    [text('tEXt', 'Title\0x'), ['gAMA', Buffer.from([0, 0, 0xb1, 0x8f])]],
    [text('tEXt', 'Author\0y')],
  );
  expect(types.join(' ')).toMatch(/^IHDR tEXt gAMA (IDAT )+tEXt IEND$/);
  expect(dropped).toEqual([]);
});

test('only pixels are taken from the written file', async () => {
  const source = grey;
  const written = withChunks(await encodedAnew(grey), [text('tEXt', 'Software\0another')]);
  const { bytes } = carryPngChunks({ source, written, xmp: undefined });
  expect(bytes.includes('Software')).toBe(false);
});

test('an XMP packet replaces existing packets', async () => {
  const xmp = '<x:xmpmeta/>';
  const { bytes, types } = await carried(
    grey,
    [
      text('iTXt', 'XML:com.adobe.xmp\0\0\0\0\0<old/>'),
      text('tEXt', 'Raw profile type xmp\0old'),
      text('tEXt', 'a\0b'),
    ],
    [],
    xmp,
  );
  expect(bytes.includes('old')).toBe(false);
  expect(types.filter((type) => type === 'tEXt')).toHaveLength(1);
  expect((await sharp(bytes).metadata()).xmp?.toString()).toBe(xmp);
});

test('the thumbnail in eXIf is wiped, its other tags stay', async () => {
  const { bytes, dropped } = await carried(grey, [['eXIf', exifWithThumbnail()]]);
  expect(bytes.includes('THUMBNAIL')).toBe(false);
  expect(bytes.includes('yes')).toBe(true);
  expect(dropped).toEqual(['thumbnail']);
  await sharp(bytes, { failOn: 'warning' }).raw().toBuffer();
});

describe('is left out and named', () => {
  const broken = text('prVt', 'private');
  const cases: Record<string, [Chunk, string]> = {
    'a C2PA manifest': [text('caBX', 'manifest'), 'c2pa'],
    'the time of the last change': [['tIME', Buffer.alloc(7)], 'modification time (tIME)'],
    'EXIF as text': [text('tEXt', 'Raw profile type exif\0\nexif'), 'EXIF or Photoshop resources as text'],
    'Photoshop resources as compressed text': [
      text('zTXt', 'Raw profile type 8bim\0\0x'),
      'EXIF or Photoshop resources as text',
    ],
    'a chunk that is not safe to copy': [text('prVT', 'private'), 'prVT'],
    'significant bits of other channels': [['sBIT', Buffer.from([1, 2, 3])], 'significant bits (sBIT)'],
    'a background in the old bits': [['bKGD', Buffer.from([0, 7])], 'background colour (bKGD)'],
  };
  test.each(Object.entries(cases))('%s', async (_, [chunk, name]) => {
    const { types, dropped } = await carried(grey, [chunk]);
    expect(types).not.toContain(chunk[0]);
    expect(dropped).toEqual([name]);
  });

  test('a chunk with a wrong checksum', async () => {
    const source = withChunks(grey, [broken]);
    source[source.indexOf('private')]! ^= 1;
    const { bytes, dropped } = carryPngChunks({ source, written: await encodedAnew(grey), xmp: undefined });
    expect(bytes.includes('prVt')).toBe(false);
    expect(dropped).toEqual(['prVt with a wrong checksum']);
  });

  test('bytes after the end', async () => {
    const source = Buffer.concat([grey, Buffer.from('a film')]);
    const { dropped } = carryPngChunks({ source, written: await encodedAnew(grey), xmp: undefined });
    expect(dropped).toEqual(['bytes behind the end of the PNG']);
  });
});

test('a new kind of pixels is reported', async () => {
  expect((await carried(palette, [])).notes).toEqual([
    'A PNG of palette 4 bit became one of RGB 8 bit: decoded values are the same.',
  ]);
});
