import { describe, expect, it } from 'vitest';
import { blur, blurKnown } from '../../../lib/pixels/blur.ts';
import { floatPicture, texture } from '../../support/made-pictures.ts';

describe('blur', () => {
  it('spreads a point into a Gaussian that keeps its sum', () => {
    const point = floatPicture(13, 13, 1, (x, y) => (x === 6 && y === 6 ? 100 : 0));
    const { data } = blur(point, 1);
    expect(data.reduce((a, b) => a + b, 0)).toBeCloseTo(100, 3);
    expect(data[6 * 13 + 7]! / data[6 * 13 + 6]!).toBeCloseTo(Math.exp(-0.5), 4);
    expect(data[5 * 13 + 7]! / data[6 * 13 + 6]!).toBeCloseTo(Math.exp(-1), 4);
  });

  it('keeps channels apart and flat pictures flat', () => {
    const { data } = blur(
      floatPicture(3, 2, 2, (_x, _y, c) => (c === 0 ? 10 : 200)),
      2,
    );
    for (const [i, value] of data.entries()) expect(value).toBeCloseTo(i % 2 === 0 ? 10 : 200, 3);
  });

  it('is the same at sigma 0, in its own memory', () => {
    const raster = floatPicture(3, 3, 1, texture);
    const out = blur(raster, 0);
    expect(out).toEqual(raster);
    expect(out.data).not.toBe(raster.data);
  });
});

describe('blurKnown', () => {
  it('lets nothing unknown bleed in', () => {
    const values = floatPicture(9, 1, 1, (x) => (x < 4 ? 50 : 9999));
    const weights = floatPicture(9, 1, 1, (x) => (x < 4 ? 1 : 0));
    const { data } = blurKnown(values, weights, 1);
    for (let x = 0; x < 5; x++) expect(data[x]).toBeCloseTo(50, 3);
  });

  it('is 0 where nothing known is in reach', () => {
    expect([
      ...blurKnown(
        floatPicture(2, 2, 3, texture),
        floatPicture(2, 2, 1, () => 0),
        1,
      ).data,
    ]).toEqual(new Array(12).fill(0));
  });
});
