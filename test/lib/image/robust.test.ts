import { describe, expect, it } from 'vitest';
import { evenSamples, indicesAbove0, median, robustSigma } from '../../../lib/image/robust.ts';

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
  it('takes every n-th, at most as many as asked for', () => {
    expect([...evenSamples(Int32Array.of(0, 1, 2, 3, 4, 5, 6), 3)]).toEqual([0, 3, 6]);
    expect([...evenSamples(Int32Array.of(7, 8), 3)]).toEqual([7, 8]);
  });
});

describe('indicesAbove0', () => {
  it('tells where', () => {
    expect([...indicesAbove0(Float32Array.of(0, 0.1, 0, 1))]).toEqual([1, 3]);
  });
});
