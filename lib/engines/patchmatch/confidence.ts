import type { Field } from './field.ts';
import type { Level } from './level.ts';
import type { Patches } from './patches.ts';

/** How much more a patch one pixel nearer to the known picture counts. Wexler et al. use the same. */
const falloff = 1.3;

/**
 * Distance of every pixel to the nearest known one, 0 for known pixels, in pixels; the chamfer 1, 1.41.
 *
 * @param hole H x W: 1 inside.
 */
export function distanceToKnown(hole: Uint8Array, width: number, height: number): Float64Array {
  const far = width + height;
  const distance = Float64Array.from(hole, (inside) => (inside ? far : 0));
  const relax = (i: number, x: number, y: number, step: number) => {
    let least = distance[i]!;
    const ahead = y - step >= 0 && y - step < height;
    if (x - step >= 0 && x - step < width) least = Math.min(least, distance[i - step]! + 1);
    if (ahead) {
      const row = i - step * width;
      least = Math.min(least, distance[row]! + 1);
      if (x > 0) least = Math.min(least, distance[row - 1]! + Math.SQRT2);
      if (x + 1 < width) least = Math.min(least, distance[row + 1]! + Math.SQRT2);
    }
    distance[i] = least;
  };
  for (let i = 0; i < distance.length; i++) if (hole[i]) relax(i, i % width, Math.floor(i / width), 1);
  for (let i = distance.length - 1; i >= 0; i--) if (hole[i]) relax(i, i % width, Math.floor(i / width), -1);
  return distance;
}

/** `falloff ^ -distance`: what lies near the known picture is known better, and decides what is further in. */
export function confidenceOf(level: Level): Float64Array {
  return distanceToKnown(level.hole, level.width, level.height).map((distance) => falloff ** -distance);
}

/**
 * Weight of every target's vote: `confidence * exp(-cost / (2 sigma^2))`, with `sigma^2` the 75th
 * percentile of the costs, so that three patches in four keep their say at any contrast.
 *
 * @param weights H x W, written at the targets.
 */
export function weighVotes(
  patches: Patches,
  field: Field,
  confidence: Float64Array,
  weights: Float64Array,
): void {
  const { targets } = patches;
  const costs = Int32Array.from(targets, (target) => field.cost[target]!).sort();
  const variance = Math.max(1, costs[(costs.length * 3) >> 2] ?? 1);
  for (const target of targets) {
    weights[target] = confidence[target]! * Math.exp(-field.cost[target]! / (2 * variance));
  }
}
