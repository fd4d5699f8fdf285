import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { imageSize } from '../../../lib/engines/image-size.ts';
import { imageOutcome, sniffMediaType } from '../../../lib/engines/images.ts';

const picture = sharp({ create: { width: 37, height: 21, channels: 3, background: '#456' } });

describe.each(['png', 'jpeg', 'webp', 'gif', 'tiff'] as const)('a real %s', (format) => {
  it('is recognised by its bytes', async () => {
    const bytes = await picture.clone().toFormat(format).toBuffer();
    expect(sniffMediaType(bytes)).toBe(`image/${format}`);
    expect(imageOutcome(bytes.toString('base64')).kind).toBe('image');
  });
});

it.each([
  ['png', {}],
  ['png', { palette: true }],
  ['jpeg', {}],
  ['jpeg', { progressive: true }],
  ['webp', {}],
  ['webp', { lossless: true }],
] as const)('reads the size of a %s %j without decoding', async (format, options) => {
  const bytes = await picture.clone().toFormat(format, options).toBuffer();
  expect(imageSize(bytes)).toEqual({ width: 37, height: 21 });
});

it('reads the size of a WebP with alpha (VP8X)', async () => {
  const bytes = await picture.clone().ensureAlpha(0.5).webp().toBuffer();
  expect(imageSize(bytes)).toEqual({ width: 37, height: 21 });
});

it.each(['png', 'jpeg'] as const)('does not take half a %s for a picture', async (format) => {
  const bytes = await picture.clone().toFormat(format).toBuffer();
  const half = bytes.subarray(0, Math.floor(bytes.length / 2)).toString('base64');
  expect(imageOutcome(half)).toEqual({ kind: 'unusable', reason: `a truncated image/${format}` });
});

it('does not take text for a picture, nor nothing', () => {
  expect(imageOutcome(Buffer.from('<html>').toString('base64')).kind).toBe('unusable');
  expect(imageOutcome('').kind).toBe('unusable');
});

it.each([0, 1, 8, 9, 20, 29])('gives no size for %i bytes of a header', async (length) => {
  for (const format of ['png', 'jpeg', 'webp'] as const) {
    const bytes = await picture.clone().toFormat(format).toBuffer();
    const size = imageSize(bytes.subarray(0, length));
    expect(size === undefined || (size.width === 37 && size.height === 21)).toBe(true);
  }
});
