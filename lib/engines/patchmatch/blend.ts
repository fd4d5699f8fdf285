import type { Pointer } from '../../kernels/exports.ts';
import type { KernelUse } from '../../kernels/kernels.ts';
import type { Level } from './level.ts';
import type { LevelMemory } from './memory.ts';
import type { Patches } from './patches.ts';

/** Weight of the copied colours: a step fades over about 1 / sqrt(pull) pixels. */
const pull = 4e-3;
/** Relaxation rounds on each grid; each grid starts from the solution of the grid of half its size. */
const rounds = 24;
const coarsestCells = 64;

/**
 * The correction `u` of one grid, in memory: `sum over neighbours (u_p - u_q) + pull * u_p = excess_p`, 0
 * outside.
 */
interface Grid {
  readonly at: Pointer;
  readonly width: number;
  readonly height: number;
  /** Cells with a value to find. */
  readonly count: number;
  readonly pull: number;
}

/**
 * Removes the differences of light between the pieces that were copied into a hole. Colours change by the
 * smoothest correction that makes the steps between pieces like the steps at their origins. Grain and edges
 * of the pieces stay.
 *
 * Minimises `sum (f_p - f_q - v_pq)^2 + pull * sum (f_p - g_p)^2` over neighbours `p`, `q` of the
 * hole, `g` the copied colours, `v` the steps at their origin, known pixels fixed.
 *
 * @param memory of the level, with the origins of its pieces.
 * @see Perez et al., "Poisson image editing", SIGGRAPH 2003.
 */
export function blendPieces(
  use: KernelUse,
  { width, height, channels }: Level,
  { holes }: Patches,
  memory: LevelMemory,
): void {
  const { kernels } = use;
  const count = holes.length;
  const at = reserveGrid(use, { width, height, count, inside: memory.holes });
  kernels.linkCells(at);
  kernels.excessOfPieces(at, memory.at);
  solve(use, { at, width, height, count, pull });
  kernels.addLight(at, memory.rgb, channels);
}

interface GridRoom extends Pick<Grid, 'width' | 'height' | 'count'> {
  readonly inside: Pointer;
}

/** Reserves a grid for at most `count` cells; four values a cell, also of three channels. */
function reserveGrid({ arena: { put, reserve } }: KernelUse, { width, height, count, inside }: GridRoom) {
  const cells = reserve(4 * width * height);
  const neighbours = reserve(16 * count);
  const degrees = reserve(count);
  const excess = reserve(16 * count);
  const light = reserve(16 * (count + 1));
  // The order of the fields of `LightGrid`.
  return put(Int32Array.of(width, height, count, inside, cells, neighbours, degrees, excess, light));
}

/** Cascadic multigrid: solves at half size first, then relaxes that solution at this size. */
function solve(use: KernelUse, grid: Grid): void {
  const { kernels } = use;
  const isSmall = grid.count <= coarsestCells || Math.min(grid.width, grid.height) < 4;
  if (!isSmall) {
    const coarse = halveGrid(use, grid);
    solve(use, coarse);
    kernels.doubleLight(coarse.at, grid.at);
  }
  kernels.relaxLight(grid.at, grid.pull, isSmall ? 4 * rounds : rounds);
}

/** Four places become one: their excesses add up, and the pull is four times as strong. */
function halveGrid(use: KernelUse, fine: Grid): Grid {
  const { kernels, arena } = use;
  const width = (fine.width + 1) >> 1;
  const height = (fine.height + 1) >> 1;
  // A cell is made of at least two.
  const most = fine.count >> 1;
  const at = reserveGrid(use, { width, height, count: most, inside: arena.reserve(4 * most) });
  const sums = arena.reserve(16 * width * height);
  const count = kernels.halveLight(fine.at, at, sums, arena.reserve(width * height));
  kernels.linkCells(at);
  return { at, width, height, count, pull: 4 * fine.pull };
}
