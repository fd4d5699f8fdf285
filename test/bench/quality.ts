/**
 * What answers of a model that drifts look like put back, by us and as others do: simulated drift on six
 * crops of the large photos, so that the truth is known. `node test/bench/quality.ts`
 */
import type { Alignment } from '../../lib/fit/alignment.ts';
import { boundingBox, crop as cut } from '../../lib/pixels/box.ts';
import type { Size } from '../../lib/pixels/raster.ts';
import { fitSize } from '../../lib/pixels/resample.ts';
import { hasPhotos } from '../support/photos.ts';
import { type Drift, type DriftName, drifts, simulateModel } from './drift.ts';
import { type Method, methods, type Result } from './quality-methods.ts';
import { largeScenes, type Scene, withObject } from './quality-scenes.ts';
import { type Scores, scoresOf } from './quality-scores.ts';
import { printReport } from './quality-tables.ts';
import { measureTiles, type TilesRow } from './quality-tiles.ts';

const frameSidePx = 1024;
/** The edit registers at this side. */
const registeredSidePx = 512;
/** How far inside the mask the old object ends. */
export const ghostMargins = [1, 6, 16, 40] as const;

export interface QualityRow {
  readonly drift: DriftName;
  readonly method: string;
  readonly scores: Scores;
}

/** The middle of the mask beside where the simulation moved it. */
export interface ShiftError {
  readonly drift: DriftName;
  /** px of the model's frame, and of the raster it is registered at. */
  readonly framePx: number;
  readonly registeredPx: number;
}

export interface GhostRow {
  readonly margin: number;
  readonly method: string;
  readonly ghost: number;
}

export interface QualityReport {
  readonly rows: readonly QualityRow[];
  /** After medium drift, root mean square over the scenes. */
  readonly ghosts: readonly GhostRow[];
  readonly shiftErrors: readonly ShiftError[];
  readonly tiles: readonly TilesRow[];
}

export async function measureQuality(): Promise<QualityReport> {
  const scenes = await largeScenes();
  const runs = scenes.flatMap((scene) =>
    (Object.keys(drifts) as DriftName[]).map((drift) => ({ scene, drift })),
  );
  const shiftErrors: ShiftError[] = [];
  const rows: QualityRow[] = [];
  for (const [seed, { scene, drift }] of runs.entries()) {
    const frame = fitSize(scene.truth, frameSidePx);
    const edited = simulateModel(scene.truth, frame, drifts[drift], seed + 1);
    for (const [method, run] of Object.entries<Method>(methods)) {
      const result = run({ crop: scene.truth, edited, mask: scene.mask });
      rows.push({ drift, method, scores: score(scene, result) });
      if (result.registration === undefined) continue;
      const { alignment } = result.registration;
      shiftErrors.push({ drift, ...shiftError(alignment, drifts[drift], frame, scene) });
    }
  }
  return {
    rows,
    ghosts: measureGhosts(scenes),
    shiftErrors,
    tiles: measureTiles(scenes.filter((_, n) => n % 3 === 0)),
  };
}

/** A result beside the truth, both cut to the mask and some of its surroundings. */
function score({ truth, mask }: Scene, { patch, raster }: Result): Scores {
  return scoresOf(raster, cut(truth, patch), cut(mask, patch));
}

function shiftError(found: Alignment, drift: Drift, frame: Size, { truth, mask }: Scene) {
  const { left, top, width, height } = boundingBox(mask)!;
  const x = (left + width / 2) / truth.width - 0.5;
  const y = (top + height / 2) / truth.height - 0.5;
  const framePx = Math.hypot(
    frame.width * (found.shiftX + (found.scale - drift.zoom) * x) - drift.shiftX,
    frame.height * (found.shiftY + (found.scale - drift.zoom) * y) - drift.shiftY,
  );
  return { framePx, registeredPx: (framePx * registeredSidePx) / Math.max(frame.width, frame.height) };
}

function measureGhosts(scenes: readonly Scene[]): GhostRow[] {
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

if (import.meta.main) {
  if (!hasPhotos()) console.log('The photos are not here: nothing to measure.');
  else printReport(await measureQuality());
}
