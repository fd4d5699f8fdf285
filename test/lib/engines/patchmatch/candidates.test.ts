import { describe, expect, it } from 'vitest';
import { chooseCandidates, recipeOf } from '../../../../lib/engines/patchmatch/candidates.ts';
import type { Raster } from '../../../../lib/pixels/raster.ts';

const never = Number.POSITIVE_INFINITY;

/** Draft `n` is 1 pixel wide and costs `drafts[n]`, finished it is 2 pixels wide and costs `costs[n]`. */
async function chosen(
  samples: number,
  drafts: readonly number[],
  costs: readonly number[],
  { hasJudge = true, cropWidth = 2 } = {},
) {
  const finished: number[] = [];
  const told: number[] = [];
  const picture = (width: number, n: number): Raster => ({
    width,
    height: 1,
    channels: 1,
    data: new Uint8Array(width).fill(n),
  });
  const judge = ({ width, data }: Raster) => (width === 1 ? drafts : costs)[data[0]!]!;
  const { best, made } = await chooseCandidates(
    {
      crop: picture(cropWidth, 0),
      samples,
      judge: hasJudge ? judge : undefined,
      onProgress: (share) => told.push(share),
    },
    {
      draft: async (n) => picture(1, n),
      finish: async (n) => {
        finished.push(n);
        return picture(2, n);
      },
    },
  );
  expect(told).toEqual(told.toSorted((a, b) => a - b));
  expect(told.at(-1)).toBeLessThanOrEqual(1);
  return { best: best.map(({ data }) => data[0]), made, finished };
}

describe('chooseCandidates', () => {
  it.each([
    [
      'finishes the two best drafts of four, and takes the better one',
      1,
      [9, 5, 3, 7],
      [0, 4, 6, 0],
      { best: [1], made: 4, finished: [2, 1] },
    ],
    [
      'stops at a draft that is good when it is finished',
      1,
      [9, 0.5, 0, 0],
      [9, 0.5, 0, 0],
      { best: [1], made: 2, finished: [1] },
    ],
    [
      'goes on where a good draft is bad when it is finished',
      1,
      [0.5, 9, 9, 2],
      [5, 9, 9, 3],
      { best: [3], made: 4, finished: [0, 3] },
    ],
    [
      'gives the best first where several are asked for',
      2,
      [9, 5, never, 7],
      [9, 6, 1, 4],
      { best: [3, 1], made: 4, finished: [1, 3, 0] },
    ],
    [
      'takes the earlier one among equals, large pieces last',
      2,
      [5, 5, 5, 9],
      [5, 5, 5, 9],
      { best: [0, 2], made: 4, finished: [0, 2, 1] },
    ],
    [
      'takes large pieces that are clearly better',
      1,
      [5, 4, 5, 5],
      [5, 4, 5, 5],
      { best: [1], made: 4, finished: [1, 0] },
    ],
    [
      'takes large pieces that are better by two levels, also where all is bad',
      1,
      [30, 28, 30, 30],
      [30, 28, 30, 30],
      { best: [1], made: 4, finished: [1, 0] },
    ],
    [
      'gives those that fit worst of all rather than none',
      2,
      [never, never, never, never],
      [never, never, never, never],
      { best: [0, 1], made: 4, finished: [0, 1, 2] },
    ],
  ])('%s', async (_, samples, drafts, costs, expected) => {
    expect(await chosen(samples, drafts, costs)).toEqual(expected);
  });

  it.each([
    ['takes the first draft that is whole', 1, [9, 0, 0, 0], { best: [0], made: 1, finished: [] }],
    [
      'takes whole drafts that may be published, the best first',
      2,
      [never, 9, 5, 0],
      { best: [2, 1], made: 3, finished: [] },
    ],
    [
      'gives a whole draft rather than none',
      1,
      [never, never, never, never],
      { best: [0], made: 4, finished: [] },
    ],
  ])('%s', async (_, samples, drafts, expected) => {
    expect(await chosen(samples, drafts, [], { cropWidth: 1 })).toEqual(expected);
  });

  it('makes no more than are asked for where nobody judges', async () => {
    expect(await chosen(2, [], [], { hasJudge: false })).toEqual({ best: [0, 1], made: 2, finished: [0, 1] });
  });
});

describe('recipeOf', () => {
  it('gives no two pictures of any two requests the same seed', () => {
    const seeds = [1, 2].flatMap((seed) => [0, 1, 2, 3].map((n) => recipeOf(seed, n).seed));
    expect(new Set(seeds).size).toBe(8);
  });
});
