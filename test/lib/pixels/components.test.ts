import { describe, expect, it } from 'vitest';
import { dropSpecks, forEachComponent } from '../../../lib/pixels/components.ts';
import { maskOf } from '../../support/made-pictures.ts';

function groups(...rows: string[]): number[][] {
  const found: number[][] = [];
  forEachComponent(maskOf(...rows), (pixels) => found.push([...pixels].sort((a, b) => a - b)));
  return found;
}

describe('forEachComponent', () => {
  it('joins pixels that touch, also by a corner', () => {
    expect(groups('#..#', '.#.5', '....', '#...')).toEqual([[0, 5], [3, 7], [12]]);
    expect(groups('.#', '#.')).toEqual([[1, 2]]);
  });

  it('does not wrap around the borders', () => {
    expect(groups('..#', '#..')).toEqual([[2], [3]]);
  });

  it('finds nothing in nothing, all in 1 x 1', () => {
    expect(groups('..')).toEqual([]);
    expect(groups('#')).toEqual([[0]]);
  });
});

describe('dropSpecks', () => {
  it('drops what is too small and keeps the rest as it is', () => {
    expect(dropSpecks(maskOf('#..51', '...#.'), 3)).toEqual(maskOf('...51', '...#.'));
    expect(dropSpecks(maskOf('#..5'), 1)).toEqual(maskOf('#..5'));
  });
});
