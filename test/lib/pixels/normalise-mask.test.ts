import { describe, expect, test } from 'vitest';
import { normaliseMask } from '../../../lib/pixels/normalise-mask.ts';
import type { Mask } from '../../../lib/pixels/raster.ts';

const mask = (...data: number[]): Mask => ({
  width: data.length,
  height: 1,
  channels: 1,
  data: Uint8Array.from(data),
});
const plain = { polarity: 'white', isLossy: false } as const;

test('values are kept: 0 keeps, 255 replaces, between the two is blended', () => {
  const { mask: out, coverage, warnings } = normaliseMask(mask(0, 0, 128, 255), plain);
  expect([...out.data]).toEqual([0, 0, 128, 255]);
  expect({ coverage, warnings }).toEqual({ coverage: 0.5, warnings: [] });
});

test('black polarity is inverted', () => {
  expect([...normaliseMask(mask(0, 255, 255), { ...plain, polarity: 'black' }).mask.data]).toEqual([
    255, 0, 0,
  ]);
});

test('the noise of a lossy black and white mask is taken away, a soft mask is not', () => {
  const noisy = mask(...Array.from({ length: 50 }, (_, i) => (i < 30 ? i % 9 : 250 + (i % 6))));
  expect(new Set(normaliseMask(noisy, { ...plain, isLossy: true }).mask.data)).toEqual(new Set([0, 255]));
  const soft = mask(...Array.from({ length: 50 }, (_, i) => i * 5));
  expect([...normaliseMask(soft, { ...plain, isLossy: true }).mask.data]).toEqual([...soft.data]);
});

describe('suspicious masks', () => {
  test('almost everything: perhaps inverted', () => {
    expect(normaliseMask(mask(0, 255, 255, 255), plain).warnings).toEqual([expect.stringContaining('75 %')]);
  });
  test('faint', () => {
    expect(normaliseMask(mask(0, 0, 90), plain).warnings).toEqual([expect.stringContaining('90 of 255')]);
  });
  test.each([
    ['MASK_EMPTY', [0, 0, 0], 'all black'],
    ['MASK_EMPTY', [0, 1, 0], 'brightest value is 1'],
    ['MASK_FULL', [255, 255], 'all white'],
  ] as const)('%s %j', (code, values, words) => {
    expect(() => normaliseMask(mask(...values), plain)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(words) }),
    );
  });
});
