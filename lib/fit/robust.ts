/** Samples that a median is taken of: sorting more would cost more than the rest of a fit. */
const maxSamples = 2048;
/** Tukey's biweight: 95 % efficient on normal noise, blind to large outliers. */
export const tukeyCut = 4.685;
/** Rounds of reweighting in one call: Gauss-Newton calls again. */
const rounds = 2;

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
  return out.slice(0, count);
}

/** Median of evenly spaced samples; 0 for none. */
export function median(values: Float32Array): number {
  return values.length === 0 ? 0 : middle(evenSamples(values, maxSamples).slice());
}

/** Median of the absolute values, times 1.4826: for normal noise the standard deviation; 0 for none. */
export function robustSigma(values: Float32Array): number {
  if (values.length === 0) return 0;
  const sizes = evenSamples(values, maxSamples).slice();
  for (let i = 0; i < sizes.length; i++) sizes[i] = Math.abs(sizes[i]!);
  return 1.4826 * middle(sizes);
}

function middle(values: Float32Array): number {
  return values.sort()[values.length >> 1]!;
}

/** A linear model `values = rows * solution`. */
export interface Design {
  /** count x unknowns, row by row. */
  readonly rows: Float32Array;
  readonly unknowns: number;
  readonly count: number;
}

interface Solved {
  /** One value for each unknown. */
  readonly solution: Float64Array;
  /** Inverse of the weighted normal matrix, row by row: the covariance, up to the variance of the noise. */
  readonly inverse: Float64Array;
  /** Root mean square of the residuals, each clipped to 3 sigma. */
  readonly residual: number;
}

/**
 * Robust linear least squares: two rounds of Tukey's biweight.
 *
 * Starts from `values = first column + constant` ("the same contrast, brighter"): plain least squares would
 * follow outliers. Expects the first column to be the template.
 *
 * @param values one for each row of the design.
 * @returns `undefined` when the normal matrix is singular.
 * @see Holland and Welsch, "Robust Regression Using Iteratively Reweighted Least-Squares", 1977.
 */
export function solveRobustly(design: Design, values: Float32Array): Solved | undefined {
  let residuals = values.map((value, i) => value - design.rows[i * design.unknowns]!);
  const brighter = median(residuals);
  residuals = residuals.map((value) => value - brighter);
  let solved: Solved | undefined;
  for (let round = 0; round < rounds; round++) {
    const cut = tukeyCut * Math.max(robustSigma(residuals), 0.05);
    const { matrix, vector } = normalEquations(design, values, residuals, cut);
    const inverse = invertSymmetric(matrix, design.unknowns);
    if (inverse === undefined) return undefined;
    const solution = multiply(inverse, vector);
    residuals = residualsOf(design, values, solution);
    solved = { solution, inverse, residual: clippedRms(residuals) };
  }
  return solved;
}

function clippedRms(residuals: Float32Array): number {
  const limit = 3 * Math.max(robustSigma(residuals), 0.05);
  let sum = 0;
  for (const value of residuals) sum += Math.min(limit, Math.abs(value)) ** 2;
  return Math.sqrt(sum / Math.max(1, residuals.length));
}

function residualsOf({ rows, unknowns, count }: Design, values: Float32Array, solution: Float64Array) {
  const residuals = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    let predicted = 0;
    for (let k = 0; k < unknowns; k++) predicted += solution[k]! * rows[i * unknowns + k]!;
    residuals[i] = values[i]! - predicted;
  }
  return residuals;
}

function normalEquations(
  { rows, unknowns: n, count }: Design,
  values: Float32Array,
  residuals: Float32Array,
  cut: number,
) {
  const matrix = new Float64Array(n * n);
  const vector = new Float64Array(n);
  for (let i = 0; i < count; i++) {
    const ratio = residuals[i]! / cut;
    if (ratio >= 1 || ratio <= -1) continue;
    const w = (1 - ratio * ratio) ** 2;
    const base = i * n;
    for (let a = 0; a < n; a++) {
      const scaled = w * rows[base + a]!;
      vector[a]! += scaled * values[i]!;
      for (let b = 0; b <= a; b++) matrix[a * n + b]! += scaled * rows[base + b]!;
    }
  }
  for (let a = 0; a < n; a++) for (let b = 0; b < a; b++) matrix[b * n + a] = matrix[a * n + b]!;
  return { matrix, vector };
}

/**
 * Inverse of a small symmetric positive definite matrix by Gauss-Jordan elimination with pivots on the
 * diagonal, or `undefined` when it is singular to working precision.
 *
 * @param matrix n x n, row by row. @returns n x n, row by row.
 */
function invertSymmetric(matrix: Float64Array, n: number): Float64Array | undefined {
  const a = matrix.slice();
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) inverse[i * n + i] = 1;
  for (let pivot = 0; pivot < n; pivot++) {
    const value = a[pivot * n + pivot]!;
    // Elimination left next to nothing of this diagonal entry: the rest is rounding.
    if (!(value > 1e-10 * matrix[pivot * n + pivot]!)) return undefined;
    for (let k = 0; k < n; k++) {
      a[pivot * n + k]! /= value;
      inverse[pivot * n + k]! /= value;
    }
    for (let row = 0; row < n; row++) {
      const factor = a[row * n + pivot]!;
      if (row === pivot || factor === 0) continue;
      for (let k = 0; k < n; k++) {
        a[row * n + k]! -= factor * a[pivot * n + k]!;
        inverse[row * n + k]! -= factor * inverse[pivot * n + k]!;
      }
    }
  }
  return inverse;
}

/** `matrix * vector` for an n x n matrix, row by row. */
function multiply(matrix: Float64Array, vector: Float64Array): Float64Array {
  const n = vector.length;
  return vector.map((_, row) => {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += matrix[row * n + k]! * vector[k]!;
    return sum;
  });
}
