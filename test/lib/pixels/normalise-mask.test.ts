import { describe, expect, test } from 'vitest';
import { type SparseMask, sparseMask, wholeMask } from '../../../lib/pixels/boxed-mask.ts';
import * as normalised from '../../../lib/pixels/normalise-mask.ts';

const mask = (...data: number[]): SparseMask =>
  sparseMask({ width: data.length, height: 1, channels: 1, data: Uint8Array.from(data) });
/** With the whole mask. */
const normaliseMask = (decoded: SparseMask, options: Parameters<typeof normalised.normaliseMask>[1]) => {
  const { mask: part, ...rest } = normalised.normaliseMask(decoded, options);
  return { ...rest, mask: wholeMask({ ...decoded, part }) };
};
const plain = { polarity: undefined, isLossy: false } as const;

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
  expect([...normaliseMask(soft, { ...plain, isLossy: true }).mask.data]).toEqual([...wholeMask(soft).data]);
});

describe('a mask of two values is black and white', () => {
  const data = (values: readonly number[], options: Partial<Parameters<typeof normaliseMask>[1]> = {}) => {
    const { mask: out, warnings } = normaliseMask(mask(...values), { ...plain, ...options });
    return { values: [...out.data], warnings };
  };
  const told = [expect.stringMatching(/two values: \d+ is edited, \d+ is kept/)];

  test.each([
    ['the brighter beside black', [0, 0, 1, 0], [0, 0, 255, 0]],
    ['the brighter beside black, also at the border', [30, 0, 0, 30, 30], [255, 0, 0, 255, 255]],
    ['the one inside, where none is black', [200, 200, 54, 200], [0, 0, 255, 0]],
    ['with a smooth edge', [...Array(11).fill(0), 64, ...Array(10).fill(128), 0], 'smooth'],
  ] as const)('%s is edited', (_, values, expected) => {
    const smooth = [...Array(11).fill(0), 128, ...Array(10).fill(255), 0];
    expect(data(values)).toEqual({ values: expected === 'smooth' ? smooth : expected, warnings: told });
  });

  test('a given polarity decides', () => {
    expect(data([200, 200, 54, 200], { polarity: 'white' }).values).toEqual([255, 255, 0, 255]);
    expect(data([0, 0, 1, 0], { polarity: 'black' }).values).toEqual([255, 255, 0, 255]);
  });

  test('also after a lossy codec', () => {
    const noisy = Array.from({ length: 60 }, (_, i) => (i < 30 ? i % 5 : 125 + (i % 6)));
    expect(new Set(data(noisy, { isLossy: true }).values)).toEqual(new Set([0, 255]));
  });

  test('noise beside white is none of the two', () => {
    expect(data([...Array(20).fill(0), 1, 1, 1, 255], {}).values).toEqual([
      ...Array(20).fill(0),
      1,
      1,
      1,
      255,
    ]);
  });
});

describe('suspicious masks', () => {
  test('almost everything: perhaps inverted', () => {
    expect(normaliseMask(mask(0, 255, 255, 255), plain).warnings).toEqual([expect.stringContaining('75 %')]);
  });
  test('faint', () => {
    expect(normaliseMask(mask(0, 0, 0, 30, 60, 90), plain).warnings).toEqual([
      expect.stringContaining('90 of 255'),
    ]);
  });
  test.each([
    ['MASK_EMPTY', [0, 0, 0], 'all black'],
    ['MASK_EMPTY', [0, 1, 2, 3, 9], 'brightest value is 9'],
    ['MASK_FULL', [255, 255], 'all white'],
  ] as const)('%s %j', (code, values, words) => {
    expect(() => normaliseMask(mask(...values), plain)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(words) }),
    );
  });
});
