import type { FloatRaster } from '../pixels/float-raster.ts';
import { wholeWindow, windowTaps } from '../pixels/resample.ts';
import type { Alignment } from './alignment.ts';
import { alignedWindow } from './alignment.ts';
import { median, robustSigma } from './robust.ts';
import { invertSymmetric, multiply } from './solve.ts';

/** One resolution of the problem: what is compared, and where. */
export interface Level {
  /** H x W x 1 luma of the crop, low-passed. */
  readonly template: FloatRaster;
  /** H x W x 1 luma of the edited picture at the same size, low-passed. */
  readonly edited: FloatRaster;
  /** Indices of the known pixels to compare. */
  readonly ring: Int32Array;
}

export interface Fit {
  readonly alignment: Alignment;
  /** Root mean square of the clipped residual on the ring after the best gain and bias, levels. */
  readonly residual: number;
  /** Standard error of the shift along its weakest direction, px of this level. */
  readonly precisionPx: number;
}

const maxIterations = 12;
/** A step shorter than this changes nothing anybody could see, and is not made. */
const settledPx = 0.002;
/** Tukey's biweight: 95 % efficient on normal noise, blind to what the model repainted. */
const tukeyCut = 4.685;
/** Of reweighting in each iteration; the next one goes on. */
const rounds = 2;
/** Columns of the design: gain, bias, its slopes along x and y, shift x, shift y, zoom. */
const tone = 4;

interface Design {
  readonly rows: Float32Array;
  readonly unknowns: number;
  readonly count: number;
}

/**
 * Inverse compositional Gauss-Newton: finds the alignment for which, on the ring,
 * `edited(W(p)) = a * template(p) + b + bx * x + by * y`. Gain and an inclined bias are solved along,
 * so a change of tone or light is not mistaken for a shift; Tukey weights ignore what was repainted.
 *
 * @returns `undefined` when the ring is too flat to say anything.
 * @see Baker and Matthews, "Lucas-Kanade 20 Years On: A Unifying Framework", IJCV 2004.
 */
export function fitAlignment(level: Level, start: Alignment, { zoom }: { zoom: boolean }): Fit | undefined {
  const { width, height } = level.template;
  const design = designOf(level, zoom ? 3 : 2);
  let alignment = start;
  for (let i = 0; i < maxIterations; i++) {
    const step = solveStep(level, design, alignment);
    if (step === undefined) return undefined;
    const zoomPx = (Math.abs(step.zoom) * Math.max(width, height)) / 2;
    if (Math.hypot(step.x, step.y) + zoomPx < settledPx) return { alignment, ...step.quality };
    alignment = compose(alignment, step, level.template);
  }
  const last = solveStep(level, design, alignment);
  return last === undefined ? undefined : { alignment, ...last.quality };
}

/** The residual when nothing is moved from `alignment`, only gain and bias fitted; levels. */
export function residualAt(level: Level, alignment: Alignment): number {
  const values = warpedRing(level, alignment);
  const design = designOf(level, 0);
  return solveWeighted(design, values)?.residual ?? 0;
}

/** Rows `[T, 1, x, y, Tx, Ty, Tx * x + Ty * y]` for each ring pixel; coordinates from the middle. */
function designOf({ template, ring }: Level, geometric: 0 | 2 | 3): Design {
  const { width, height, data } = template;
  const unknowns = tone + geometric;
  const rows = new Float32Array(ring.length * unknowns);
  // Scaled to about 1, so that the normal matrix is well conditioned at every size.
  const unit = 2 / Math.max(width, height);
  for (let i = 0; i < ring.length; i++) {
    const p = ring[i]!;
    const column = p % width;
    const row = (p - column) / width;
    const x = column + 0.5 - width / 2;
    const y = row + 0.5 - height / 2;
    const base = i * unknowns;
    rows[base] = data[p]!;
    rows[base + 1] = 1;
    rows[base + 2] = x * unit;
    rows[base + 3] = y * unit;
    if (geometric === 0) continue;
    const gradientX = (data[p + 1]! - data[p - 1]!) / 2;
    const gradientY = (data[p + width]! - data[p - width]!) / 2;
    rows[base + 4] = gradientX;
    rows[base + 5] = gradientY;
    if (geometric === 3) rows[base + 6] = (gradientX * x + gradientY * y) * unit;
  }
  return { rows, unknowns, count: ring.length };
}

/** The edited picture through the alignment, sampled (Catmull-Rom) on the ring alone: the rest is not looked at. */
function warpedRing({ template, edited, ring }: Level, alignment: Alignment): Float32Array {
  const window = alignedWindow({ edited, crop: template, patch: wholeWindow(template), alignment });
  const { horizontal, vertical } = windowTaps({ source: edited, window, size: template, kernel: 'cubic' });
  const { width } = template;
  const values = new Float32Array(ring.length);
  for (let i = 0; i < ring.length; i++) {
    const x = ring[i]! % width;
    const y = (ring[i]! - x) / width;
    let at = vertical.first[y]! * edited.width + horizontal.first[x]!;
    let value = 0;
    for (let v = 0; v < vertical.taps; v++) {
      let row = 0;
      for (let u = 0; u < horizontal.taps; u++) {
        row += horizontal.weights[x * horizontal.taps + u]! * edited.data[at + u]!;
      }
      value += vertical.weights[y * vertical.taps + v]! * row;
      at += edited.width;
    }
    values[i] = value;
  }
  return values;
}

interface Step {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
  readonly quality: Omit<Fit, 'alignment'>;
}

function solveStep(level: Level, design: Design, alignment: Alignment): Step | undefined {
  const solved = solveWeighted(design, warpedRing(level, alignment));
  if (solved === undefined) return undefined;
  const { solution, inverse, residual } = solved;
  const gain = solution[0]!;
  // A ring whose structure is not found again (gain near 0, or inverted) cannot be aligned.
  if (!(gain > 0.2)) return undefined;
  const n = design.unknowns;
  const unit = 2 / Math.max(level.template.width, level.template.height);
  const [xx, xy, yy] = [inverse[4 * n + 4]!, inverse[4 * n + 5]!, inverse[5 * n + 5]!];
  // Largest eigenvalue of the shift's covariance = 1 / smallest of its (Schur reduced) normal matrix.
  const weakest = (xx + yy) / 2 + Math.hypot((xx - yy) / 2, xy);
  return {
    x: solution[4]! / gain,
    y: solution[5]! / gain,
    zoom: n > 6 ? (solution[6]! / gain) * unit : 0,
    quality: {
      residual,
      precisionPx: (residual / gain) * Math.sqrt(weakest),
    },
  };
}

/** `W <- W o (id + step)^-1`: the template was moved by `step`, so the edited one is moved back. */
function compose(
  alignment: Alignment,
  step: Step,
  { width, height }: { readonly width: number; readonly height: number },
): Alignment {
  const scale = alignment.scale / (1 + step.zoom);
  return {
    scale,
    shiftX: alignment.shiftX - (scale * step.x) / width,
    shiftY: alignment.shiftY - (scale * step.y) / height,
  };
}

interface Solved {
  readonly solution: Float64Array;
  readonly inverse: Float64Array;
  readonly residual: number;
}

/**
 * Weighted least squares, two rounds of Tukey's biweight. It starts from "the same contrast, brighter":
 * plain least squares would follow what was repainted.
 */
function solveWeighted(design: Design, values: Float32Array): Solved | undefined {
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
