import { PatchLevel } from './patch-sweep';
import { widened } from './patch-vote';

/**
 * One grid of the correction of light: a cell for each place in the hole, and one more of zeros for all
 * others. Its fields stand in the order in which lib/engines/patchmatch/blend.ts writes them. Values of a
 * cell are four f32, of which a picture of three channels leaves the last 0.
 */
@unmanaged
export class LightGrid {
  /** Places across. */
  width: i32;
  height: i32;
  /** Number of cells, without the one of zeros. */
  count: i32;
  /** The place of each cell in scan order, i32. */
  inside: usize;
  /** H x W, i32: the cell of each place, `count` where there is none. */
  cells: usize;
  /** Four i32 a cell: its left, right, upper and lower neighbour. */
  neighbours: usize;
  /** One byte a cell: how many of these are places of the grid, in the hole or not. */
  degrees: usize;
  /** What the steps beside each cell have too much. */
  excess: usize;
  /** The correction, and the zeros behind it. */
  light: usize;

  /** Mends a cell, if there is one of this number. */
  @inline
  relax(n: i32, pull: f64): void {
    if (<u32>n >= <u32>this.count) return;
    const light = this.light;
    const at = this.neighbours + (n << 4);
    const weight = <f64>load<u8>(this.degrees + n) + pull;
    const left = light + (load<i32>(at) << 4);
    const right = light + (load<i32>(at, 4) << 4);
    const upper = light + (load<i32>(at, 8) << 4);
    const lower = light + (load<i32>(at, 12) << 4);
    const cell = light + (n << 4);
    const excess = this.excess + (n << 4);
    const weights = f64x2.splat(weight);
    const scales = f64x2.splat(overRelaxation / weight);
    const first = relaxed(excess, cell, left, right, upper, lower, weights, scales);
    const last = relaxed(excess + 8, cell + 8, left + 8, right + 8, upper + 8, lower + 8, weights, scales);
    v128.store(cell, v128.shuffle<i32>(first, last, 0, 1, 4, 5));
  }
}

/** Over-relaxation factor: 1.9 is faster from nothing, but does not settle after a coarse start. */
const overRelaxation: f64 = 1.6;
/** Longer steps between copied pieces are edges of things, not light; 8 bit levels over all channels. */
const largestStep: f64 = 50;

/** Numbers the cells, whose places are given, and notes their neighbours. Their light begins with 0. */
export function linkCells(grid: LightGrid): void {
  const width = grid.width;
  const places = width * grid.height;
  const count = grid.count;
  for (let place = 0; place < places; place++) store<i32>(grid.cells + (place << 2), count);
  for (let n = 0; n < count; n++) store<i32>(grid.cells + (load<i32>(grid.inside + (n << 2)) << 2), n);
  memory.fill(grid.light, 0, (<usize>count + 1) << 4);
  for (let n = 0; n < count; n++) {
    const place = load<i32>(grid.inside + (n << 2));
    const x = place % width;
    const at = grid.neighbours + (n << 4);
    const hasLeft = x > 0;
    const hasRight = x < width - 1;
    const hasUpper = place >= width;
    const hasLower = place < places - width;
    store<i32>(at, hasLeft ? load<i32>(grid.cells + ((place - 1) << 2)) : count);
    store<i32>(at, hasRight ? load<i32>(grid.cells + ((place + 1) << 2)) : count, 4);
    store<i32>(at, hasUpper ? load<i32>(grid.cells + ((place - width) << 2)) : count, 8);
    store<i32>(at, hasLower ? load<i32>(grid.cells + ((place + width) << 2)) : count, 12);
    store<u8>(grid.degrees + n, <u8>(i32(hasLeft) + i32(hasRight) + i32(hasUpper) + i32(hasLower)));
  }
}

/**
 * Writes what the steps beside every cell have too much. The step between two pieces should be the mean of
 * the steps at their origins.
 *
 * @param pieces has a cell for each hole pixel.
 */
export function excessOfPieces(grid: LightGrid, pieces: PatchLevel): void {
  const width = grid.width;
  const places = width * grid.height;
  for (let n = 0; n < grid.count; n++) {
    const place = load<i32>(grid.inside + (n << 2));
    const x = place % width;
    const at = grid.excess + (n << 4);
    v128.store(at, i32x4.splat(0));
    if (place >= width) addExcess(pieces, place - width, width, at, 1);
    if (x > 0) addExcess(pieces, place - 1, 1, at, 1);
    if (x < width - 1) addExcess(pieces, place, 1, at, -1);
    if (place < places - width) addExcess(pieces, place, width, at, -1);
  }
}

/** Adds what the step from `p` to `p + step` lacks or has too much, times `sign`. */
function addExcess(pieces: PatchLevel, p: i32, step: i32, at: usize, sign: f64): void {
  const q = p + step;
  const fromP = load<i32>(pieces.origins + (p << 2));
  const fromQ = load<i32>(pieces.origins + (q << 2));
  if (fromP >= 0 && fromQ === fromP + step) return;
  const knowsP = fromP >= 0 && isKnownBeside(pieces, fromP, step);
  const knowsQ = fromQ >= 0 && isKnownBeside(pieces, fromQ, -step);
  if (!knowsP && !knowsQ) return;
  const atP = knowsP ? stepOf(pieces, fromP, fromP + step) : stepOf(pieces, fromQ - step, fromQ);
  const atQ = knowsQ ? stepOf(pieces, fromQ - step, fromQ) : atP;
  const have = stepOf(pieces, p, q);
  // Twice what lacks, a whole number.
  const lack = i32x4.sub(i32x4.add(atP, atQ), i32x4.add(have, have));
  const trust = sign * trustIn(lack) * 0.5;
  addPair(at, trust, lack);
  addPair(at + 8, trust, v128.shuffle<i32>(lack, lack, 2, 3, 0, 1));
}

function addPair(at: usize, trust: f64, lack: v128): void {
  const change = f64x2.mul(f64x2.splat(trust), f64x2.convert_low_i32x4_s(lack));
  v128.store64_lane(at, f32x4.demote_f64x2_zero(f64x2.add(pairAt(at), change)), 0);
}

/** True where the pixel one step from an origin is inside the picture and known. */
function isKnownBeside(pieces: PatchLevel, origin: i32, step: i32): bool {
  const column = origin % pieces.width;
  if ((step === 1 && column === pieces.width - 1) || (step === -1 && column === 0)) return false;
  const beside = origin + step;
  const isInside = <u32>beside < <u32>(pieces.width * pieces.height);
  return isInside && load<i32>(pieces.origins + (beside << 2)) < 0;
}

/** Difference of two pixels, four i32; of three channels the fourth is 0. */
function stepOf(pieces: PatchLevel, from: i32, to: i32): v128 {
  const channels = pieces.channels;
  const step = i32x4.sub(widened(pieces.rgb + to * channels), widened(pieces.rgb + from * channels));
  return channels === 4 ? step : i32x4.replace_lane(step, 3, 0);
}

/** Tukey's biweight of a step of half these values: small steps are mended wholly, large ones not at all. */
function trustIn(doubled: v128): f64 {
  const squares = i32x4.mul(doubled, doubled);
  const pairs = i32x4.add(squares, v128.shuffle<i32>(squares, squares, 2, 3, 0, 1));
  const squared = <f64>(i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1)) * 0.25;
  const rest = 1 - squared / (largestStep * largestStep);
  return rest <= 0 ? 0 : rest * rest;
}

/** Adds the light to the pixels of the cells, rounded to nearest and within 0 to 255. */
export function addLight(grid: LightGrid, rgb: usize, channels: i32): void {
  for (let n = 0; n < grid.count; n++) {
    const at = rgb + load<i32>(grid.inside + (n << 2)) * channels;
    for (let c = 0; c < channels; c++) {
      const lit = <f64>load<u8>(at + c) + <f64>load<f32>(grid.light + (n << 4) + (c << 2));
      store<u8>(at + c, <u8>min(255, max(0, Math.round(lit))));
    }
  }
}

/**
 * Successive over-relaxation of the light `u`: `sum over neighbours (u_p - u_q) + pull * u_p = excess_p`.
 *
 * Four rounds are under way at once, each just far enough behind the one before that it finds what it would
 * find after it: a processor waits for one cell of a round, and meanwhile works on the others.
 *
 * @param times how often each cell is mended, a multiple of four.
 */
export function relaxLight(grid: LightGrid, pull: f64, times: i32): void {
  const lag = furthestNeighbour(grid) + 1;
  for (let time = 0; time < times; time += 4) {
    for (let n = 0; n < grid.count + 3 * lag; n++) {
      grid.relax(n, pull);
      grid.relax(n - lag, pull);
      grid.relax(n - 2 * lag, pull);
      grid.relax(n - 3 * lag, pull);
    }
  }
}

/** How many cells any neighbour is before or behind a cell. */
function furthestNeighbour(grid: LightGrid): i32 {
  let furthest = 1;
  for (let n = 0; n < grid.count; n++) {
    const lower = load<i32>(grid.neighbours + (n << 4), 12);
    if (lower < grid.count) furthest = max(furthest, lower - n);
  }
  return furthest;
}

/** Two channels of a cell, mended. */
function relaxed(
  excess: usize,
  cell: usize,
  left: usize,
  right: usize,
  upper: usize,
  lower: usize,
  weights: v128,
  scales: v128,
): v128 {
  const held = pairAt(cell);
  let lack = f64x2.sub(pairAt(excess), f64x2.mul(weights, held));
  lack = f64x2.add(f64x2.add(lack, pairAt(left)), pairAt(right));
  lack = f64x2.add(f64x2.add(lack, pairAt(upper)), pairAt(lower));
  return f32x4.demote_f64x2_zero(f64x2.add(held, f64x2.mul(scales, lack)));
}

/** Two f32 as two f64. */
function pairAt(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at));
}

/**
 * Begins a grid of half the size: four places become one, their excesses add up, and a place of which at
 * least two are in the hole gets a cell. Writes `count`, `inside` and `excess` of the coarse grid.
 *
 * @param sums room for four f32 for each place of the coarse grid.
 * @param counts room for a byte each.
 * @returns the number of cells.
 */
export function halveLight(fine: LightGrid, coarse: LightGrid, sums: usize, counts: usize): i32 {
  const places = coarse.width * coarse.height;
  memory.fill(sums, 0, (<usize>places) << 4);
  memory.fill(counts, 0, places);
  for (let n = 0; n < fine.count; n++) {
    const place = parentOf(fine, coarse, n);
    store<u8>(counts + place, load<u8>(counts + place) + 1);
    const at = sums + (place << 4);
    v128.store(at, f32x4.add(v128.load(at), v128.load(fine.excess + (n << 4))));
  }
  let count = 0;
  for (let place = 0; place < places; place++) {
    if (load<u8>(counts + place) < 2) continue;
    store<i32>(coarse.inside + (count << 2), place);
    v128.store(coarse.excess + (count << 4), v128.load(sums + (place << 4)));
    count++;
  }
  coarse.count = count;
  return count;
}

/** Each cell begins with the light of the cell of half the size around it, or 0. */
export function doubleLight(coarse: LightGrid, fine: LightGrid): void {
  for (let n = 0; n < fine.count; n++) {
    const cell = load<i32>(coarse.cells + (parentOf(fine, coarse, n) << 2));
    v128.store(fine.light + (n << 4), v128.load(coarse.light + (cell << 4)));
  }
}

function parentOf(fine: LightGrid, coarse: LightGrid, cell: i32): i32 {
  const place = load<i32>(fine.inside + (cell << 2));
  const y = place / fine.width;
  const x = place - y * fine.width;
  return (y >> 1) * coarse.width + (x >> 1);
}
