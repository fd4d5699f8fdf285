import { useKernels } from '../../kernels/kernels.ts';
import { placeDistance } from './distance.ts';
import type { Field } from './field.ts';
import { distanceToKnown, type Level } from './level.ts';
import type { Patches } from './patches.ts';

/** Comparisons one initialisation may spend; beyond it only every n-th source is looked at. */
const comparisonBudget = 3_000_000;

/** The sources that were found for a level, in the order of its rings: each draft would find the same. */
const found = new WeakMap<Level, Int32Array>();

/**
 * Fills the hole of the coarsest level from its border inwards, one ring of pixels after the other:
 * each pixel is copied from the source patch that agrees best with what is already known around it.
 * Writes the matches into `field`. Nothing of it is random.
 *
 * @param patches of this level, the same ones each time.
 * @see Newson et al., "Non-local patch-based image inpainting", IPOL 2017, "onion peel".
 */
export function fillFromBorder(level: Level, patches: Patches, field: Field): void {
  const { width, height, channels, rgb, features, hole } = level;
  const { radius, holes, sources } = patches;
  const known = Uint8Array.from(hole, (inside) => (inside ? 0 : 1));
  const stride = Math.max(1, Math.ceil((holes.length * sources.length) / comparisonBudget));
  const earlier = found.get(level);
  const bests = earlier ?? new Int32Array(holes.length);
  let count = 0;
  for (const ring of ringsOf(level, holes)) {
    for (const pixel of ring) {
      const centre = clampInside(pixel, width, height, radius);
      const search = () => ({ centre, stride, samples: knownAround(known, centre, level, radius) });
      const best = earlier?.[count] ?? mostSimilar(level, sources, search());
      bests[count++] = best;
      const from = best + pixel - centre;
      for (let c = 0; c < channels; c++) rgb[channels * pixel + c] = rgb[channels * from + c]!;
      for (let c = 0; c < 2; c++) features[4 * pixel + c] = features[4 * from + c]!;
      field[centre] = best;
    }
    for (const pixel of ring) known[pixel] = 1;
  }
  found.set(level, bests);
}

/**
 * The hole pixels by their distance to the known picture in whole pixels, rounded up; each ring in scan
 * order.
 */
function ringsOf(level: Level, holes: Int32Array): readonly (readonly number[])[] {
  const distances = useKernels((use) =>
    use.arena.take(Float32Array, distanceToKnown(use, level).at, level.hole.length),
  );
  const rings: number[][] = [];
  for (const pixel of holes) {
    const ring = Math.ceil(distances[pixel]!);
    rings[ring] ??= [];
    rings[ring].push(pixel);
  }
  return rings.filter((ring) => ring !== undefined);
}

/** Offsets from `centre` to the known pixels of the patch around it. */
function knownAround(known: Uint8Array, centre: number, { width }: Level, radius: number): readonly number[] {
  const offsets: number[] = [];
  for (let j = -radius; j <= radius; j++) {
    for (let i = -radius; i <= radius; i++) {
      if (known[centre + j * width + i]) offsets.push(j * width + i);
    }
  }
  return offsets;
}

/** The nearest pixel at least `radius` away from every border. */
function clampInside(pixel: number, width: number, height: number, radius: number): number {
  const x = pixel % width;
  const y = (pixel - x) / width;
  const column = Math.min(width - 1 - radius, Math.max(radius, x));
  const row = Math.min(height - 1 - radius, Math.max(radius, y));
  return row * width + column;
}

interface Search {
  readonly centre: number;
  /** Offsets of the pixels that are compared. */
  readonly samples: readonly number[];
  /** Every n-th source is looked at. */
  readonly stride: number;
}

function mostSimilar(
  { channels, rgb, features }: Level,
  sources: Int32Array,
  { centre, samples, stride }: Search,
): number {
  let best = sources[0]!;
  let least = Number.POSITIVE_INFINITY;
  for (let s = 0; s < sources.length; s += stride) {
    const source = sources[s]!;
    let sum = placeDistance(features, centre, source);
    for (let n = 0; n < samples.length && sum < least; n++) {
      const a = centre + samples[n]!;
      const b = source + samples[n]!;
      for (let c = 0; c < channels; c++) sum += (rgb[channels * a + c]! - rgb[channels * b + c]!) ** 2;
      for (let c = 0; c < 2; c++) sum += 0.25 * (features[4 * a + c]! - features[4 * b + c]!) ** 2;
    }
    if (sum < least) {
      least = sum;
      best = source;
    }
  }
  return best;
}
