import { patchDistance } from './distance.ts';
import type { Level } from './level.ts';
import type { Patches } from './patches.ts';

/** A source of unsigned 32 bit integers. */
export type Random = () => number;

/**
 * A seeded generator: the same seed gives the same numbers on every machine.
 *
 * @param seed any integer; only its low 32 bits count.
 * @see Steele and Vigna, "Computationally easy, spectrally good multipliers", 2021 (mulberry32 form).
 */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** For each target patch, the most similar source patch found so far. */
export interface Field {
  /** H x W: centre of the source patch, -1 where the pixel is no target. */
  readonly nearest: Int32Array;
  /** H x W: patch distance to that source in the last sweep. */
  readonly cost: Int32Array;
}

export function randomField(level: Level, patches: Patches, random: Random): Field {
  const nearest = new Int32Array(level.width * level.height).fill(-1);
  for (const target of patches.targets) nearest[target] = randomSource(patches, random);
  return { nearest, cost: new Int32Array(nearest.length) };
}

/** The field of the next finer level: every offset doubled, or a random source where that is none. */
export function doubleField(
  coarse: Field,
  from: Level,
  level: Level,
  patches: Patches,
  random: Random,
): Field {
  const { width, height } = level;
  const { radius, isSource } = patches;
  const nearest = new Int32Array(width * height).fill(-1);
  for (const target of patches.targets) {
    const x = target % width;
    const y = (target - x) / width;
    const parent = nearestTarget(coarse, from, x >> 1, y >> 1);
    let source = -1;
    if (parent >= 0) {
      const found = coarse.nearest[parent]!;
      const dx = (found % from.width) - (parent % from.width);
      const dy = Math.floor(found / from.width) - Math.floor(parent / from.width);
      const sx = Math.min(width - 1 - radius, Math.max(radius, x + 2 * dx));
      const sy = Math.min(height - 1 - radius, Math.max(radius, y + 2 * dy));
      source = sy * width + sx;
    }
    nearest[target] = source >= 0 && isSource[source] ? source : randomSource(patches, random);
  }
  return { nearest, cost: new Int32Array(nearest.length) };
}

/**
 * The target at (x, y), or one within two pixels of it, since rounding moves the border of the hole; else -1.
 */
function nearestTarget(field: Field, level: Level, x: number, y: number): number {
  for (let reach = 0; reach <= 2; reach++) {
    for (let j = Math.max(0, y - reach); j <= Math.min(level.height - 1, y + reach); j++) {
      for (let i = Math.max(0, x - reach); i <= Math.min(level.width - 1, x + reach); i++) {
        if (field.nearest[j * level.width + i]! >= 0) return j * level.width + i;
      }
    }
  }
  return -1;
}

function randomSource(patches: Patches, random: Random): number {
  return patches.sources[random() % patches.sources.length]!;
}

interface Sweep {
  /** Scan order; alternate it so that good matches travel both ways. */
  readonly backwards: boolean;
  /** Half the side of the widest window of the random search, pixels. */
  readonly reach: number;
}

/** What each neighbour with the same offset is worth, as a squared difference: about two levels of noise. */
const coherenceFloor = 400;
/** The same as a share of the patch distance, since rough texture never matches closely. */
const coherenceShare = 0.05;

/**
 * One pass of PatchMatch over the targets. Each target tries the shifted matches of its left and upper
 * neighbours (right and lower when going backwards), then random places around its match, in windows that
 * halve from `reach` to 1. A match is better with a smaller `distance - gain * (neighbours with the same
 * offset)`: without the second term a smooth surface is copied from its smoothest spots over and over, and
 * its grain turns into streaks.
 *
 * @see Barnes et al., "PatchMatch: a randomized correspondence algorithm for structural image
 *   editing", SIGGRAPH 2009.
 */
export function sweepField(level: Level, patches: Patches, field: Field, sweep: Sweep, random: Random): void {
  const { width, height } = level;
  const { radius, targets, isSource } = patches;
  const { nearest, cost } = field;
  const step = sweep.backwards ? -1 : 1;
  const right = width - 1 - radius;
  const bottom = height - 1 - radius;
  for (let n = 0; n < targets.length; n++) {
    const target = targets[sweep.backwards ? targets.length - 1 - n : n]!;
    let best = nearest[target]!;
    let least = patchDistance(level, radius, target, best, 0x7fffffff);
    let agreeing = agreement(nearest, target, best - target, width);
    const gain = coherenceFloor + coherenceShare * least;
    const propose = (source: number) => {
      if (source === best || !isSource[source]) return;
      const agrees = agreement(nearest, target, source - target, width);
      const limit = least + gain * (agrees - agreeing);
      const distance = patchDistance(level, radius, target, source, limit);
      if (distance >= limit) return;
      best = source;
      least = distance;
      agreeing = agrees;
    };
    for (const shift of [step, step * width]) {
      const match = nearest[target - shift];
      if (match !== undefined && match >= 0) propose(match + shift);
    }
    for (let reach = sweep.reach; reach >= 1; reach >>= 1) {
      const x = best % width;
      const y = (best - x) / width;
      const bits = random();
      const column = x - reach + ((bits & 0xffff) % (2 * reach + 1));
      const row = y - reach + ((bits >>> 16) % (2 * reach + 1));
      propose(clamp(row, radius, bottom) * width + clamp(column, radius, right));
    }
    nearest[target] = best;
    cost[target] = least;
  }
}

function clamp(value: number, least: number, greatest: number): number {
  return value < least ? least : value > greatest ? greatest : value;
}

/** How many of the four neighbours copy with the same offset. */
function agreement(nearest: Int32Array, target: number, offset: number, width: number): number {
  let count = 0;
  if (nearest[target - 1]! - target + 1 === offset) count++;
  if (nearest[target + 1]! - target - 1 === offset) count++;
  if (nearest[target - width]! - target + width === offset) count++;
  if (nearest[target + width]! - target - width === offset) count++;
  return count;
}
