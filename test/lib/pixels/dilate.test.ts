import { describe, expect, it } from 'vitest';
import { dilate, erode } from '../../../lib/pixels/dilate.ts';
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
