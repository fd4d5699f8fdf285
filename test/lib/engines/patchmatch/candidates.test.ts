import { describe, expect, it } from 'vitest';
import { chooseCandidates } from '../../../../lib/engines/patchmatch/candidates.ts';
import type { Raster } from '../../../../lib/pixels/raster.ts';

const never = Number.POSITIVE_INFINITY;

/** Chooses among pictures that cost so much; a picture is named by its place in the list. */
async function chosen(samples: number, costs: readonly number[], hasJudge = true) {
  const make = async (n: number): Promise<Raster> => ({
    width: 1,
    height: 1,
    channels: 1,
    data: Uint8Array.of(n),
  });
  const judge = hasJudge ? ({ data }: Raster) => costs[data[0]!]! : undefined;
  const { best, made } = await chooseCandidates({ samples, judge }, make);
  return { best: best.map(({ data }) => data[0]), made };
}

describe('chooseCandidates', () => {
  it.each([
    ['takes the best of four', 1, [9, 5, 3, 7], { best: [2], made: 4 }],
    ['stops at a good one', 1, [9, 0.5, 0, 0], { best: [1], made: 2 }],
    ['gives the best first where several are asked for', 2, [9, 5, never, 7], { best: [1, 3], made: 4 }],
    ['takes the earlier one of equals', 1, [5, 5, 5, 5], { best: [0], made: 4 }],
    [
      'gives those that fit worst of all rather than none',
      2,
      [never, never, never, never],
      { best: [0, 1], made: 4 },
    ],
  ])('%s', async (_, samples, costs, expected) => {
    expect(await chosen(samples, costs)).toEqual(expected);
  });

  it('makes no more than are asked for where nobody judges', async () => {
    expect(await chosen(2, [], false)).toEqual({ best: [0, 1], made: 2 });
  });
});
