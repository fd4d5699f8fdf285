import { describe, expect, it } from 'vitest';
import { finestLevel, type Level } from '../../../lib/engines/patchmatch/level.ts';
import { putLevel } from '../../../lib/engines/patchmatch/memory.ts';
import { patchesOf } from '../../../lib/engines/patchmatch/patches.ts';
import { useKernels } from '../../../lib/kernels/kernels.ts';
import { withEachPoison } from '../../support/poisoned-kernels.ts';

const width = 17;
const height = 9;
/** Centres whose patches of any radius touch opposite corners of the picture. */
const a = 3 * width + 3;
const b = (height - 4) * width + width - 4;

function levelOf(channels: 3 | 4, sample: (i: number) => number): Level {
  const rgb = Uint8Array.from({ length: width * height * channels }, (_, i) => sample(i));
  return finestLevel({ width, height, channels, rgb }, new Uint8Array(width * height));
}

/** The distance, whatever lies around the level in memory. */
function distanceOf(level: Level, radius: number, limit = 2 ** 31 - 1): number {
  const found = withEachPoison(() =>
    useKernels((use) => {
      const patches = { ...patchesOf(level, 3), radius };
      const memory = putLevel(use, level, patches, new Int32Array(width * height));
      return use.kernels.patchDistance(memory.at, a, b, limit);
    }),
  );
  expect(new Set(found).size).toBe(1);
  return found[0]!;
}

/** The formula as it is written down. */
function expectedOf({ rgb, features, channels }: Level, radius: number): number {
  const [across, up] = [2, 3].map((c) => features[4 * a + c]! - features[4 * b + c]!) as [number, number];
  let sum = Math.floor(0.6 * across ** 2 + 5 * up ** 2);
  for (const c of [0, 1]) sum += 12 * (features[4 * a + c]! - features[4 * b + c]!) ** 2;
  for (let j = -radius; j <= radius; j++) {
    for (let i = -radius; i <= radius; i++) {
      for (let c = 0; c < channels; c++) {
        const at = (centre: number) => channels * (centre + j * width + i) + c;
        sum += (rgb[at(a)]! - rgb[at(b)]!) ** 2;
      }
    }
  }
  return sum;
}

const kinds: readonly [string, (i: number) => number][] = [
  ['flat', () => 100],
  ['of mixed samples', (i) => (i * i * 31 + 7 * i) & 255],
  ['black and white', (i) => (i < 4 * width * 4 ? 0 : 255)],
];

describe('patchDistance', () => {
  it.each(kinds)('is the sum of all its terms, of patches that are %s', (_, sample) => {
    for (const channels of [3, 4] as const) {
      const level = levelOf(channels, sample);
      for (const radius of [0, 1, 2, 3]) expect(distanceOf(level, radius)).toBe(expectedOf(level, radius));
    }
  });

  it('counts the largest differences of texture and place in full', () => {
    const level = levelOf(3, () => 0);
    level.features.fill(255, 4 * a, 4 * a + 4);
    level.features.fill(0, 4 * b, 4 * b + 4);
    expect(distanceOf(level, 3)).toBe(Math.floor((24 + 0.6 + 5) * 255 ** 2));
  });

  it('stops at the limit, and not below it', () => {
    const level = levelOf(3, kinds[1]![1]);
    const whole = expectedOf(level, 3);
    expect(distanceOf(level, 3, whole + 1)).toBe(whole);
    for (const limit of [-5, 0, 1, whole >> 1, whole]) {
      expect(distanceOf(level, 3, limit)).toBeGreaterThanOrEqual(limit);
    }
  });
});
