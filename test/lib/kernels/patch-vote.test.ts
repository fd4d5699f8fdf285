import { describe, expect, it } from 'vitest';
import { finestLevel } from '../../../lib/engines/patchmatch/level.ts';
import { type LevelMemory, putLevel } from '../../../lib/engines/patchmatch/memory.ts';
import { type Patches, patchesOf } from '../../../lib/engines/patchmatch/patches.ts';
import { type KernelUse, useKernels } from '../../../lib/kernels/kernels.ts';
import { withEachPoison } from '../../support/poisoned-kernels.ts';

const [width, height] = [11, 5];
const hole = 2 * width + 2;

/**
 * A ramp with one hole pixel; every target copies from a place of its own, and counts as much as it is told.
 */
function voted<T>(
  weightOf: (n: number) => number,
  work: (use: KernelUse, memory: LevelMemory, patches: Patches) => T,
): readonly T[] {
  const rgb = Uint8Array.from({ length: 3 * width * height }, (_, i) => i);
  const mask = new Uint8Array(width * height).fill(1, hole, hole + 1);
  const level = finestLevel({ width, height, rgb }, mask);
  const patches = patchesOf(level, 1);
  const nearest = new Int32Array(width * height).fill(-1);
  for (const [n, target] of patches.targets.entries()) nearest.set([target + 4 + (n & 1)], target);
  return withEachPoison(() =>
    useKernels((use) => {
      const memory = putLevel(use, level, patches, nearest);
      const costs = use.arena.view(Int32Array, memory.cost, width * height);
      costs.set(nearest.map((source) => 70_000 * (source % 7)));
      const weights = use.arena.view(Float64Array, memory.weights, width * height);
      for (const [n, target] of patches.targets.entries()) weights.set([weightOf(n)], target);
      return work(use, memory, patches);
    }),
  );
}

const pixelAfter =
  (kernel: 'voteMean' | 'voteBest') =>
  ({ kernels, arena }: KernelUse, { at, rgb }: LevelMemory) => {
    kernels[kernel](at);
    return arena.take(Uint8Array, rgb + 3 * hole, 3);
  };
/** What the pixel `steps` to the right of the hole holds. */
const pixelAt = (steps: number) => Uint8Array.of(0, 1, 2).map((c) => 3 * (hole + steps) + c);

describe('voteBest', () => {
  it('copies what the patch with the greatest weight proposes', () => {
    for (const n of [0, 3, 8]) {
      const found = voted((m) => (m === n ? 2 : 1), pixelAfter('voteBest'));
      for (const pixel of found) expect(pixel).toEqual(pixelAt(4 + (n & 1)));
    }
  });

  it('takes the first of equals', () => {
    for (const pixel of voted(() => 0, pixelAfter('voteBest'))) expect(pixel).toEqual(pixelAt(4));
    for (const pixel of voted((n) => Math.min(n, 1), pixelAfter('voteBest'))) {
      expect(pixel).toEqual(pixelAt(5));
    }
  });
});

describe('voteMean', () => {
  it('writes the weighted mean, rounded to nearest', () => {
    // Five of nine propose the fourth pixel, four the fifth, three levels brighter.
    for (const pixel of voted(() => 1, pixelAfter('voteMean'))) {
      expect(pixel).toEqual(pixelAt(4).map((value) => value + 1));
    }
    for (const pixel of voted((n) => n & 1, pixelAfter('voteMean'))) expect(pixel).toEqual(pixelAt(5));
  });

  it('writes 0 where no patch counts', () => {
    for (const pixel of voted(() => 0, pixelAfter('voteMean'))) expect(pixel).toEqual(new Uint8Array(3));
  });
});

describe('patches that all propose one pixel', () => {
  const size = { width: 30, height: 17 };
  const middle = 8 * size.width + 8;
  /** The middle, where all patches copy from twelve to the right, and some weigh or copy otherwise. */
  const middleAfter = (weight: number, changes: Readonly<Record<number, number>>) => {
    const rgb = Uint8Array.from(
      { length: 3 * size.width * size.height },
      (_, i) => 5 * (Math.trunc(i / 3) % 30),
    );
    const level = finestLevel({ ...size, rgb }, new Uint8Array(rgb.length / 3).fill(1, middle, middle + 1));
    const patches = patchesOf(level, 3);
    const nearest = new Int32Array(rgb.length / 3).fill(-1);
    for (const [n, target] of patches.targets.entries()) nearest[target] = target + 12 + (changes[n] ?? 0);
    const found = withEachPoison(() =>
      useKernels((use) => {
        const memory = putLevel(use, level, patches, nearest);
        use.arena.view(Float64Array, memory.weights, nearest.length).fill(weight);
        use.kernels.voteMean(memory.at);
        return use.arena.take(Uint8Array, memory.rgb + 3 * middle, 1)[0]!;
      }),
    );
    expect(new Set(found).size).toBe(1);
    return found[0];
  };

  it('copy it', () => expect(middleAfter(0.3, {})).toBe(100));

  it.each([0, 3, 6, 21, 27, 42, 48])('are not all when patch %i proposes another', (n) => {
    // One of 49 is 5 levels brighter for each step.
    expect(middleAfter(0.3, { [n]: 5 })).toBe(101);
    expect(middleAfter(0.3, { [n]: -5 })).toBe(99);
  });

  it('write 0 where none of them counts', () => expect(middleAfter(0, {})).toBe(0));
});

describe('costOfRank', () => {
  it('is the cost at that place of all costs in order, 0 behind the last', () => {
    const costs = (use: KernelUse, { at, cost }: LevelMemory, { targets }: Patches) => {
      const counts = use.arena.reserve(4 * 65_536);
      const all = use.arena.view(Int32Array, cost, width * height);
      return {
        found: Array.from(targets, (_, rank) => use.kernels.costOfRank(at, rank, counts)),
        beyond: use.kernels.costOfRank(at, targets.length, counts),
        sorted: Array.from(targets, (target) => all[target]!).sort((a, b) => a - b),
      };
    };
    for (const { found, beyond, sorted } of voted(() => 1, costs)) {
      expect({ found, beyond }).toEqual({ found: sorted, beyond: 0 });
    }
  });
});
