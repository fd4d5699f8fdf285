/**
 * Inverse of a small symmetric positive definite matrix by Gauss-Jordan elimination with pivots on the
 * diagonal, or `undefined` when it is singular to working precision.
 *
 * @param matrix n x n, row by row. @returns n x n, row by row.
 */
export function invertSymmetric(matrix: Float64Array, n: number): Float64Array | undefined {
  const a = matrix.slice();
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) inverse[i * n + i] = 1;
  for (let pivot = 0; pivot < n; pivot++) {
    const value = a[pivot * n + pivot]!;
    // What elimination left of a diagonal entry, against what it began with: below this it is rounding.
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
export function multiply(matrix: Float64Array, vector: Float64Array): Float64Array {
  const n = vector.length;
  return vector.map((_, row) => {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += matrix[row * n + k]! * vector[k]!;
    return sum;
  });
}
