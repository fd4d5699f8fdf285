import { describe, expect, it } from 'vitest';
import { blockMeans, spread } from '../../../lib/fit/membrane.ts';
import { floatPicture } from '../../support/made-pictures.ts';

describe('spread', () => {
  const ring = (x: number, y: number): number => (x === 0 || y === 0 || x === 20 || y === 14 ? 1 : 0);

  it('keeps known values exactly', () => {
    const values = floatPicture(21, 15, 2, (x, y, c) => Math.sin(x + 3 * y + c));
    const weights = floatPicture(21, 15, 1, ring);
    const out = spread(values, weights);
    out.data.forEach((value, i) => {
      if (weights.data[Math.trunc(i / 2)] === 1) expect(value).toBe(values.data[i]);
    });
  });

  it('fills a hole in a flat ring flat', () => {
    const out = spread(
      floatPicture(21, 15, 1, (x, y) => 7 * ring(x, y)),
      floatPicture(21, 15, 1, ring),
    );
    for (const value of out.data) expect(value).toBeCloseTo(7, 4);
  });

  it('stays between the values it is given, and runs from one side to the other', () => {
    const values = floatPicture(33, 33, 1, (x) => (x === 0 ? -10 : 10));
    const weights = floatPicture(33, 33, 1, (x) => (x === 0 || x === 32 ? 1 : 0));
    const { data } = spread(values, weights);
    const row = [...data.subarray(16 * 33, 17 * 33)];
    expect(Math.min(...row)).toBeGreaterThanOrEqual(-10.001);
    expect(Math.max(...row)).toBeLessThanOrEqual(10.001);
    for (let x = 1; x < 33; x++) expect(row[x]! - row[x - 1]!).toBeGreaterThanOrEqual(-0.01);
    expect(Math.abs(row[16]!)).toBeLessThan(2);
  });

  it('is 0 when nothing is known, the value for 1 x 1', () => {
    expect([
      ...spread(
        floatPicture(3, 2, 1, () => 5),
        floatPicture(3, 2, 1, () => 0),
      ).data,
    ]).toEqual(new Array(6).fill(0));
    expect([
      ...spread(
        floatPicture(1, 1, 1, () => 5),
        floatPicture(1, 1, 1, () => 1),
      ).data,
    ]).toEqual([5]);
  });

  it('refuses weights of another size', () => {
    expect(() =>
      spread(
        floatPicture(3, 2, 1, () => 5),
        floatPicture(2, 2, 1, () => 0),
      ),
    ).toThrow(/same size/);
  });
});

describe('blockMeans', () => {
  it('averages the known pixels of each block', () => {
    const values = floatPicture(4, 2, 2, (x, _y, c) => 10 * x + c);
    const weights = floatPicture(4, 2, 1, (x) => (x === 1 ? 0 : 1));
    const { means, known } = blockMeans(values, weights, 2);
    expect([...means.data]).toEqual([0, 1, 25, 26]);
    expect([...known.data]).toEqual([1, 1]);
  });

  it('leaves a block unknown that has too few known pixels', () => {
    const weights = floatPicture(8, 4, 1, (x, y) => (x === 0 && y < 3 ? 1 : 0));
    const { means, known } = blockMeans(
      floatPicture(8, 4, 1, () => 9),
      weights,
      4,
    );
    expect([...means.data, ...known.data]).toEqual([0, 0, 0, 0]);
  });

  it('works on 1 x 1 and on sizes that are not a multiple of the block', () => {
    const one = (width: number, height: number) => floatPicture(width, height, 1, () => 1);
    expect([...blockMeans(one(1, 1), one(1, 1), 1).means.data]).toEqual([1]);
    expect([...blockMeans(one(7, 5), one(7, 5), 4).means.data]).toEqual([1, 1]);
  });
});
