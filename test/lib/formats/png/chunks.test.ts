import { describe, expect, test } from 'vitest';
import {
  isAnimated,
  isIntact,
  pngChunk,
  pngSignature,
  readPngChunks,
} from '../../../../lib/formats/png/chunks.ts';
import { lowDepthPng, pngFile, withChunks } from '../../../support/png-files.ts';

const png = lowDepthPng({ width: 3, height: 2, depth: 1, kind: 'grey' });

test('returns the chunks in order, and the number of bytes after the last', () => {
  const { chunks, trailerBytes } = readPngChunks(Buffer.concat([png, Buffer.from('tail')]));
  expect(chunks.map(({ name }) => name)).toEqual(['IHDR', 'IDAT', 'IEND']);
  expect(trailerBytes).toBe(4);
  expect(Buffer.concat([pngSignature, ...chunks.map(({ raw }) => raw)])).toEqual(png);
});

test('a new chunk equals one that was read', () => {
  const [header] = readPngChunks(png).chunks;
  expect(pngChunk('IHDR', header!.data)).toEqual({
    name: 'IHDR',
    data: Buffer.from(header!.data),
    raw: Buffer.from(header!.raw),
  });
});

test('the checksum covers name and data', () => {
  const whole = pngChunk('tEXt', Buffer.from('a\0b'));
  expect(isIntact(whole)).toBe(true);
  whole.raw[9]! ^= 1;
  expect(isIntact(whole)).toBe(false);
});

test('an animation is recognised by its control chunk', () => {
  expect(isAnimated(readPngChunks(png))).toBe(false);
  expect(isAnimated(readPngChunks(withChunks(png, [['acTL', Buffer.alloc(8)]])))).toBe(true);
});

describe('refuses', () => {
  const withLength = (value: number) => {
    const out = Buffer.from(png);
    out.writeUInt32BE(value, 8 + 25);
    return out;
  };
  const cases = {
    'another signature': [Buffer.from('GIF89a'), 'FORMAT_UNSUPPORTED'],
    'no bytes': [Buffer.alloc(0), 'FORMAT_UNSUPPORTED'],
    'a signature alone': [pngSignature, 'IMAGE_TRUNCATED'],
    'a file without IEND': [png.subarray(0, -12), 'IMAGE_TRUNCATED'],
    'a chunk that ends beyond the file': [withLength(0xffffffff), 'IMAGE_TRUNCATED'],
    'an IEND that ends beyond the file': [png.with(png.length - 9, 1), 'IMAGE_TRUNCATED'],
    'a name that is not four letters': [
      pngFile([
        ['IHDR', Buffer.alloc(13)],
        ['ID\0T', Buffer.alloc(0)],
      ]),
      'IMAGE_UNREADABLE',
    ],
    'another first chunk': [pngFile([['IEND', Buffer.alloc(0)]]), 'IMAGE_UNREADABLE'],
    'a short IHDR': [pngFile([['IHDR', Buffer.alloc(12)]]), 'IMAGE_UNREADABLE'],
  } as const;
  test.each(Object.entries(cases))('%s', (_, [bytes, code]) => {
    expect(() => readPngChunks(bytes)).toThrow(expect.objectContaining({ code }));
  });
});
