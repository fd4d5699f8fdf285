import type { Level } from './level.ts';

/** Longer steps between copied pieces are edges of things, not light; 8 bit levels over all channels. */
const largestStep = 50;
/** Weight of the copied colours: a step fades over about 1 / sqrt(pull) pixels. */
const pull = 4e-3;
/** Relaxation rounds on each grid; each grid starts from the solution of the grid of half its size. */
const rounds = 24;
/** Over-relaxation factor: 1.9 is faster from nothing, but does not settle after a coarse start. */
const overRelaxation = 1.6;
const coarsestCells = 64;

/** The correction `u` of one grid: `sum over neighbours (u_p - u_q) + pull * u_p = excess_p`, 0 outside. */
interface Grid {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** Cells with a value to find, in scan order. */
  readonly inside: Int32Array;
  /** H x W x C. */
  readonly excess: Float32Array;
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
 * @param origins H x W: index of the known pixel each hole pixel was copied from, -1 outside the hole.
 * @see Perez et al., "Poisson image editing", SIGGRAPH 2003.
 */
export function blendPieces(level: Level, origins: Int32Array): void {
  const { channels, rgb } = level;
  const grid = gridOf(level, origins);
  const correction = solve(grid);
  for (const hole of grid.inside) {
    for (let c = channels * hole; c < channels * (hole + 1); c++) {
      rgb[c] = Math.min(255, Math.max(0, Math.round(rgb[c]! + correction[c]!)));
    }
  }
}

function gridOf(level: Level, origins: Int32Array): Grid {
  const { width, height, channels } = level;
  const excess = new Float32Array(width * height * channels);
  const inside: number[] = [];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (origins[i]! >= 0) inside.push(i);
      if (x + 1 < width) addExcess(level, origins, i, i + 1, excess);
      if (y + 1 < height) addExcess(level, origins, i, i + width, excess);
    }
  }
  return { width, height, channels, inside: Int32Array.from(inside), excess, pull };
}

/** Adds what the step from `p` to its neighbour `q` lacks or has too much, where the hole is involved. */
function addExcess(level: Level, origins: Int32Array, p: number, q: number, excess: Float32Array): void {
  const fromP = origins[p]!;
  const fromQ = origins[q]!;
  const step = q - p;
  const isOnePiece = fromP >= 0 && fromQ === fromP + step;
  if ((fromP < 0 && fromQ < 0) || isOnePiece) return;
  const besideP = fromP < 0 ? -1 : knownBeside(level, fromP, step);
  const besideQ = fromQ < 0 ? -1 : knownBeside(level, fromQ, -step);
  if (besideP < 0 && besideQ < 0) return;
  const lack = lackOf(
    stepOf(level, p, q),
    besideP < 0 ? undefined : stepOf(level, fromP, besideP),
    besideQ < 0 ? undefined : stepOf(level, besideQ, fromQ),
  );
  const trust = trustIn(lack);
  const { channels } = level;
  for (let c = 0; c < channels; c++) {
    excess[channels * q + c]! += trust * lack[c]!;
    excess[channels * p + c]! -= trust * lack[c]!;
  }
}

/** The neighbour of an origin where it is known and inside the picture, else -1. */
function knownBeside({ width, hole }: Level, origin: number, step: number): number {
  const column = origin % width;
  if ((step === 1 && column === width - 1) || (step === -1 && column === 0)) return -1;
  return hole[origin + step] === 0 ? origin + step : -1;
}

/** Difference of two pixels; of three channels the fourth is 0. */
type Step = readonly [number, number, number, number];

function stepOf({ channels, rgb }: Level, from: number, to: number): Step {
  const step = (c: 0 | 1 | 2 | 3) => rgb[channels * to + c]! - rgb[channels * from + c]!;
  return [step(0), step(1), step(2), channels === 4 ? step(3) : 0];
}

/** The mean of the steps at both origins less the present step; an unknown step is replaced by the other. */
function lackOf(have: Step, atP: Step | undefined, atQ: Step | undefined): Step {
  const first = atP ?? atQ ?? have;
  const second = atQ ?? atP ?? have;
  const lack = (c: 0 | 1 | 2 | 3) => (first[c] + second[c]) / 2 - have[c];
  return [lack(0), lack(1), lack(2), lack(3)];
}

/** Tukey's biweight of a step's length: small steps are mended wholly, large ones not at all. */
function trustIn([red, green, blue, last]: Step): number {
  const ratio = (red * red + green * green + blue * blue + last * last) / (largestStep * largestStep);
  return ratio >= 1 ? 0 : (1 - ratio) ** 2;
}

/** A correction of 0 for each cell, and for one more beyond the border. */
const zeroOn = ({ width, height, channels }: Grid) => new Float32Array(channels * (width * height + 1));

/** Cascadic multigrid: solves at half size first, then relaxes that solution at this size. */
function solve(grid: Grid): Float32Array {
  const small = grid.inside.length <= coarsestCells || Math.min(grid.width, grid.height) < 4;
  const start = small ? zeroOn(grid) : double(solve(halveGrid(grid)), grid);
  relax(grid, start, small ? 4 * rounds : rounds);
  return start;
}

/** Four cells become one: their excesses add up, and the pull is four times as strong. */
function halveGrid(grid: Grid): Grid {
  const { channels } = grid;
  const width = (grid.width + 1) >> 1;
  const height = (grid.height + 1) >> 1;
  const excess = new Float32Array(width * height * channels);
  const counts = new Uint8Array(width * height);
  for (const cell of grid.inside) {
    const x = cell % grid.width;
    const y = (cell - x) / grid.width;
    const parent = (y >> 1) * width + (x >> 1);
    counts[parent]!++;
    for (let c = 0; c < channels; c++) excess[channels * parent + c]! += grid.excess[channels * cell + c]!;
  }
  const inside: number[] = [];
  for (let i = 0; i < counts.length; i++) if (counts[i]! >= 2) inside.push(i);
  return { width, height, channels, inside: Int32Array.from(inside), excess, pull: 4 * grid.pull };
}

function double(coarse: Float32Array, grid: Grid): Float32Array {
  const fine = zeroOn(grid);
  const stride = (grid.width + 1) >> 1;
  const { channels } = grid;
  for (const cell of grid.inside) {
    const x = cell % grid.width;
    const y = (cell - x) / grid.width;
    const parent = (y >> 1) * stride + (x >> 1);
    for (let c = 0; c < channels; c++) fine[channels * cell + c] = coarse[channels * parent + c]!;
  }
  return fine;
}

/** Successive over-relaxation of `u`, whose last cell is the zero beyond the border. */
function relax(grid: Grid, u: Float32Array, times: number): void {
  const { inside, excess, pull, channels } = grid;
  const neighbours = neighboursOf(grid);
  for (let time = 0; time < times; time++) {
    for (let n = 0; n < inside.length; n++) {
      const cell = channels * inside[n]!;
      const left = neighbours.at[4 * n]!;
      const right = neighbours.at[4 * n + 1]!;
      const up = neighbours.at[4 * n + 2]!;
      const down = neighbours.at[4 * n + 3]!;
      const weight = neighbours.count[n]! + pull;
      const scale = overRelaxation / weight;
      for (let c = 0; c < channels; c++) {
        const lack = excess[cell + c]! - weight * u[cell + c]!;
        u[cell + c]! += scale * (lack + u[left + c]! + u[right + c]! + u[up + c]! + u[down + c]!);
      }
    }
  }
}

/** For each cell inside: where its left, right, upper and lower neighbours are in `u`, and their number. */
function neighboursOf({ width, height, channels, inside }: Grid) {
  const beyond = channels * width * height;
  const at = new Int32Array(4 * inside.length).fill(beyond);
  const count = new Uint8Array(inside.length);
  inside.forEach((cell, n) => {
    const x = cell % width;
    const y = (cell - x) / width;
    const add = (place: number, isThere: boolean, neighbour: number) => {
      if (!isThere) return;
      at[4 * n + place] = channels * neighbour;
      count[n]!++;
    };
    add(0, x > 0, cell - 1);
    add(1, x < width - 1, cell + 1);
    add(2, y > 0, cell - width);
    add(3, y < height - 1, cell + width);
  });
  return { at, count };
}
