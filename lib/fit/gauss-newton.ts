import { type KernelUse, useKernels } from '../kernels/kernels.ts';
import { boxOf } from '../pixels/box.ts';
import type { FloatRaster } from '../pixels/raster.ts';
import { type AxisTaps, windowTaps } from '../pixels/taps.ts';
import { type Alignment, alignedWindow } from './alignment.ts';
import { robustSolver } from './robust.ts';

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
  return useKernels((use) => {
    const problem = openProblem(use, level, zoom ? 3 : 2);
    let alignment = start;
    for (let i = 0; i < maxIterations; i++) {
      const step = solveStep(problem, alignment);
      if (step === undefined) return undefined;
      const zoomPx = (Math.abs(step.zoom) * Math.max(width, height)) / 2;
      if (Math.hypot(step.x, step.y) + zoomPx < settledPx) return { alignment, ...step.quality };
      alignment = compose(alignment, step, level.template);
    }
    const last = solveStep(problem, alignment);
    return last === undefined ? undefined : { alignment, ...last.quality };
  });
}

/** The residual at a fixed `alignment`, with only gain and bias fitted; levels. */
export function residualAt(level: Level, alignment: Alignment): number {
  return useKernels((use) => openProblem(use, level, 0).solveAt(alignment)?.residual ?? 0);
}

interface Problem {
  readonly template: FloatRaster;
  readonly unknowns: number;
  /** Compares with the edited picture moved by an alignment: Catmull-Rom, at the ring's pixels only. */
  readonly solveAt: (alignment: Alignment) => ReturnType<ReturnType<typeof robustSolver>['solve']>;
}

/** Rows `[T, 1, x, y, Tx, Ty, Tx * x + Ty * y]` for each ring pixel, up to `geometric` of the last three. */
function openProblem(use: KernelUse, { template, edited, ring }: Level, geometric: 0 | 2 | 3): Problem {
  const { kernels, arena } = use;
  const { width, height } = template;
  const count = ring.length;
  const unknowns = toneUnknowns + geometric;
  const [pixels, source] = [arena.put(ring), arena.put(edited.data)];
  const rows = arena.reserve(4 * count * unknowns);
  kernels.designRows(arena.put(template.data), width, height, pixels, count, geometric, rows);
  const { values, solve } = robustSolver(use, { rows, unknowns, count });
  const solveAt = (alignment: Alignment) => {
    const window = alignedWindow({ edited, crop: template, patch: boxOf(template), alignment });
    const { horizontal, vertical } = windowTaps({ source: edited, window, size: template, kernel: 'cubic' });
    const put = ({ first, weights, taps }: AxisTaps) =>
      [arena.put(first), arena.put(new Float64Array(weights)), taps] as const;
    kernels.samplePixels(
      ...([source, edited.width, pixels, count, width] as const),
      ...put(horizontal),
      ...put(vertical),
      values,
    );
    return solve();
  };
  return { template, unknowns, solveAt };
}

interface Step {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
  readonly quality: Omit<Fit, 'alignment'>;
}

function solveStep({ template, unknowns, solveAt }: Problem, alignment: Alignment): Step | undefined {
  const solved = solveAt(alignment);
  if (solved === undefined) return undefined;
  const { solution, inverse, residual } = solved;
  const gain = solution[0]!;
  // The answer does not show the ring's structure (gain near 0, or negative): it cannot be aligned.
  if (!(gain > 0.2)) return undefined;
  const unit = 2 / Math.max(template.width, template.height);
  const [xx, xy, yy] = [inverse(4, 4), inverse(4, 5), inverse(5, 5)];
  // Largest eigenvalue of the shift's covariance = 1 / smallest of its (Schur reduced) normal matrix.
  const weakest = (xx + yy) / 2 + Math.hypot((xx - yy) / 2, xy);
  return {
    x: solution[4]! / gain,
    y: solution[5]! / gain,
    zoom: unknowns > 6 ? (solution[6]! / gain) * unit : 0,
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
