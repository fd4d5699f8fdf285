import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { carryTiffTags } from '../../../../lib/formats/tiff/metadata.ts';
import { tiffFacts } from '../../../support/tiff-facts.ts';
import { type TagList, tiffFile } from '../../../support/tiff-files.ts';

const grey = {
  width: 4,
  height: 4,
  samples: Uint8Array.from({ length: 16 }, (_, i) => 16 * i),
  bits: 8,
  channels: 1,
  photometric: 1,
};

async function carried(tags: TagList, { isBig = false, xmp = undefined as string | undefined } = {}) {
  const source = tiffFile({ ...grey, tags, isBig });
  const written = await sharp(source).toColourspace('b-w').tiff({ compression: 'none' }).toBuffer();
  const { bytes, ...report } = carryTiffTags({ source, written, xmp });
  const facts = Object.fromEntries(tiffFacts(bytes));
  return { source, bytes, facts, ...report };
}

const pixels = (file: Uint8Array) => sharp(file, { failOn: 'warning' }).toColourspace('b-w').raw().toBuffer();

const camera: TagList = {
  271: 'maker',
  315: 'me',
  33550: [70000, 80000, 90000],
  34665: { tags: { 33434: [1, 60], 37500: Buffer.from('maker note'), 40965: { tags: { 1: 'R98' } } } },
  34853: { tags: { 1: 'N', 2: [52, 1, 30] } },
};

describe.each([false, true])('big-endian: %s', (isBig) => {
  test('tags of the picture keep their values, also those in sub-directories', async () => {
    const { source, bytes, facts, dropped, notes } = await carried(camera, { isBig });
    expect(facts).toEqual(Object.fromEntries(tiffFacts(source)));
    expect(facts).toMatchObject({
      maker: expect.anything(),
      EXIF: expect.anything(),
      GPS: expect.anything(),
    });
    expect({ dropped, notes }).toEqual({ dropped: [], notes: [] });
    expect(await pixels(bytes)).toEqual(Buffer.from(grey.samples));
  });

  test('a rotated picture keeps its orientation', async () => {
    const { bytes } = await carried({ 274: 6 }, { isBig });
    expect((await sharp(bytes).metadata()).orientation).toBe(6);
  });
});

test('only the layout of the samples is taken from the written file', async () => {
  const { facts } = await carried({});
  expect(facts).toEqual({ compression: expect.anything() });
});

test('an XMP packet replaces the existing one', async () => {
  const { bytes } = await carried({ 700: Buffer.from('<old/>') }, { xmp: '<x:xmpmeta/>' });
  expect((await sharp(bytes).metadata()).xmp?.toString()).toBe('<x:xmpmeta/>');
  expect(bytes.includes('old')).toBe(false);
});

describe('is left out and named', () => {
  const preview = Buffer.from('8BIM\x04\x0c\0\0\0\0\0\x06REMOVE', 'latin1');
  const caption = Buffer.from('8BIM\x04\x04\0\0\0\0\0\x02hi', 'latin1');
  const cases: Record<string, [TagList, string]> = {
    'smaller copies': [{ 330: [1000, 2000] }, 'smaller copies (SubIFDs)'],
    'layers of Photoshop': [{ 37724: Buffer.from('layers') }, 'Photoshop layers'],
    'a C2PA manifest': [{ 52545: Buffer.from('manifest') }, 'c2pa'],
    'a tag of unknown meaning': [{ 65000: 'x' }, 'tag 65000'],
    'a preview of Photoshop': [{ 34377: preview }, 'thumbnail'],
    'a directory that is not there': [{ 34665: 60000 }, 'damaged tag 34665'],
  };
  test.each(Object.entries(cases))('%s', async (_, [tags, name]) => {
    const source = tiffFile({ ...grey, tags });
    const written = await sharp(tiffFile(grey)).tiff({ compression: 'none' }).toBuffer();
    const { bytes, dropped } = carryTiffTags({ source, written, xmp: undefined });
    expect(dropped).toEqual([name]);
    expect([...tiffFacts(bytes).keys()]).toEqual(['compression']);
  });

  test('only the preview of Photoshop resources', async () => {
    const { bytes, dropped } = await carried({ 34377: Buffer.concat([preview, caption]) });
    expect(dropped).toEqual(['thumbnail']);
    expect(bytes.includes('REMOVE')).toBe(false);
    expect(bytes.includes(caption)).toBe(true);
  });

  test('values beyond the end of the file', async () => {
    const source = tiffFile({ ...grey, tags: { 315: 'somebody' } });
    // The entry holds tag 315, type 2 and a count.
    const entry = source.indexOf(Buffer.from([0x3b, 1, 2, 0]));
    source.writeUInt32LE(0xffffffff, entry + 4);
    const written = await sharp(tiffFile(grey)).tiff({ compression: 'none' }).toBuffer();
    expect(carryTiffTags({ source, written, xmp: undefined }).dropped).toEqual(['damaged tag 315']);
  });
});

test('entries that share the same bytes do not multiply the file', async () => {
  const note = Buffer.alloc(40_000, 1);
  const exif: TagList = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [50_000 + i, note]));
  const source = tiffFile({ ...grey, tags: { 34665: { tags: { 50000: note } } } });
  const crowded = tiffFile({
    ...grey,
    tags: { 34665: { tags: Object.fromEntries(Object.keys(exif).map((tag) => [tag, 'four+'])) } },
  });
  const written = await sharp(tiffFile(grey)).tiff({ compression: 'none' }).toBuffer();
  const { bytes } = carryTiffTags({ source, written, xmp: undefined });
  expect(bytes.length).toBeLessThan(source.length + written.length + 1000);
  const entries = crowded.indexOf(Buffer.from([0x50, 0xc3, 2, 0]));
  for (let i = 0; i < 100; i++) {
    crowded.writeUInt32LE(crowded.length - 8, entries + 12 * i + 4);
    crowded.writeUInt32LE(8, entries + 12 * i + 8);
  }
  const result = carryTiffTags({ source: crowded, written, xmp: undefined });
  expect(result.bytes.length).toBeLessThan(2 * crowded.length + written.length + 1000);
  expect(result.dropped).toContain('damaged tag 50001');
});

describe('a new kind of samples is reported:', () => {
  test('colours and compression', async () => {
    const source = tiffFile({ ...grey, photometric: 0 });
    const written = await sharp(source).toColourspace('b-w').tiff({ compression: 'lzw' }).toBuffer();
    expect(carryTiffTags({ source, written, xmp: undefined }).notes).toEqual([
      'A TIFF of grey where 0 is white 8 bit, not compressed became one of grey 8 bit, LZW: decoded values are the same.',
    ]);
  });

  test('colours multiplied with alpha; a fourth sample without meaning stays so', async () => {
    const rgba = { ...grey, channels: 4, photometric: 2, samples: Buffer.alloc(64, 100) };
    const meanings = [0, 1, 2].map((meaning) => tiffFile({ ...rgba, tags: { 338: meaning } }));
    const results = await Promise.all(
      meanings.map(async (source) => {
        const written = await sharp(source).tiff({ compression: 'none' }).toBuffer();
        const { bytes, notes } = carryTiffTags({ source, written, xmp: undefined });
        return [tiffFacts(bytes).get('meaning of alpha'), notes.length];
      }),
    );
    expect(results).toEqual([
      ['0000', 0],
      ['0002', 1],
      ['0002', 0],
    ]);
  });
});
