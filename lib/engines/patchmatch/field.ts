import type { Level } from './level.ts';
import type { Patches } from './patches.ts';

/** A source of unsigned 32 bit integers. */
export interface Random {
  (): number;
  /** What the next numbers follow from: kernels go on from it. */
  state: number;
}

/**
 * A seeded generator: the same seed gives the same numbers on every machine.
 *
 * @param seed any integer; only its low 32 bits count.
 * @see Steele and Vigna, "Computationally easy, spectrally good multipliers", 2021 (mulberry32 form).
 */
export function seededRandom(seed: number): Random {
  const random = () => {
    const state = (random.state + 0x6d2b79f5) | 0;
    random.state = state;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  random.state = seed | 0;
  return random;
}

/** For each target patch, the most similar source patch found so far. */
export interface Field {
  /** H x W: centre of the source patch, -1 where the pixel is no target. */
  readonly nearest: Int32Array;
  /** H x W: patch distance to that source in the last pass of the search. */
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
