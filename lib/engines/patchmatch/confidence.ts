import type { Field } from './field.ts';
import type { Level } from './level.ts';
import type { Patches } from './patches.ts';

/** How much more a patch one pixel nearer to the known picture counts. Wexler et al. use the same. */
const falloff = 1.3;

/**
 * Distance of every pixel to the nearest known one, 0 for known pixels, in pixels; the chamfer 1, 1.41.
 *
 * @param hole H x W: 1 inside.
 * @see Borgefors, "Distance transformations in digital images", CVGIP 1986.
 */
export function distanceToKnown(hole: Uint8Array, width: number, height: number): Float32Array {
  // A rim of far pixels spares the two passes every question about the border.
  const stride = width + 2;
  const far = stride + height;
  const padded = new Float32Array(stride * (height + 2)).fill(far);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) if (!hole[i]) padded[(y + 1) * stride + x + 1] = 0;
  }
  for (let i = stride + 1; i < padded.length - stride - 1; i++) relax(padded, i, -1, -stride, far);
  for (let i = padded.length - stride - 2; i > stride; i--) relax(padded, i, 1, stride, far);
  const distance = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const start = (y + 1) * stride + 1;
    distance.set(padded.subarray(start, start + width), y * width);
  }
  return distance;
}

function relax(distance: Float32Array, i: number, beside: number, row: number, far: number): void {
  const held = distance[i]!;
  if (held === 0) return;
  const straight = Math.min(distance[i + beside]!, distance[i + row]!) + 1;
  const slanted = Math.min(distance[i + row - 1]!, distance[i + row + 1]!) + Math.SQRT2;
  distance[i] = Math.min(held, straight, slanted, far);
}

/** `falloff ^ -distance`: what lies near the known picture is known better, and decides what is further in. */
export function confidenceOf(level: Level): Float64Array {
  const distances = distanceToKnown(level.hole, level.width, level.height);
  const confidence = new Float64Array(distances.length).fill(1);
  for (let i = 0; i < distances.length; i++) if (distances[i]! > 0) confidence[i] = falloff ** -distances[i]!;
  return confidence;
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
  const costs = targets.map((target) => field.cost[target]!).sort();
  const variance = Math.max(1, costs[(costs.length * 3) >> 2] ?? 1);
  for (const target of targets) {
    weights[target] = confidence[target]! * Math.exp(-field.cost[target]! / (2 * variance));
  }
}
