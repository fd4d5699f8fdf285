import { boxOf } from '../pixels/box.ts';
import type { FloatRaster } from '../pixels/raster.ts';
import { windowTaps } from '../pixels/taps.ts';
import { type Alignment, alignedWindow } from './alignment.ts';
import { type Design, solveRobustly } from './robust.ts';

/** One resolution of the problem: the two pictures, and the pixels to compare. */
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
/** Iteration stops when a step is shorter than this: nobody could see it. */
const settledPx = 0.002;
/** Columns of the design: gain, bias, its slopes along x and y; then shift x, shift y, zoom. */
const toneUnknowns = 4;

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

/** The residual at a fixed `alignment`, with only gain and bias fitted; levels. */
export function residualAt(level: Level, alignment: Alignment): number {
  const values = warpedRing(level, alignment);
  const design = designOf(level, 0);
  return solveRobustly(design, values)?.residual ?? 0;
}

/** Rows `[T, 1, x, y, Tx, Ty, Tx * x + Ty * y]` for each ring pixel; coordinates from the middle. */
function designOf({ template, ring }: Level, geometric: 0 | 2 | 3): Design {
  const { width, height, data } = template;
  const unknowns = toneUnknowns + geometric;
  const rows = new Float32Array(ring.length * unknowns);
  // Coordinates are scaled to about 1, so that the normal matrix is well conditioned at every size.
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

/** Samples the edited picture through the alignment (Catmull-Rom), at the ring's pixels only. */
function warpedRing({ template, edited, ring }: Level, alignment: Alignment): Float32Array {
  const window = alignedWindow({ edited, crop: template, patch: boxOf(template), alignment });
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
  const solved = solveRobustly(design, warpedRing(level, alignment));
  if (solved === undefined) return undefined;
  const { solution, inverse, residual } = solved;
  const gain = solution[0]!;
  // The answer does not show the ring's structure (gain near 0, or negative): it cannot be aligned.
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
