import { describe, expect, it } from 'vitest';
import { evenSamples, indicesAbove0, robustSigma, robustSolver } from '../../../lib/fit/robust.ts';
import { useKernels } from '../../../lib/kernels/kernels.ts';

describe('robustSigma', () => {
  it('ignores a few outliers', () => {
    expect(robustSigma(Float32Array.of(-1, 1, -1, 1, 5000))).toBeCloseTo(1.4826, 4);
    expect(robustSigma(new Float32Array(0))).toBe(0);
  });
});

describe('evenSamples', () => {
  it('takes one value of each stretch, at most `count`', () => {
    const some = [
      ...evenSamples(
        Int32Array.from({ length: 70 }, (_, i) => i),
        10,
      ),
    ];
    expect(some.map((value) => Math.trunc(value / 7))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([...evenSamples(Int32Array.of(7, 8), 3)]).toEqual([7, 8]);
  });

  it('samples a pattern at all its phases', () => {
    const stripes = Int32Array.from({ length: 20_000 }, (_, i) => i % 2);
    const light = evenSamples(stripes, 10_000).reduce((sum, value) => sum + value, 0);
    expect(Math.abs(light - 5000)).toBeLessThan(500);
  });
});

describe('indicesAbove0', () => {
  it('lists the indices of values above 0', () => {
    expect([...indicesAbove0(Float32Array.of(0, 0.1, 0, 1))]).toEqual([1, 3]);
  });
});

describe('robustSolver', () => {
  /** Fits a line through points. */
  const solved = (xs: readonly number[], ys: Float32Array) =>
    useKernels((use) => {
      const { arena } = use;
      const rows = arena.put(Float32Array.from(xs.flatMap((x) => [x, 1])));
      const { values, solve } = robustSolver(use, { rows, unknowns: 2, count: xs.length });
      arena.view(Float32Array, values, ys.length).set(ys);
      return solve();
    });

  it('solves exact data, and inverts the normal matrix [[1, 1], [1, 2]]', () => {
    const { solution, inverse, residual } = solved([0, 1], Float32Array.of(5, 6))!;
    expect([...solution].map((value) => value.toFixed(6))).toEqual(['1.000000', '5.000000']);
    const entries = [inverse(0, 0), inverse(0, 1), inverse(1, 0), inverse(1, 1)];
    expect(entries.map(Math.round)).toEqual([2, -1, -1, 1]);
    expect(residual).toBeCloseTo(0, 6);
  });

  it('is not pulled by an outlier', () => {
    const xs = Array.from({ length: 40 }, (_, i) => i);
    const values = Float32Array.from(xs, (x) => (x === 7 ? 500 : 1.05 * x + 3));
    const { solution } = solved(xs, values)!;
    expect(solution[0]).toBeCloseTo(1.05, 3);
    expect(solution[1]).toBeCloseTo(3, 2);
  });

  it.each([
    ['columns that depend on each other', [1, 1]],
    ['a value that is no number', [0, Number.NaN]],
  ])('has no solution for %s', (_, xs) => {
    expect(solved(xs, Float32Array.of(5, 6))).toBeUndefined();
  });
});
