import { describe, expect, it } from 'vitest';
import { distanceToKnown, finestLevel, halve, reachOf } from '../../../../lib/engines/patchmatch/level.ts';
import { useKernels } from '../../../../lib/kernels/kernels.ts';
import { withEachPoison } from '../../../support/poisoned-kernels.ts';

interface Rows {
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
  /** By pixel, the same in all channels. */
  readonly values: readonly number[];
  readonly hole: readonly number[];
}

/** What it makes, whatever lies around its inputs in memory. */
function always<T>(work: () => T): T {
  const [first, ...others] = withEachPoison(work);
  for (const other of others) expect(other).toEqual(first);
  return first!;
}

const levelOf = ({ width, height, channels, values, hole }: Rows) => {
  const rgb = Uint8Array.from(values.flatMap((value) => Array.from({ length: channels }, () => value)));
  return finestLevel({ width, height, channels, rgb }, Uint8Array.from(hole));
};

describe('finestLevel', () => {
  it.each([3, 4] as const)(
    'knows steps of luma between known pixels, and places, of %i channels',
    (channels) => {
      const picture = {
        width: 3,
        height: 2,
        channels,
        values: [10, 20, 90, 13, 255, 0],
        hole: [0, 0, 1, 0, 0, 0],
      };
      const { features } = always(() => levelOf(picture));
      // Four times the steps to the right and down, 255 at most; x and y on the longer side.
      expect([...features]).toEqual([
        ...[40, 12, 0, 0],
        ...[0, 255, 85, 0],
        ...[0, 255, 170, 0],
        ...[255, 0, 0, 85],
        ...[255, 0, 85, 85],
        ...[0, 0, 170, 85],
      ]);
    },
  );
});

describe('halve', () => {
  it('takes the mean of the known pixels below, rounded up at a half', () => {
    const fine = { width: 2, height: 2, channels: 3 as const, values: [0, 1, 255, 255], hole: [0, 0, 1, 1] };
    const { width, height, rgb, hole } = always(() => halve(levelOf(fine)));
    // All weights are equal here: (0 + 1) / 2, and just half of them known.
    expect([width, height, ...rgb, ...hole]).toEqual([1, 1, 1, 1, 1, 0]);
  });

  it('keeps a hole where less than half of the weight below is known', () => {
    const hole = [0, 1, 1, 1, 1, 1, 1, 1, 1];
    const fine = {
      width: 3,
      height: 3,
      channels: 4 as const,
      values: hole.map((value) => 200 - value),
      hole,
    };
    const coarse = always(() => halve(levelOf(fine)));
    expect([...coarse.hole]).toEqual([1, 1, 1, 1]);
    // Only the first coarse pixels reach the known one.
    expect([...coarse.rgb.subarray(0, 4)]).toEqual([200, 200, 200, 200]);
    expect([...coarse.rgb.subarray(12)]).toEqual([0, 0, 0, 0]);
  });

  it('rounds likewise where all sixteen pixels are known', () => {
    const values = Array.from({ length: 36 }, (_, i) => (i === 14 ? 32 : 0));
    const fine = { width: 6, height: 6, channels: 3 as const, values, hole: values.map(() => 0) };
    // 9 of 64 parts of 32 are 4.5.
    expect(always(() => halve(levelOf(fine))).rgb[12]).toBe(5);
  });

  it('gives a single pixel back', () => {
    const fine = { width: 1, height: 1, channels: 3 as const, values: [77], hole: [0] };
    expect(always(() => halve(levelOf(fine))).rgb).toEqual(Uint8Array.of(77, 77, 77));
  });
});

const distances = (hole: Uint8Array, width: number, height: number) =>
  useKernels((use) => {
    const { at } = distanceToKnown(use, { hole, width, height });
    return [...use.arena.take(Float32Array, at, width * height)];
  });

describe('distanceToKnown', () => {
  it('counts steps, and diagonals as 1.41', () => {
    const hole = Uint8Array.of(0, 1, 1, 1, 1, 1, 1, 1, 1);
    const diagonal = Math.fround(Math.SQRT2);
    expect(always(() => distances(hole, 3, 3)).map((value) => Math.round(1e4 * value) / 1e4)).toEqual(
      [0, 1, 2, 1, diagonal, 1 + diagonal, 2, 1 + diagonal, 2 * diagonal].map(
        (value) => Math.round(1e4 * value) / 1e4,
      ),
    );
  });

  it('is 0 of one known pixel, and far without any', () => {
    expect(distances(Uint8Array.of(0), 1, 1)).toEqual([0]);
    expect(distances(Uint8Array.of(1), 1, 1)[0]).toBeGreaterThan(1);
  });

  it.each([
    [1, 1],
    [4, 0],
    [0, 3],
  ])('is 0 in %i known rows above a hole and %i below, and knows its greatest', (above, below) => {
    const rowsOf = (row: (r: number) => number[]) =>
      Array.from({ length: above + 3 + below }, (_, y) => row(y - above)).flat();
    const isIn = (r: number) => r >= 0 && r < 3;
    const hole = Uint8Array.from(rowsOf((r) => (isIn(r) ? [0, 1, 1, 1, 0] : [0, 0, 0, 0, 0])));
    const height = hole.length / 5;
    const upOrDown = (r: number) => Math.min(above > 0 ? r + 1 : 9, below > 0 ? 3 - r : 9);
    const expected = rowsOf((r) => [0, 1, 2, 1, 0].map((d) => (isIn(r) ? Math.min(d, upOrDown(r)) : 0)));
    expect(always(() => distances(hole, 5, height))).toEqual(expected);
    expect(reachOf({ hole, width: 5, height })).toBe(2);
  });
});
