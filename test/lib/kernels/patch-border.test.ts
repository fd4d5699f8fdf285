import { describe, expect, it } from 'vitest';
import { distanceToKnown, finestLevel } from '../../../lib/engines/patchmatch/level.ts';
import { putLevel } from '../../../lib/engines/patchmatch/memory.ts';
import { patchesOf } from '../../../lib/engines/patchmatch/patches.ts';
import { useKernels } from '../../../lib/kernels/kernels.ts';
import { random } from '../../support/pictures.ts';
import { withEachPoison } from '../../support/poisoned-kernels.ts';

const [width, height] = [24, 19];
const isHole = (x: number, y: number) => (x > 8 && x < 14 && y > 6 && y < 12) || x + y < 3;

const kinds: readonly [string, (next: () => number, i: number) => number][] = [
  ['flat', () => 90],
  ['of noise', (next) => 255 * next()],
  ['black and white', (next) => (next() < 0.5 ? 0 : 255)],
  ['a pattern that comes again', (_, i) => (Math.trunc(i / 3) % 4) * 60],
];

describe('fillFromBorder', () => {
  it.each(
    kinds.flatMap(([name, sample]) =>
      ([3, 4] as const).flatMap((channels) =>
        [1, 3].map((stride) => [name, channels, stride, sample] as const),
      ),
    ),
  )(
    'copies from the first of the most similar sources: %s, %i channels, one of %i',
    (_, channels, stride, sample) => {
      const next = random(channels + stride);
      const rgb = Uint8Array.from({ length: channels * width * height }, (_, i) => sample(next, i));
      const hole = Uint8Array.from({ length: width * height }, (_, i) =>
        isHole(i % width, Math.floor(i / width)) ? 1 : 0,
      );
      const level = finestLevel({ width, height, channels, rgb }, hole);
      const patches = patchesOf(level, 3);
      const found = withEachPoison(() =>
        useKernels((use) => {
          const { kernels, arena } = use;
          const memory = putLevel(use, level, patches, new Int32Array(hole.length).fill(-1));
          const { at } = distanceToKnown(use, level);
          const sources = arena.put(patches.sources);
          kernels.fillFromBorder(
            memory.at,
            at,
            sources,
            patches.sources.length,
            stride,
            arena.reserve(49 * 32),
          );
          return {
            rgb: arena.take(Uint8Array, memory.rgb, rgb.length),
            nearest: arena.take(Int32Array, memory.nearest, hole.length),
          };
        }),
      );
      const expected = expectedOf(level, patches, stride);
      for (const one of found) expect(one).toEqual(expected);
    },
  );
});

it('takes the first of equals, also when the pixel before took the other', () => {
  // Places are whole steps here, so both sources are as far from the lower pixel.
  const size = { width: 51, height: 15 };
  const at = (x: number, y: number) => y * size.width + x;
  const hole = new Uint8Array(51 * 15);
  for (const pixel of [at(30, 5), at(25, 9)]) hole[pixel] = 1;
  const level = finestLevel({ ...size, rgb: new Uint8Array(3 * hole.length).fill(80) }, hole);
  const nearest = useKernels((use) => {
    const memory = putLevel(use, level, patchesOf(level, 3), new Int32Array(hole.length));
    const sources = use.arena.put(Int32Array.of(at(20, 9), at(30, 9)));
    const { at: distances } = distanceToKnown(use, level);
    use.kernels.fillFromBorder(memory.at, distances, sources, 2, 1, use.arena.reserve(49 * 32));
    return use.arena.take(Int32Array, memory.nearest, hole.length);
  });
  expect([nearest[at(30, 5)], nearest[at(25, 9)]]).toEqual([at(30, 9), at(20, 9)]);
});

/** Pixel by pixel, and all sources in order. */
function expectedOf(
  level: ReturnType<typeof finestLevel>,
  { radius, sources }: ReturnType<typeof patchesOf>,
  stride: number,
) {
  const { channels, hole } = level;
  const [rgb, features] = [level.rgb.slice(), level.features.slice()];
  const nearest = new Int32Array(hole.length).fill(-1);
  const far = useKernels((use) =>
    use.arena.take(Float32Array, distanceToKnown(use, level).at, hole.length).map(Math.ceil),
  );
  const inside = (value: number, length: number) => Math.min(length - 1 - radius, Math.max(radius, value));
  const squared = (values: Uint8Array, a: number, b: number) => (values[a]! - values[b]!) ** 2;
  const samplesOf = (centre: number, ring: number) =>
    Array.from({ length: 49 }, (_, n) => (Math.floor(n / 7) - 3) * width + (n % 7) - 3).filter(
      (offset) => far[centre + offset]! < ring,
    );
  const differ = (centre: number, source: number, samples: readonly number[]) => {
    const across = squared(features, 4 * centre + 2, 4 * source + 2);
    let sum = Math.floor(0.6 * across + 5 * squared(features, 4 * centre + 3, 4 * source + 3));
    for (const offset of samples) {
      const [a, b] = [centre + offset, source + offset];
      for (let c = 0; c < channels; c++) sum += squared(rgb, channels * a + c, channels * b + c);
      for (const c of [0, 1]) sum += squared(features, 4 * a + c, 4 * b + c) / 4;
    }
    return sum;
  };
  for (let ring = 1; ring <= Math.max(...far); ring++) {
    for (const pixel of hole.keys()) {
      if (far[pixel] !== ring) continue;
      const centre = inside(Math.floor(pixel / width), height) * width + inside(pixel % width, width);
      const samples = samplesOf(centre, ring);
      const looked = sources.filter((_, n) => n % stride === 0);
      const sums = Array.from(looked, (source) => differ(centre, source, samples));
      const best = looked[sums.indexOf(Math.min(...sums))]!;
      nearest[centre] = best;
      const from = best + pixel - centre;
      rgb.copyWithin(channels * pixel, channels * from, channels * (from + 1));
      features.copyWithin(4 * pixel, 4 * from, 4 * from + 2);
    }
  }
  return { rgb, nearest };
}
