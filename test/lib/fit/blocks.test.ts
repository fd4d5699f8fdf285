import { describe, expect, it } from 'vitest';
import { blockMeans } from '../../../lib/fit/blocks.ts';
import { floatPicture } from '../../support/made-pictures.ts';

describe('blockMeans', () => {
  it('averages the known pixels of each block', () => {
    const values = floatPicture(4, 2, 2, (x, _y, c) => 10 * x + c);
    const weights = floatPicture(4, 2, 1, (x) => (x === 1 ? 0 : 1));
    const { means, known } = blockMeans(values, weights, 2);
    expect([...means.data]).toEqual([0, 1, 25, 26]);
    expect([...known.data]).toEqual([1, 1]);
  });

  it('says nothing of a block with next to no known pixel', () => {
    const weights = floatPicture(8, 4, 1, (x, y) => (x === 0 && y < 3 ? 1 : 0));
    const { means, known } = blockMeans(
      floatPicture(8, 4, 1, () => 9),
      weights,
      4,
    );
    expect([...means.data, ...known.data]).toEqual([0, 0, 0, 0]);
  });

  it('works on 1 x 1 and on sizes that are no multiple of a block', () => {
    const one = (width: number, height: number) => floatPicture(width, height, 1, () => 1);
    expect([...blockMeans(one(1, 1), one(1, 1), 1).means.data]).toEqual([1]);
    expect([...blockMeans(one(7, 5), one(7, 5), 4).means.data]).toEqual([1, 1]);
  });
});
