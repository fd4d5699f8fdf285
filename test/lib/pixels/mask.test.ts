import { describe, expect, it } from 'vitest';
import {
  countAbove0,
  coverMask,
  dilate,
  dropSpecks,
  erode,
  forEachComponent,
} from '../../../lib/pixels/mask.ts';
import { boxMask, maskOf } from '../../support/made-pictures.ts';

describe('dilate', () => {
  it('grows by a disc, not by a square', () => {
    expect(dilate(maskOf('.....', '.....', '..#..', '.....', '.....'), 1)).toEqual(
      maskOf('.....', '..#..', '.###.', '..#..', '.....'),
    );
    expect(dilate(maskOf('.....', '.....', '..#..', '.....', '.....'), 1.5)).toEqual(
      maskOf('.....', '.###.', '.###.', '.###.', '.....'),
    );
  });

  it.each([
    [127, [0, 127, 0]],
    [128, [255, 255, 255]],
  ])('grows from half on: %d', (value, expected) => {
    const mask = { width: 3, height: 1, channels: 1 as const, data: Uint8Array.of(0, value, 0) };
    expect([...dilate(mask, 1).data]).toEqual(expected);
  });

  it('keeps soft values beyond its reach and lowers none', () => {
    expect(dilate(maskOf('#31..2'), 1)).toEqual(maskOf('##1..2'));
  });

  it('is the same mask, and not the same memory, at radius 0', () => {
    const mask = { ...maskOf('.5#'), data: Buffer.from([0, 128, 255]) };
    const out = dilate(mask, 0);
    expect([...out.data]).toEqual([0, 128, 255]);
    out.data[0] = 9;
    expect(mask.data[0]).toBe(0);
  });

  it('leaves an empty mask empty', () => {
    expect(dilate(maskOf('..', '..'), 5)).toEqual(maskOf('..', '..'));
  });

  it.each([-1, Number.NaN])('refuses a radius of %s', (radius) => {
    expect(() => dilate(maskOf('#'), radius)).toThrow(/Expected a radius/);
    expect(() => erode(maskOf('#'), radius)).toThrow(/Expected a radius/);
  });
});

describe('erode', () => {
  it('takes back what dilate gave, and is not eaten by the border', () => {
    const mask = boxMask(20, 20, { left: 0, top: 6, width: 8, height: 8 });
    expect(erode(dilate(mask, 3), 3)).toEqual(mask);
  });
});

it('countAbove0 counts soft values too', () => {
  expect(countAbove0(maskOf('.1#', '...', '#..'))).toBe(3);
});

describe('coverMask', () => {
  it('sets a pixel that overlaps any value above 0', () => {
    expect(coverMask(maskOf('....', '...1'), { width: 2, height: 1 })).toEqual(maskOf('.#'));
    expect(coverMask(maskOf('.#..'), { width: 4, height: 1 })).toEqual(maskOf('.#..'));
  });
});

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
