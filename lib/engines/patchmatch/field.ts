import type { Size } from '../../pixels/raster.ts';
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

/**
 * H x W: for each target patch, the centre of the most similar source patch found so far; -1 where the pixel
 * is no target.
 */
export type Field = Int32Array;

export function randomField(level: Level, patches: Patches, random: Random): Field {
  const field = new Int32Array(level.width * level.height).fill(-1);
  for (const target of patches.targets) field[target] = randomSource(patches, random);
  return field;
}

/** Rounding moves the border of the hole by so many pixels. */
const roundedPx = 2;

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
  const field = new Int32Array(width * height).fill(-1);
  for (const target of patches.targets) {
    const x = target % width;
    const y = (target - x) / width;
    const parent = nearestLabel(coarse, from, x >> 1, y >> 1, roundedPx);
    let source = -1;
    if (parent >= 0) {
      const found = coarse[parent]!;
      const dx = (found % from.width) - (parent % from.width);
      const dy = Math.floor(found / from.width) - Math.floor(parent / from.width);
      const sx = Math.min(width - 1 - radius, Math.max(radius, x + 2 * dx));
      const sy = Math.min(height - 1 - radius, Math.max(radius, y + 2 * dy));
      source = sy * width + sx;
    }
    field[target] = source >= 0 && isSource[source] ? source : randomSource(patches, random);
  }
  return field;
}

/** What a map says at a pixel, or nearby within some pixels; -1 where it says nothing. */
export function labelNear(map: Int32Array, size: Size, pixel: number, mostPx: number): number {
  const at = nearestLabel(map, size, pixel % size.width, Math.floor(pixel / size.width), mostPx);
  return at < 0 ? -1 : map[at]!;
}

/** The pixel at (x, y), or one near it, where a map is at least 0; else -1. */
function nearestLabel(
  map: Int32Array,
  { width, height }: Size,
  x: number,
  y: number,
  mostPx: number,
): number {
  for (let reach = 0; reach <= mostPx; reach++) {
    for (let j = Math.max(0, y - reach); j <= Math.min(height - 1, y + reach); j++) {
      for (let i = Math.max(0, x - reach); i <= Math.min(width - 1, x + reach); i++) {
        if (map[j * width + i]! >= 0) return j * width + i;
      }
    }
  }
  return -1;
}

export function randomSource(patches: Patches, random: Random): number {
  return patches.sources[random() % patches.sources.length]!;
}
