import type { Pointer } from '../kernels/exports.ts';
import { type KernelUse, useKernels } from '../kernels/kernels.ts';
import { release } from '../pixels/release.ts';

/**
 * Picks at most `count` of the values: one from each stretch of equal length, at a position that changes from
 * stretch to stretch, so that a pattern in the values (stripes, a checkerboard) is not sampled at one phase
 * only.
 */
export function evenSamples<T extends Float32Array | Int32Array>(values: T, count: number): T {
  const every = Math.max(1, Math.ceil(values.length / count));
  if (every === 1) return values;
  const out = values.slice(0, Math.ceil(values.length / every)) as T;
  for (let i = 0; i < out.length; i++) {
    const place = (Math.imul(i, 0x9e37_79b1) >>> 16) % every;
    out[i] = values[Math.min(i * every + place, values.length - 1)]!;
  }
  return out;
}

/** Indices of the values above 0. */
export function indicesAbove0(weights: Float32Array): Int32Array {
  const out = new Int32Array(weights.length);
  let count = 0;
  for (let p = 0; p < weights.length; p++) if (weights[p]! > 0) out[count++] = p;
  const indices = out.slice(0, count);
  release(out);
  return indices;
}

/**
 * Median of the absolute values, times 1.4826: for normal noise the standard deviation; 0 for none. Of many
 * values evenly spaced ones are taken.
 */
export function robustSigma(values: Float32Array): number {
  return useKernels(({ kernels, arena }) =>
    kernels.robustSigma(arena.put(values), values.length, arena.reserve(kernels.robustScratchBytes())),
  );
}

/** A linear model `values = rows * solution`, in the memory of kernels. */
export interface Design {
  /** count x unknowns floats, row by row. */
  readonly rows: Pointer;
  /** At most 8. */
  readonly unknowns: number;
  readonly count: number;
}

interface Solved {
  /** One value for each unknown. */
  readonly solution: Float64Array;
  /**
   * Entries of the inverse of the weighted normal matrix: the covariance, up to the variance of the noise.
   */
  readonly inverse: (row: number, column: number) => number;
  /** Root mean square of the residuals, each clipped to 3 sigma. */
  readonly residual: number;
}

/** Places in a model, in numbers of 64 bits. @see `lib/kernels/assembly/robust.ts`. */
const solutionAt = 4;
const inverseAt = 12;
const inverseColumns = 8;
const residualAt = 76;

/**
 * Robust linear least squares: two rounds of Tukey's biweight.
 *
 * Starts from `values = first column + constant` ("the same contrast, brighter"): plain least squares would
 * follow outliers. Expects the first column to be the template.
 *
 * @returns where a value for each row is put, and what solves for them: `undefined` when the normal matrix is
 * singular.
 * @see Holland and Welsch, "Robust Regression Using Iteratively Reweighted Least-Squares", 1977.
 */
export function robustSolver({ kernels, arena }: KernelUse, { rows, unknowns, count }: Design) {
  const [values, residuals] = [arena.reserve(4 * count), arena.reserve(4 * count)];
  const scratch = arena.reserve(kernels.robustScratchBytes());
  const model = arena.reserve(kernels.robustModelBytes());
  arena.view(Uint32Array, model, 6).set([rows, unknowns, count, values, residuals, scratch]);
  const solve = (): Solved | undefined => {
    if (kernels.solveRobustly(model) === 0) return undefined;
    const results = arena.take(Float64Array, model, residualAt + 1);
    return {
      solution: results.subarray(solutionAt, solutionAt + unknowns),
      inverse: (row, column) => results[inverseAt + inverseColumns * row + column]!,
      residual: results[residualAt]!,
    };
  };
  return { values, solve };
}
