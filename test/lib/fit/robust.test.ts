import { describe, expect, it } from 'vitest';
import { evenSamples, indicesAbove0, median, robustSigma } from '../../../lib/fit/robust.ts';

describe('robustSigma', () => {
  it('is the spread of the many, whatever the few do', () => {
    expect(robustSigma(Float32Array.of(-1, 1, -1, 1, 5000))).toBeCloseTo(1.4826, 4);
    expect(robustSigma(new Float32Array(0))).toBe(0);
  });
});

describe('median', () => {
  it('is the middle of any order, and leaves the values where they were', () => {
    const values = Float32Array.of(9, 1, 5);
    expect(median(values)).toBe(5);
    expect([...values]).toEqual([9, 1, 5]);
    expect(median(new Float32Array(0))).toBe(0);
  });
});

describe('evenSamples', () => {
  it('takes one of each stretch, at most as many as asked for', () => {
    const some = [
      ...evenSamples(
        Int32Array.from({ length: 70 }, (_, i) => i),
        10,
      ),
    ];
    expect(some.map((value) => Math.trunc(value / 7))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([...evenSamples(Int32Array.of(7, 8), 3)]).toEqual([7, 8]);
  });

  it('meets a pattern at all its phases', () => {
    const stripes = Int32Array.from({ length: 20_000 }, (_, i) => i % 2);
    const light = evenSamples(stripes, 10_000).reduce((sum, value) => sum + value, 0);
    expect(Math.abs(light - 5000)).toBeLessThan(500);
  });
});

describe('indicesAbove0', () => {
  it('tells where', () => {
    expect([...indicesAbove0(Float32Array.of(0, 0.1, 0, 1))]).toEqual([1, 3]);
  });
});
