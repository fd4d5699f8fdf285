import type { Level } from './level.ts';

/** Steps between copied pieces beyond this are edges of things, not differences of light, 8 bit levels over R, G and B. */
const largestStep = 50;
/** Pull towards the copied colours: a step fades over about 1 / sqrt(pull) pixels. */
const pull = 4e-3;
/** Relaxation rounds on each grid; every grid starts from the solution of the one of half its size. */
const rounds = 24;
/** Successive over-relaxation factor; 1.9 would be faster alone, after a coarse start this settles. */
const overRelaxation = 1.6;
const coarsestCells = 64;

/** The correction `u` of one grid: `sum over neighbours (u_p - u_q) + pull * u_p = excess_p`, 0 outside. */
interface Grid {
  readonly width: number;
  readonly height: number;
  /** Cells with a value to find, in scan order. */
  readonly inside: Int32Array;
  /** H x W x 3. */
  readonly excess: Float32Array;
  readonly pull: number;
}

/**
 * Takes the differences of light out of a hole filled with copied pieces: colours change by the
 * smoothest correction under which steps between neighbours are those of the places copied from,
 * instead of the step from piece to piece. Grain and edges of the pieces stay.
 *
 * Minimises `sum (f_p - f_q - v_pq)^2 + pull * sum (f_p - g_p)^2` over neighbours `p`, `q` of the
 * hole, `g` the copied colours, `v` the steps at their origin, known pixels fixed.
 *
 * @param origins H x W: index of the known pixel each hole pixel was copied from, -1 outside the hole.
 * @see Perez et al., "Poisson image editing", SIGGRAPH 2003.
 */
export function blendPieces(level: Level, origins: Int32Array): void {
  const { rgb } = level;
  const grid = gridOf(level, origins);
  const correction = solve(grid);
  for (const hole of grid.inside) {
    for (let c = 3 * hole; c < 3 * hole + 3; c++) {
      rgb[c] = Math.min(255, Math.max(0, Math.round(rgb[c]! + correction[c]!)));
    }
  }
}

function gridOf(level: Level, origins: Int32Array): Grid {
  const { width, height } = level;
  const excess = new Float32Array(width * height * 3);
  const inside: number[] = [];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (origins[i]! >= 0) inside.push(i);
      if (x + 1 < width) addExcess(level, origins, i, i + 1, excess);
      if (y + 1 < height) addExcess(level, origins, i, i + width, excess);
    }
  }
  return { width, height, inside: Int32Array.from(inside), excess, pull };
}

/** Adds what the step from `p` to its neighbour `q` lacks or has too much, where the hole is involved. */
function addExcess(level: Level, origins: Int32Array, p: number, q: number, excess: Float32Array): void {
  const { rgb } = level;
  const fromP = origins[p]!;
  const fromQ = origins[q]!;
  if (fromP < 0 && fromQ < 0) return;
  const step = q - p;
  if (fromP >= 0 && fromQ === fromP + step) return;
  const besideP = fromP < 0 ? -1 : knownBeside(level, fromP, step);
  const besideQ = fromQ < 0 ? -1 : knownBeside(level, fromQ, -step);
  if (besideP < 0 && besideQ < 0) return;
  const lack: Step = [0, 0, 0];
  for (let c = 0; c < 3; c++) {
    const have = rgb[3 * q + c]! - rgb[3 * p + c]!;
    const atP = besideP < 0 ? undefined : rgb[3 * besideP + c]! - rgb[3 * fromP + c]!;
    const atQ = besideQ < 0 ? undefined : rgb[3 * fromQ + c]! - rgb[3 * besideQ + c]!;
    lack[c] = ((atP ?? atQ ?? have) + (atQ ?? atP ?? have)) / 2 - have;
  }
  const trust = trustIn(lack);
  for (let c = 0; c < 3; c++) {
    excess[3 * q + c]! += trust * lack[c]!;
    excess[3 * p + c]! -= trust * lack[c]!;
  }
}

/** The neighbour of an origin, where it is known and in the picture, else -1. */
function knownBeside({ width, hole }: Level, origin: number, step: number): number {
  const column = origin % width;
  if ((step === 1 && column === width - 1) || (step === -1 && column === 0)) return -1;
  return hole[origin + step] === 0 ? origin + step : -1;
}

type Step = [number, number, number];

/** Tukey's biweight of its length: small steps are mended whole, large ones not at all. */
function trustIn([red, green, blue]: Step): number {
  const ratio = (red * red + green * green + blue * blue) / (largestStep * largestStep);
  return ratio >= 1 ? 0 : (1 - ratio) ** 2;
}

/** Cascadic multigrid: solves at half size first, then relaxes that solution at this size. */
function solve(grid: Grid): Float32Array {
  const small = grid.inside.length <= coarsestCells || Math.min(grid.width, grid.height) < 4;
  const start = small ? new Float32Array(grid.excess.length) : double(solve(halveGrid(grid)), grid);
  relax(grid, start, small ? 4 * rounds : rounds);
  return start;
}

/** Four cells become one: their excesses add up, and the pull on it is four times as strong. */
function halveGrid(grid: Grid): Grid {
  const width = (grid.width + 1) >> 1;
  const height = (grid.height + 1) >> 1;
  const excess = new Float32Array(width * height * 3);
  const counts = new Uint8Array(width * height);
  for (const cell of grid.inside) {
    const x = cell % grid.width;
    const y = (cell - x) / grid.width;
    const parent = (y >> 1) * width + (x >> 1);
    counts[parent]!++;
    for (let c = 0; c < 3; c++) excess[3 * parent + c]! += grid.excess[3 * cell + c]!;
  }
  const inside: number[] = [];
  for (let i = 0; i < counts.length; i++) if (counts[i]! >= 2) inside.push(i);
  return { width, height, inside: Int32Array.from(inside), excess, pull: 4 * grid.pull };
}

function double(coarse: Float32Array, grid: Grid): Float32Array {
  const fine = new Float32Array(grid.excess.length);
  const stride = (grid.width + 1) >> 1;
  for (const cell of grid.inside) {
    const x = cell % grid.width;
    const y = (cell - x) / grid.width;
    const parent = (y >> 1) * stride + (x >> 1);
    for (let c = 0; c < 3; c++) fine[3 * cell + c] = coarse[3 * parent + c]!;
  }
  return fine;
}

function relax({ width, height, inside, excess, pull }: Grid, u: Float32Array, times: number): void {
  const row = 3 * width;
  const last = excess.length;
  for (let time = 0; time < times; time++) {
    for (const cell of inside) {
      const x = cell % width;
      const top = cell < width;
      const bottom = cell >= width * (height - 1);
      const neighbours = 4 - (x === 0 ? 1 : 0) - (x === width - 1 ? 1 : 0) - (top ? 1 : 0) - (bottom ? 1 : 0);
      const scale = overRelaxation / (neighbours + pull);
      for (let c = 3 * cell; c < 3 * cell + 3 && c < last; c++) {
        let sum = excess[c]! - (neighbours + pull) * u[c]!;
        if (x > 0) sum += u[c - 3]!;
        if (x < width - 1) sum += u[c + 3]!;
        if (!top) sum += u[c - row]!;
        if (!bottom) sum += u[c + row]!;
        u[c]! += scale * sum;
      }
    }
  }
}
