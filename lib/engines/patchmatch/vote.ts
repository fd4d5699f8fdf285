import type { Field } from './field.ts';
import { distanceToKnown, type Level } from './level.ts';
import type { Patches } from './patches.ts';

/** How much more a patch one pixel nearer to the known picture counts; as in Wexler et al. */
const falloff = 1.3;

/**
 * `falloff ^ -distance`: patches near the known picture are more certain, and decide what is further inside.
 */
export function confidenceOf(level: Level): Float64Array {
  const distances = distanceToKnown(level.hole, level.width, level.height);
  const confidence = new Float64Array(distances.length).fill(1);
  for (let i = 0; i < distances.length; i++) if (distances[i]! > 0) confidence[i] = falloff ** -distances[i]!;
  return confidence;
}

/**
 * The weight of every target's vote: `confidence * exp(-cost / (2 sigma^2))`, with `sigma^2` the 75th
 * percentile of the costs, so that three patches in four count at any contrast.
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

/**
 * Writes every hole pixel as the weighted mean of what the patches over it propose:
 * `rgb(p) = sum_c w_c * rgb(nearest(c) + p - c) / sum_c w_c`; texture likewise.
 *
 * @param weights H x W: the weight of the patch centred at each target.
 * @see Wexler et al., "Space-time completion of video", PAMI 2007.
 */
export function voteMean(level: Level, patches: Patches, field: Field, weights: Float64Array): void {
  const { width, height, channels, rgb, features } = level;
  const { radius, holes } = patches;
  const { nearest } = field;
  for (const hole of holes) {
    const x = hole % width;
    const y = (hole - x) / width;
    let red = 0;
    let green = 0;
    let blue = 0;
    let last = 0;
    let across = 0;
    let down = 0;
    let total = 0;
    const right = Math.min(width - 1 - radius, x + radius);
    const bottom = Math.min(height - 1 - radius, y + radius);
    for (let j = Math.max(radius, y - radius); j <= bottom; j++) {
      for (let i = Math.max(radius, x - radius); i <= right; i++) {
        const centre = j * width + i;
        const source = nearest[centre]! + hole - centre;
        const weight = weights[centre]!;
        total += weight;
        const k = channels * source;
        red += weight * rgb[k]!;
        green += weight * rgb[k + 1]!;
        blue += weight * rgb[k + 2]!;
        if (channels === 4) last += weight * rgb[k + 3]!;
        across += weight * features[4 * source]!;
        down += weight * features[4 * source + 1]!;
      }
    }
    const at = channels * hole;
    rgb[at] = red / total + 0.5;
    rgb[at + 1] = green / total + 0.5;
    rgb[at + 2] = blue / total + 0.5;
    if (channels === 4) rgb[at + 3] = last / total + 0.5;
    features[4 * hole] = across / total + 0.5;
    features[4 * hole + 1] = down / total + 0.5;
  }
}

/**
 * Writes every hole pixel as the patch with the greatest weight over it proposes: no mean, no blur.
 * Neighbouring pixels mostly follow the same patch, so whole pieces of the picture are copied.
 *
 * @returns H x W: index of the pixel each hole pixel was copied from, -1 outside the hole.
 */
export function voteBest(level: Level, patches: Patches, field: Field, weights: Float64Array): Int32Array {
  const { width, height, channels, rgb } = level;
  const { radius, holes } = patches;
  const origins = new Int32Array(width * height).fill(-1);
  for (const hole of holes) {
    const x = hole % width;
    const y = (hole - x) / width;
    let best = -1;
    let greatest = -1;
    const right = Math.min(width - 1 - radius, x + radius);
    const bottom = Math.min(height - 1 - radius, y + radius);
    for (let j = Math.max(radius, y - radius); j <= bottom; j++) {
      for (let i = Math.max(radius, x - radius); i <= right; i++) {
        const centre = j * width + i;
        if (weights[centre]! > greatest) {
          greatest = weights[centre]!;
          best = field.nearest[centre]! + hole - centre;
        }
      }
    }
    origins[hole] = best;
    for (let c = 0; c < channels; c++) rgb[channels * hole + c] = rgb[channels * best + c]!;
  }
  return origins;
}
