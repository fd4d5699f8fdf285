import { composite } from '../../lib/fit/composite.ts';
import { fuseTiles } from '../../lib/fit/tiles.ts';
import { boundingBox, crop as cut, paste } from '../../lib/pixels/box.ts';
import type { Raster } from '../../lib/pixels/raster.ts';
import { fitSize, rescale } from '../../lib/pixels/resample.ts';
import type { FramePlan } from '../../lib/plan/frame.ts';
import { planDetail, type TilePlan } from '../../lib/plan/tile-plan.ts';
import { drifts, simulateModel } from './drift.ts';
import { withPatch } from './quality-methods.ts';
import { ellipseMask, type Scene, withObject } from './quality-scenes.ts';
import { scoresOf } from './quality-scores.ts';

const frameSidePx = 700;
/** Enough that all of the detail is asked for. */
const maxTiles = 16;
/** Most of the crop, so that tiles meet inside. */
const largeEllipse = { x: 0.5, y: 0.5, rx: 0.36, ry: 0.36 };
/** The old object ends so many px inside the mask. */
const marginPx = 16;

export interface TilesRow {
  readonly way: string;
  readonly calls: number;
  readonly psnr: number;
  /** Mean difference of neighbours inside the mask over the truth's; 1 = all of the fine detail. */
  readonly detail: number;
  /** How much more the error steps where tiles begin than beside it, levels. */
  readonly tileSeam: number;
}

/** One answer, tiles that know nothing of each other, and tiles guided by the first answer. */
export function measureTiles(scenes: readonly Scene[]): TilesRow[] {
  return scenes.flatMap(({ truth }, seed) => {
    const mask = ellipseMask(truth.width, truth.height, largeEllipse);
    const crop = withObject(truth, mask, marginPx);
    const box = { left: 0, top: 0, width: truth.width, height: truth.height };
    const frame = fitSize(truth, frameSidePx);
    const scale = truth.width / frame.width;
    const plan: FramePlan = { box, frame, content: { left: 0, top: 0, ...frame }, scale };
    const tiling = planDetail({ mask, plan, maxTiles });
    if (tiling === undefined) return [];
    const first = simulateModel(truth, frame, drifts.medium, seed + 1);
    const answers = tiling.tiles.map((tile, n) => answerOf(cut(truth, tile.box), plan, n));
    const guide = withPatch(crop, composite({ crop, edited: first, mask, featherPx: 0 }));
    const fusion = fuseTiles({ guide, mask, guidePixelPx: scale });
    for (const [n, place] of tiling.tiles.entries()) fusion.add({ place, answer: answers[n]! });
    const ways = [
      { way: 'one answer', edited: first, calls: 1 },
      { way: 'plain tiles', edited: pasted(guide, tiling, answers), calls: answers.length },
      { way: 'guided tiles', edited: fusion.canvas, calls: answers.length + 1 },
    ];
    return ways.map(({ way, edited, calls }) => {
      const result = withPatch(crop, composite({ crop, edited, mask }));
      return { way, calls, ...measured(result, { truth, mask }, tiling) };
    });
  });
}

/** Each call drifts in its own way and paints in its own light. */
function answerOf(tile: Raster, { frame }: FramePlan, n: number): Raster {
  const gains = n % 2 === 0 ? ([1.05, 1.02, 0.98] as const) : ([0.95, 0.97, 1.03] as const);
  const drift = { ...drifts.medium, blurPx: 0.3, gains, shiftX: (n % 3) - 1, shiftY: 0.7 * (n % 2) };
  return simulateModel(tile, frame, drift, n + 2);
}

/** Tile beside tile, cut where the next one begins. */
function pasted(canvas: Raster, { tiles }: TilePlan, answers: readonly Raster[]): Raster {
  const out = { ...canvas, data: Uint8Array.from(canvas.data) };
  for (const [n, { box }] of tiles.entries()) paste<Raster>(out, rescale(answers[n]!, box, 'area'), box);
  return out;
}

function measured(result: Raster, scene: Pick<Scene, 'truth' | 'mask'>, tiling: TilePlan) {
  const { truth, mask } = scene;
  const around = boundingBox(mask)!;
  const [got, wanted, inside] = [cut(result, around), cut(truth, around), cut(mask, around)];
  const { psnr } = scoresOf(got, wanted, inside);
  const detail = neighbours(got, inside) / neighbours(wanted, inside);
  return { psnr, detail, tileSeam: tileSeam(result, tiling, scene) };
}

/** Mean absolute difference of horizontal neighbours where both are masked. */
function neighbours({ width, channels, data }: Raster, mask: { readonly data: Uint8Array }): number {
  let [sum, count] = [0, 0];
  for (let p = 0; p + 1 < mask.data.length; p++) {
    if (mask.data[p] === 0 || mask.data[p + 1] === 0 || (p + 1) % width === 0) continue;
    for (let c = 0; c < channels; c++)
      sum += Math.abs(data[p * channels + c]! - data[(p + 1) * channels + c]!);
    count += channels;
  }
  return sum / Math.max(1, count);
}

/** Columns so far to both sides of a tile's edge tell how much the error steps without one. */
const besidePx = [-9, -6, 6, 9] as const;

/** Mean absolute step of the error across the left edges of tiles, less that of columns beside them. */
function tileSeam(result: Raster, { tiles }: TilePlan, scene: Pick<Scene, 'truth' | 'mask'>): number {
  const edges = [...new Set(tiles.map(({ box }) => box.left).filter((left) => left > 0))];
  const beside = edges.flatMap((x) => besidePx.map((away) => x + away));
  return errorStep(result, scene, edges) - errorStep(result, scene, beside);
}

/** Mean absolute step of the error from one column to the next where both are masked. */
function errorStep(
  { data }: Raster,
  { truth, mask }: Pick<Scene, 'truth' | 'mask'>,
  columns: readonly number[],
): number {
  let [sum, count] = [0, 0];
  for (let row = 0; row < mask.data.length; row += mask.width) {
    for (const x of columns) {
      if (mask.data[row + x] === 0 || mask.data[row + x - 1] === 0) continue;
      for (let k = (row + x) * 3; k < (row + x) * 3 + 3; k++) {
        sum += Math.abs(data[k]! - truth.data[k]! - (data[k - 3]! - truth.data[k - 3]!));
      }
      count += 3;
    }
  }
  return sum / Math.max(1, count);
}
