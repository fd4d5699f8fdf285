import { distanceToKnown } from './confidence.ts';
import { placeDistance } from './distance.ts';
import type { Field } from './field.ts';
import type { Level } from './level.ts';
import type { Patches } from './patches.ts';

/** Comparisons one initialisation may spend; beyond it only every n-th source is looked at. */
const comparisonBudget = 3_000_000;

/**
 * Fills the hole of the coarsest level from its rim inwards, one ring of pixels after the other:
 * each pixel is copied from the source patch that agrees best with what is already known around it.
 * Matches found go into `field`.
 *
 * @see Newson et al., "Non-local patch-based image inpainting", IPOL 2017, "onion peel".
 */
export function fillFromRim(level: Level, patches: Patches, field: Field): void {
  const { width, height, rgb, features, hole } = level;
  const { radius, holes, sources } = patches;
  const rings = distanceToKnown(hole, width, height);
  const known = Uint8Array.from(hole, (inside) => (inside ? 0 : 1));
  const order = Array.from(holes).sort((a, b) => Math.ceil(rings[a]!) - Math.ceil(rings[b]!) || a - b);
  const stride = Math.max(1, Math.ceil((order.length * sources.length) / comparisonBudget));
  const samples: number[] = [];
  for (let start = 0, end = 0; start < order.length; start = end) {
    const ring = Math.ceil(rings[order[start]!]!);
    while (end < order.length && Math.ceil(rings[order[end]!]!) === ring) end++;
    for (const pixel of order.slice(start, end)) {
      const centre = clampInside(pixel, width, height, radius);
      samples.length = 0;
      for (let j = -radius; j <= radius; j++) {
        for (let i = -radius; i <= radius; i++) {
          if (known[centre + j * width + i]) samples.push(j * width + i);
        }
      }
      const best = mostSimilar(rgb, features, sources, samples, centre, stride);
      const from = best + pixel - centre;
      for (let c = 0; c < 3; c++) rgb[3 * pixel + c] = rgb[3 * from + c]!;
      for (let c = 0; c < 2; c++) features[4 * pixel + c] = features[4 * from + c]!;
      field.nearest[centre] = best;
    }
    for (const pixel of order.slice(start, end)) known[pixel] = 1;
  }
}

/** The nearest pixel at least `radius` away from every border. */
export function clampInside(pixel: number, width: number, height: number, radius: number): number {
  const x = pixel % width;
  const y = (pixel - x) / width;
  const column = Math.min(width - 1 - radius, Math.max(radius, x));
  const row = Math.min(height - 1 - radius, Math.max(radius, y));
  return row * width + column;
}

function mostSimilar(
  rgb: Uint8Array,
  features: Uint8Array,
  sources: Int32Array,
  samples: readonly number[],
  centre: number,
  stride: number,
): number {
  let best = sources[0]!;
  let least = Number.POSITIVE_INFINITY;
  for (let s = 0; s < sources.length; s += stride) {
    const source = sources[s]!;
    let sum = placeDistance(features, centre, source);
    for (let n = 0; n < samples.length && sum < least; n++) {
      const a = centre + samples[n]!;
      const b = source + samples[n]!;
      for (let c = 0; c < 3; c++) sum += (rgb[3 * a + c]! - rgb[3 * b + c]!) ** 2;
      for (let c = 0; c < 2; c++) sum += 0.25 * (features[4 * a + c]! - features[4 * b + c]!) ** 2;
    }
    if (sum < least) {
      least = sum;
      best = source;
    }
  }
  return best;
}
