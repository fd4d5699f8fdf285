import { type Alignment, identityAlignment } from '../../lib/image/alignment.ts';
import { blend } from '../../lib/image/blend.ts';
import { boundingBox, crop as cut, grow } from '../../lib/image/box.ts';
import { composite } from '../../lib/image/composite.ts';
import { coverMask } from '../../lib/image/cover-mask.ts';
import { outsideDistance } from '../../lib/image/distance.ts';
import { feather } from '../../lib/image/feather.ts';
import { emptyFloatRaster } from '../../lib/image/float-raster.ts';
import type { Box, Mask, Raster, Size } from '../../lib/image/raster.ts';
import type { Registration } from '../../lib/image/register.ts';
import { fitSize, resizeTo } from '../../lib/image/resample.ts';
import { identityTone, type Tone } from '../../lib/image/tone.ts';
import { hasPhotos } from '../support/photos.ts';
import { type Drift, type DriftName, drifts, simulateModel } from './drift.ts';
import { largeScenes, type Scene, withObject } from './quality-scenes.ts';
import { type Scores, scoresOf } from './quality-scores.ts';

export interface Job {
  readonly crop: Raster;
  readonly edited: Raster;
  readonly mask: Mask;
}

interface Result {
  readonly patch: Box;
  readonly raster: Raster;
  readonly registration?: Registration;
}

export type Method = (job: Job) => Result;

const frameSidePx = 1024;
const plainFeatherPx = 16;
const ghostMargins = [1, 6, 16, 40] as const;

/** The ways to put an answer back that are compared; the first three are what others do. */
export const methods = {
  'hard paste': (job) => paste(job, job.mask, identityTone(3)),
  'plain feather': (job) => paste(job, feather(job.mask, plainFeatherPx), identityTone(3)),
  'mean/std': (job) => paste(job, feather(job.mask, plainFeatherPx), meanStdTone(job)),
  ours: (job) => composite(job),
} as const satisfies Record<string, Method>;

type MethodName = keyof typeof methods;

function paste({ crop, edited, mask }: Job, alpha: Mask, tone: Tone): Result {
  const patch = grow(boundingBox(mask)!, 1, crop);
  const residual = emptyFloatRaster(1, 1, 3);
  const { raster } = blend({
    crop,
    edited,
    patch,
    alpha: cut(alpha, patch),
    alignment: identityAlignment,
    harmony: { tone, residual },
  });
  return { patch, raster };
}

/** Mean and standard deviation of the ring carried over, channel by channel (Reinhard et al. 2001). */
function meanStdTone({ crop, edited, mask }: Job): Tone {
  const size = fitSize(crop, 512);
  const [a, b] = [resizeTo(crop, size).data, resizeTo(edited, size).data];
  const distance = outsideDistance(coverMask(mask, size));
  const ring = Array.from(distance.keys()).filter((p) => distance[p]! >= 2 && distance[p]! <= 32);
  const lines = [0, 1, 2].map((c) => {
    const [from, to] = [moments(ring.map((p) => b[p * 3 + c]!)), moments(ring.map((p) => a[p * 3 + c]!))];
    const gain = to.deviation / Math.max(from.deviation, 1e-6);
    return { gain, offset: to.mean - gain * from.mean };
  });
  return { gains: lines.map(({ gain }) => gain), offsets: lines.map(({ offset }) => offset) };
}

function moments(values: readonly number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) };
}

/** A result beside the truth, both cut to the mask and some of its surroundings. */
function score({ truth, mask }: Scene, { patch, raster }: Result): Scores {
  return scoresOf(raster, cut(truth, patch), cut(mask, patch));
}

interface Row {
  readonly drift: DriftName;
  readonly method: string;
  readonly scores: Scores;
}

interface ShiftError {
  readonly scene: string;
  readonly drift: DriftName;
  /** px of the model's frame, and of the 512 px it is registered at. */
  readonly framePx: number;
  readonly registeredPx: number;
}

export interface QualityReport {
  readonly rows: readonly Row[];
  /** For each margin and method the ghost score after medium drift. */
  readonly ghosts: readonly { readonly margin: number; readonly method: string; readonly ghost: number }[];
  /** Error of the alignment found, at the middle of the mask, of each run. */
  readonly shiftErrors: readonly ShiftError[];
}

export async function measureQuality(): Promise<QualityReport> {
  const scenes = await largeScenes();
  const runs = scenes.flatMap((scene) =>
    (Object.keys(drifts) as DriftName[]).map((drift) => ({ scene, drift })),
  );
  const shiftErrors: ShiftError[] = [];
  const rows: Row[] = [];
  for (const [seed, { scene, drift }] of runs.entries()) {
    const frame = fitSize(scene.truth, frameSidePx);
    const edited = simulateModel(scene.truth, frame, drifts[drift], seed + 1);
    for (const [method, run] of Object.entries<Method>(methods)) {
      const result = run({ crop: scene.truth, edited, mask: scene.mask });
      rows.push({ drift, method, scores: score(scene, result) });
      if (result.registration === undefined) continue;
      shiftErrors.push({
        scene: scene.name,
        drift,
        ...shiftError(result.registration.alignment, drifts[drift], frame, scene),
      });
    }
  }
  return { rows, ghosts: measureGhosts(scenes), shiftErrors };
}

/** How far the middle of the mask is put from where the simulation moved it. */
function shiftError(found: Alignment, drift: Drift, frame: Size, { truth, mask }: Scene) {
  const { left, top, width, height } = boundingBox(mask)!;
  const x = (left + width / 2) / truth.width - 0.5;
  const y = (top + height / 2) / truth.height - 0.5;
  const framePx = Math.hypot(
    frame.width * (found.shiftX + (found.scale - drift.zoom) * x) - drift.shiftX,
    frame.height * (found.shiftY + (found.scale - drift.zoom) * y) - drift.shiftY,
  );
  return { framePx, registeredPx: (framePx * 512) / Math.max(frame.width, frame.height) };
}

function measureGhosts(scenes: readonly Scene[]) {
  return ghostMargins.flatMap((margin) =>
    Object.entries<Method>(methods).map(([method, run]) => {
      const squares = scenes.map((scene, seed) => {
        const frame = fitSize(scene.truth, frameSidePx);
        const edited = simulateModel(scene.truth, frame, drifts.medium, seed + 1);
        const crop = withObject(scene.truth, scene.mask, margin);
        return score(scene, run({ crop, edited, mask: scene.mask })).ghost ** 2;
      });
      return { margin, method, ghost: rootMean(squares) };
    }),
  );
}

function rootMean(squares: readonly number[]): number {
  return Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / squares.length);
}

/** One line for each drift and method: means over the scenes. */
export function summarize({ rows, ghosts, shiftErrors }: QualityReport) {
  const names = Object.keys(methods) as MethodName[];
  const table = (Object.keys(drifts) as DriftName[]).flatMap((drift) =>
    names.map((method) => {
      const mine = rows.filter((row) => row.drift === drift && row.method === method);
      const mean = (key: keyof Scores): string =>
        (mine.reduce((sum, row) => sum + row.scores[key], 0) / mine.length).toFixed(2);
      return {
        drift,
        method,
        step: mean('step'),
        'LF seam': mean('seam'),
        PSNR: mean('psnr'),
        dE2000: mean('deltaE'),
      };
    }),
  );
  const ghostTable = names.map((method) => {
    const mine = ghosts.filter((row) => row.method === method);
    return {
      method,
      ...Object.fromEntries(mine.map((row) => [`margin ${row.margin}`, row.ghost.toFixed(2)])),
    };
  });
  const registered = (Object.keys(drifts) as DriftName[]).map((drift) => {
    const mine = shiftErrors.filter((row) => row.drift === drift);
    return {
      drift,
      'largest error, px of the frame': Math.max(...mine.map(({ framePx }) => framePx)).toFixed(3),
      'px registered at': Math.max(...mine.map(({ registeredPx }) => registeredPx)).toFixed(3),
      'within 0.03 registered px': `${mine.filter(({ registeredPx }) => registeredPx <= 0.03).length} of ${mine.length}`,
    };
  });
  return { table, ghostTable, registered };
}

if (import.meta.main) {
  if (!hasPhotos()) console.log('The photos are not here: nothing to measure.');
  else {
    const summary = summarize(await measureQuality());
    console.table(summary.table);
    console.table(summary.ghostTable);
    console.table(summary.registered);
  }
}
