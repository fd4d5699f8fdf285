import { patchDistance } from './distance.ts';
import type { Level } from './level.ts';
import type { Patches } from './patches.ts';
import type { Random } from './random.ts';

/** For each target patch, the source patch that looks most like it so far. */
export interface Field {
  /** H x W: centre of the source patch, -1 where the pixel is no target. */
  readonly nearest: Int32Array;
  /** H x W: patch distance to it as of the last sweep. */
  readonly cost: Int32Array;
}

export function randomField(level: Level, patches: Patches, random: Random): Field {
  const nearest = new Int32Array(level.width * level.height).fill(-1);
  for (const target of patches.targets) nearest[target] = randomSource(patches, random);
  return { nearest, cost: new Int32Array(nearest.length) };
}

/** A field of the level of twice the size: every offset doubled, and random where that is no source. */
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

/** The target at (x, y), or one within two pixels of it: rounding moves the rim of the hole. */
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

export interface Sweep {
  /** Scan order; alternate it so that good matches travel both ways. */
  readonly backwards: boolean;
  /** Half the side of the widest window of the random search, pixels. */
  readonly reach: number;
}

/**
 * One pass of PatchMatch over the targets: each takes over the shifted match of its left and upper
 * neighbours (right and lower when going backwards) if better, then looks at random places around
 * its match in windows that halve from `reach` to 1.
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
    for (let axis = 0; axis < 2; axis++) {
      const shift = axis === 0 ? step : step * width;
      const neighbour = target - shift;
      if (neighbour < 0 || neighbour >= nearest.length || nearest[neighbour]! < 0) continue;
      const source = nearest[neighbour]! + shift;
      if (source === best || source < 0 || source >= isSource.length || !isSource[source]) continue;
      const distance = patchDistance(level, radius, target, source, least);
      if (distance < least) {
        least = distance;
        best = source;
      }
    }
    for (let reach = sweep.reach; reach >= 1; reach >>= 1) {
      const centreX = best % width;
      const centreY = (best - centreX) / width;
      const bits = random();
      const span = 2 * reach + 1;
      const x = Math.min(right, Math.max(radius, centreX - reach + ((bits & 0xffff) % span)));
      const y = Math.min(bottom, Math.max(radius, centreY - reach + ((bits >>> 16) % span)));
      const source = y * width + x;
      if (source === best || !isSource[source]) continue;
      const distance = patchDistance(level, radius, target, source, least);
      if (distance < least) {
        least = distance;
        best = source;
      }
    }
    nearest[target] = best;
    cost[target] = least;
  }
}
