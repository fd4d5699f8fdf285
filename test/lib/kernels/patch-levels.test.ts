import { describe, expect, it } from 'vitest';
import { finestLevel } from '../../../lib/engines/patchmatch/level.ts';
import { patchesOf } from '../../../lib/engines/patchmatch/patches.ts';
import { random } from '../../support/pictures.ts';
import { withEachPoison } from '../../support/poisoned-kernels.ts';

describe('the patches of a level', () => {
  it.each([
    [40, 23, 3],
    [9, 7, 3],
    [7, 30, 2],
    [3, 3, 1],
    [1, 1, 0],
  ])(
    'are targets with a hole pixel, sources with none to fill or avoid: %i x %i, radius %i',
    (width, height, most) => {
      const next = random(width);
      const flags = () => Uint8Array.from({ length: width * height }, () => (next() < 0.01 ? 1 : 0));
      for (const [hole, avoid] of Array.from({ length: 20 }, () => [flags(), flags()] as const)) {
        const level = finestLevel({ width, height, rgb: new Uint8Array(3 * width * height) }, hole);
        for (const avoided of [avoid, undefined]) {
          const [first, ...others] = withEachPoison(() => patchesOf(level, most, avoided));
          for (const other of others) expect(other).toEqual(first);
          expect(first).toEqual(expectedOf(width, height, first!.radius, hole, avoided));
        }
      }
    },
  );
});

/** The same pixel by pixel. */
function expectedOf(width: number, height: number, radius: number, hole: Uint8Array, avoid?: Uint8Array) {
  const places = Int32Array.from(hole, (_, i) => i);
  const holds = (flags: Uint8Array | undefined, i: number) =>
    flags !== undefined &&
    places.some(
      (p) =>
        flags[p] === 1 &&
        Math.abs((p % width) - (i % width)) <= radius &&
        Math.abs(Math.floor(p / width) - Math.floor(i / width)) <= radius,
    );
  const centres = places.filter((i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return Math.min(x, y, width - 1 - x, height - 1 - y) >= radius;
  });
  const targets = centres.filter((i) => holds(hole, i));
  const sources = centres.filter((i) => !holds(hole, i) && !holds(avoid, i));
  const isSource = Uint8Array.from(places, (i) => (sources.includes(i) ? 1 : 0));
  return { radius, holes: places.filter((i) => hole[i] === 1), targets, sources, isSource };
}
