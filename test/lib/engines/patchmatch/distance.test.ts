import { describe, expect, it } from 'vitest';
import { patchDistance, placeDistance } from '../../../../lib/engines/patchmatch/distance.ts';
import { finestLevel } from '../../../../lib/engines/patchmatch/level.ts';

const size = 9;
const at = (x: number, y: number) => y * size + x;

function levelOf(changes: readonly (readonly [number, number])[]) {
  const rgb = new Uint8Array(size * size * 3).fill(100);
  const level = finestLevel({ width: size, height: size, rgb }, new Uint8Array(size * size));
  for (const [pixel, value] of changes) level.rgb[3 * pixel] = value;
  return level;
}

describe('patchDistance', () => {
  it('is 0 of a patch to itself', () => {
    expect(patchDistance(levelOf([[at(4, 4), 7]]), 1, at(4, 4), at(4, 4), 1e9)).toBe(0);
  });

  it('adds the squared differences of colour to the cost of the way', () => {
    const level = levelOf([
      [at(1, 1), 110],
      [at(2, 2), 95],
    ]);
    const way = placeDistance(level.features, at(1, 1), at(6, 6));
    expect(patchDistance(level, 1, at(1, 1), at(6, 6), 1e9)).toBe(10 * 10 + 5 * 5 + way);
  });

  it('tells surfaces of one colour apart by their texture', () => {
    const level = levelOf([]);
    level.features[4 * at(2, 4)] = 10;
    const way = placeDistance(level.features, at(2, 4), at(6, 4));
    expect(patchDistance(level, 1, at(2, 4), at(6, 4), 1e9)).toBe(12 * 10 * 10 + way);
  });

  it('gives something above the limit once it is passed', () => {
    const level = levelOf([
      [at(1, 1), 200],
      [at(2, 2), 0],
    ]);
    expect(patchDistance(level, 1, at(1, 1), at(6, 6), 50)).toBeGreaterThan(50);
  });
});

describe('placeDistance', () => {
  const { features } = levelOf([]);

  it('prefers the nearer source', () => {
    expect(placeDistance(features, at(4, 4), at(6, 4))).toBeLessThan(
      placeDistance(features, at(4, 4), at(8, 4)),
    );
  });

  it('prefers the source at the same height', () => {
    expect(placeDistance(features, at(4, 4), at(7, 4))).toBeLessThan(
      placeDistance(features, at(4, 4), at(4, 7)),
    );
  });
});
