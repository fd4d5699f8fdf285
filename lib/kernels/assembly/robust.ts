// Robust fits. Values are floats of 32 bits; sums have 64 bits, and stay in the order of the values.

/** Samples that a median is taken of: more would cost more than the rest of a fit. */
const maxSamples: u32 = 2048;
/** Tukey's biweight: 95 % efficient on normal noise, blind to large outliers. */
const tukeyCut: f64 = 4.685;
/** Rounds of reweighting in one call of `solveRobustly`: Gauss-Newton calls again. */
const rounds: i32 = 2;
/** Lower bound of a spread, levels: rounding leaves as much. */
const leastSigma: f64 = 0.05;

/** Bytes of the samples that a median is taken of. */
export function robustScratchBytes(): usize {
  return 4 * maxSamples;
}

/**
 * Copies evenly spaced values, each with the sign bits in `keep`; as `evenSamples` in `lib/fit/robust.ts`.
 */
function copySamples(values: usize, count: u32, out: usize, keep: u32): u32 {
  const every = max<u32>(1, (count + maxSamples - 1) / maxSamples);
  const taken = (count + every - 1) / every;
  for (let i: u32 = 0; i < taken; i++) {
    const place = ((i * 0x9e37_79b1) >>> 16) % every;
    const at = min<u32>(i * every + place, count - 1);
    store<u32>(out + (i << 2), load<u32>(values + (at << 2)) & keep);
  }
  return taken;
}

function float(values: usize, at: i32): f32 {
  return load<f32>(values + ((at as usize) << 2));
}

/** The first place from `i` on whose value is not below the pivot. */
function upFrom(values: usize, i: i32, pivot: f32): i32 {
  while (float(values, i) < pivot) i++;
  return i;
}

/** The last place up to `j` whose value is not above the pivot. */
function downFrom(values: usize, j: i32, pivot: f32): i32 {
  while (pivot < float(values, j)) j--;
  return j;
}

function swap(values: usize, i: i32, j: i32): void {
  const value = float(values, i);
  store<f32>(values + ((i as usize) << 2), float(values, j));
  store<f32>(values + ((j as usize) << 2), value);
}

/**
 * The value in the middle of `count` (at least 1) values, the upper one of two. Moves the values.
 *
 * @see Hoare, "Algorithm 65: FIND", CACM 1961.
 */
function middle(values: usize, count: u32): f64 {
  const wanted = (count >>> 1) as i32;
  let left: i32 = 0;
  let right = (count as i32) - 1;
  while (left < right) {
    const pivot = float(values, wanted);
    let i = left;
    let j = right;
    while (i <= j) {
      i = upFrom(values, i, pivot);
      j = downFrom(values, j, pivot);
      if (i <= j) swap(values, i++, j--);
    }
    if (j < wanted) left = i;
    if (wanted < i) right = j;
  }
  return float(values, wanted) as f64;
}

/** Median of evenly spaced samples; 0 for none. */
function median(values: usize, count: u32, scratch: usize): f64 {
  if (count === 0) return 0;
  return middle(scratch, copySamples(values, count, scratch, 0xffff_ffff));
}

/**
 * Median of the absolute values, times 1.4826: for normal noise the standard deviation; 0 for none.
 *
 * @param values `count` floats. @param scratch address of `robustScratchBytes`.
 */
export function robustSigma(values: usize, count: u32, scratch: usize): f64 {
  if (count === 0) return 0;
  return 1.4826 * middle(scratch, copySamples(values, count, scratch, 0x7fff_ffff));
}

// A linear model: `count` rows of `unknowns` (at most 8) floats, and a value for each. In words: rows,
// unknowns, count, values, residuals (as many floats), scratch, then results of 64 bits: a solution of 8, the
// inverse of the weighted normal matrix in rows of 8, the residual; then room for the equations.
function rowsOf(model: usize): usize {
  return load<usize>(model);
}
function unknownsOf(model: usize): usize {
  return load<usize>(model, 4);
}
function countOf(model: usize): u32 {
  return load<u32>(model, 8);
}
function valuesOf(model: usize): usize {
  return load<usize>(model, 12);
}
function residualsOf(model: usize): usize {
  return load<usize>(model, 16);
}
function scratchOf(model: usize): usize {
  return load<usize>(model, 20);
}
const solutionAt: usize = 32;
const inverseAt: usize = 96;
const residualAt: usize = 608;
const matrixAt: usize = 616;
const vectorAt: usize = 1128;
const columns: usize = 8;
const diagonalAt: usize = 1192;
const modelBytes: usize = 1256;

/** Bytes of a model with its results. */
export function robustModelBytes(): usize {
  return modelBytes;
}

/**
 * Robust linear least squares: two rounds of Tukey's biweight. Starts from `value = first column + constant`.
 *
 * @param model address of `robustModelBytes`, whose words are set.
 * @returns false when the normal matrix is singular; else the results are there: the residual is the root
 * mean square of the residuals, each clipped to 3 sigma.
 */
export function solveRobustly(model: usize): bool {
  const count = countOf(model);
  const residuals = residualsOf(model);
  const stride = unknownsOf(model) << 2;
  for (let i: u32 = 0; i < count; i++) {
    const gap = load<f32>(valuesOf(model) + (i << 2)) - load<f32>(rowsOf(model) + i * stride);
    store<f32>(residuals + (i << 2), gap);
  }
  const brighter = median(residuals, count, scratchOf(model)) as f32;
  for (let at = residuals; at < residuals + (count << 2); at += 4) store<f32>(at, load<f32>(at) - brighter);
  let sigma = max(robustSigma(residuals, count, scratchOf(model)), leastSigma);
  for (let round = 0; round < rounds; round++) {
    addNormalEquations(model, tukeyCut * sigma);
    if (!invert(model)) return false;
    solve(model);
    keepResiduals(model);
    sigma = max(robustSigma(residuals, count, scratchOf(model)), leastSigma);
  }
  store<f64>(model, clippedRms(residuals, count, 3 * sigma), residualAt);
  return true;
}

function clippedRms(residuals: usize, count: u32, limit: f64): f64 {
  let sum: f64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const size = min(limit, abs(load<f32>(residuals + (i << 2)) as f64));
    sum += size * size;
  }
  return sqrt(sum / (max<u32>(1, count) as f64));
}

/** Two floats of a row as numbers of 64 bits. */
function pair(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load_zero<u64>(at));
}

/**
 * Weighs each row by its residual. A row of odd length is read one float too far, into columns never used.
 */
function addNormalEquations(model: usize, cut: f64): void {
  memory.fill(model + matrixAt, 0, modelBytes - matrixAt);
  const stride = unknownsOf(model) << 2;
  const values = valuesOf(model);
  const residuals = residualsOf(model);
  let row = rowsOf(model);
  for (let i: u32 = 0; i < countOf(model); i++, row += stride) {
    const ratio = (load<f32>(residuals + (i << 2)) as f64) / cut;
    if (ratio >= 1 || ratio <= -1) continue;
    const left = 1 - ratio * ratio;
    const weight = left * left;
    const value = f64x2.splat(load<f32>(values + (i << 2)) as f64);
    addTo(model + vectorAt, row, stride, f64x2.splat(weight), value);
    for (let a: usize = 0; a < stride; a += 4) {
      const scaled = f64x2.splat(weight * load<f32>(row + a));
      const sums = model + matrixAt + ((a * columns) << 1);
      for (let b: usize = 0; b <= a; b += 8) {
        const sum = v128.load(sums + (b << 1));
        v128.store(sums + (b << 1), f64x2.add(sum, f64x2.mul(scaled, pair(row + b))));
      }
    }
  }
  mirror(model + matrixAt, unknownsOf(model));
}

/** Adds `weight * row * value`. */
function addTo(sums: usize, row: usize, stride: usize, weight: v128, value: v128): void {
  for (let b: usize = 0; b < stride; b += 8) {
    const sum = v128.load(sums + (b << 1));
    v128.store(sums + (b << 1), f64x2.add(sum, f64x2.mul(f64x2.mul(weight, pair(row + b)), value)));
  }
}

function cell(matrix: usize, row: usize, column: usize): usize {
  return matrix + ((row * columns + column) << 3);
}

/** Copies what is below the diagonal to above it. */
function mirror(matrix: usize, n: usize): void {
  for (let a: usize = 0; a < n; a++) {
    for (let b: usize = 0; b < a; b++) store<f64>(cell(matrix, b, a), load<f64>(cell(matrix, a, b)));
  }
}

/**
 * Inverse of a small symmetric positive definite matrix by Gauss-Jordan elimination with pivots on the
 * diagonal; false when it is singular to working precision. The matrix is used up.
 */
function invert(model: usize): bool {
  const n = unknownsOf(model);
  const matrix = model + matrixAt;
  const inverse = model + inverseAt;
  const diagonal = model + diagonalAt;
  memory.fill(inverse, 0, columns * columns * 8);
  for (let i: usize = 0; i < n; i++) {
    store<f64>(cell(inverse, i, i), 1);
    store<f64>(diagonal + (i << 3), load<f64>(cell(matrix, i, i)));
  }
  for (let pivot: usize = 0; pivot < n; pivot++) {
    const value = load<f64>(cell(matrix, pivot, pivot));
    // Elimination left next to nothing of this diagonal entry: the rest is rounding.
    if (!(value > 1e-10 * load<f64>(diagonal + (pivot << 3)))) return false;
    divide(cell(matrix, pivot, 0), value, n);
    divide(cell(inverse, pivot, 0), value, n);
    for (let row: usize = 0; row < n; row++) {
      const factor = load<f64>(cell(matrix, row, pivot));
      if (row === pivot || factor === 0) continue;
      subtract(cell(matrix, row, 0), cell(matrix, pivot, 0), factor, n);
      subtract(cell(inverse, row, 0), cell(inverse, pivot, 0), factor, n);
    }
  }
  return true;
}

function divide(row: usize, by: f64, n: usize): void {
  for (let at = row; at < row + (n << 3); at += 8) store<f64>(at, load<f64>(at) / by);
}

function subtract(from: usize, row: usize, factor: f64, n: usize): void {
  for (let k: usize = 0; k < n << 3; k += 8) {
    store<f64>(from + k, load<f64>(from + k) - factor * load<f64>(row + k));
  }
}

/** The solution: inverse * vector. */
function solve(model: usize): void {
  const n = unknownsOf(model);
  for (let row: usize = 0; row < n; row++) {
    let sum: f64 = 0;
    for (let k: usize = 0; k < n; k++) {
      sum += load<f64>(cell(model + inverseAt, row, k)) * load<f64>(model + vectorAt + (k << 3));
    }
    store<f64>(model + solutionAt + (row << 3), sum);
  }
}

function keepResiduals(model: usize): void {
  const stride = unknownsOf(model) << 2;
  const values = valuesOf(model);
  const residuals = residualsOf(model);
  let row = rowsOf(model);
  for (let i: u32 = 0; i < countOf(model); i++, row += stride) {
    let predicted: f64 = 0;
    for (let k: usize = 0; k < stride; k += 4) {
      predicted += load<f64>(model + solutionAt + (k << 1)) * load<f32>(row + k);
    }
    store<f32>(residuals + (i << 2), ((load<f32>(values + (i << 2)) as f64) - predicted) as f32);
  }
}

/** Rounds of reweighting of a line. */
const lineRounds: i32 = 5;

/**
 * Robust `y = gain * x + offset` by Tukey's biweight. Starts from "the same contrast, brighter".
 *
 * @param x, @param y, @param prior `count` floats each; a prior is a weight. @param work room for as many
 * residuals and then as many weights. @param limits least and largest gain, the least spread, and what draws
 * the gain to 1 (the weight of its prior for a weight of 1): four numbers of 64 bits.
 * @param result receives gain and offset, of 64 bits.
 */
export function fitLine(
  x: usize,
  y: usize,
  prior: usize,
  count: u32,
  work: usize,
  scratch: usize,
  limits: usize,
  result: usize,
): void {
  const weights = work + (count << 2);
  for (let k: usize = 0; (k < count << 2) as usize; k += 4) {
    store<f32>(work + k, load<f32>(y + k) - load<f32>(x + k));
  }
  store<f64>(result, 1);
  store<f64>(result, median(work, count, scratch), 8);
  for (let round = 0; round < lineRounds; round++) {
    const gain = load<f64>(result);
    const offset = load<f64>(result, 8);
    for (let k: usize = 0; (k < count << 2) as usize; k += 4) {
      store<f32>(work + k, ((load<f32>(y + k) as f64) - gain * load<f32>(x + k) - offset) as f32);
    }
    const cut = tukeyCut * max(load<f64>(limits, 16), robustSigma(work, count, scratch));
    for (let k: usize = 0; (k < count << 2) as usize; k += 4) {
      const ratio = (load<f32>(work + k) as f64) / cut;
      const left = 1 - ratio * ratio;
      store<f32>(weights + k, left > 0 ? (((load<f32>(prior + k) as f64) * left * left) as f32) : 0);
    }
    weightedLine(x, y, weights, count, limits, result);
  }
}

function weightedLine(x: usize, y: usize, weights: usize, count: u32, limits: usize, result: usize): void {
  let total: f64 = 0;
  let meanX: f64 = 0;
  let meanY: f64 = 0;
  for (let k: usize = 0; (k < count << 2) as usize; k += 4) {
    const weight = load<f32>(weights + k) as f64;
    total += weight;
    meanX += weight * load<f32>(x + k);
    meanY += weight * load<f32>(y + k);
  }
  store<f64>(result, 1);
  store<f64>(result, 0, 8);
  if (total === 0) return;
  meanX /= total;
  meanY /= total;
  let xx: f64 = 0;
  let xy: f64 = 0;
  for (let k: usize = 0; (k < count << 2) as usize; k += 4) {
    const weight = load<f32>(weights + k) as f64;
    const across = (load<f32>(x + k) as f64) - meanX;
    xx += weight * (across * across);
    xy += weight * across * ((load<f32>(y + k) as f64) - meanY);
  }
  const prior = total * load<f64>(limits, 24);
  const gain = min(load<f64>(limits, 8), max(load<f64>(limits), (xy + prior) / (xx + prior)));
  store<f64>(result, gain);
  store<f64>(result, meanY - gain * meanX, 8);
}
