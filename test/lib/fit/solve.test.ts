import { describe, expect, it } from 'vitest';
import { invertSymmetric, multiply } from '../../../lib/fit/solve.ts';

describe('invertSymmetric', () => {
  it('inverts a matrix by hand', () => {
    const inverse = invertSymmetric(Float64Array.of(4, 2, 2, 3), 2)!;
    expect([...inverse].map((value) => value.toFixed(9))).toEqual([
      '0.375000000',
      '-0.250000000',
      '-0.250000000',
      '0.500000000',
    ]);
    expect([...multiply(inverse, Float64Array.of(6, 5))].map((v) => v.toFixed(9))).toEqual([
      '1.000000000',
      '1.000000000',
    ]);
  });

  it('says when there is no inverse', () => {
    expect(invertSymmetric(Float64Array.of(1, 2, 2, 4), 2)).toBeUndefined();
    expect(invertSymmetric(Float64Array.of(0), 1)).toBeUndefined();
    expect(invertSymmetric(Float64Array.of(Number.NaN), 1)).toBeUndefined();
  });
});
