import { describe, expect, it } from 'vitest';
import {
  boundingBox,
  boxAround,
  crop,
  gapPx,
  grow,
  intersect,
  paste,
  union,
} from '../../../lib/pixels/box.ts';
import { maskOf } from '../../support/made-pictures.ts';

const box = (left: number, top: number, width: number, height: number) => ({ left, top, width, height });

describe('paste', () => {
  it('writes a part at its place and nothing else', () => {
    const whole = maskOf('....', '....', '....');
    paste(whole, maskOf('##', '.#'), { left: 1, top: 1 });
    expect(whole).toEqual(maskOf('....', '.##.', '..#.'));
  });
});

describe('boundingBox', () => {
  it('is the smallest box around everything above 0', () => {
    expect(boundingBox(maskOf('......', '...1..', '.#....', '....1.', '......'))).toEqual(box(1, 1, 4, 3));
  });

  it('finds masks that touch every border, one pixel, and nothing', () => {
    expect(boundingBox(maskOf('#..', '...', '..#'))).toEqual(box(0, 0, 3, 3));
    expect(boundingBox(maskOf('#'))).toEqual(box(0, 0, 1, 1));
    expect(boundingBox(maskOf('..', '..'))).toBeUndefined();
  });

  it('looks only within a box', () => {
    expect(boundingBox(maskOf('#..#', '..#.'), box(1, 0, 3, 2))).toEqual(box(2, 0, 2, 2));
    expect(boundingBox(maskOf('#...'), box(1, 0, 3, 1))).toBeUndefined();
  });
});

describe('boxes', () => {
  it('unite, intersect and keep their distance', () => {
    expect(union(box(0, 0, 2, 2), box(5, 1, 1, 4))).toEqual(box(0, 0, 6, 5));
    expect(intersect(box(0, 0, 4, 4), box(2, 3, 9, 9))).toEqual(box(2, 3, 2, 1));
    expect(intersect(box(0, 0, 2, 2), box(2, 0, 2, 2))).toBeUndefined();
    expect(gapPx(box(0, 0, 2, 2), box(5, 3, 1, 1))).toBe(3);
    expect(gapPx(box(0, 0, 2, 2), box(2, 0, 1, 1))).toBe(0);
  });

  it('grow up to the border of the image', () => {
    expect(grow(box(1, 4, 2, 2), 3, { width: 5, height: 20 })).toEqual(box(0, 1, 5, 8));
  });

  it('are shifted rather than shrunk at a border', () => {
    expect(boxAround(box(0, 0, 2, 2), { width: 6, height: 4 }, { width: 10, height: 10 })).toEqual(
      box(0, 0, 6, 4),
    );
    expect(boxAround(box(8, 4, 2, 2), { width: 6, height: 40 }, { width: 10, height: 10 })).toEqual(
      box(4, 0, 6, 10),
    );
  });
});

describe('crop', () => {
  it('copies rows and channels', () => {
    const raster = { width: 3, height: 2, channels: 2, data: Uint8Array.from({ length: 12 }, (_, i) => i) };
    expect([...crop(raster, box(1, 0, 2, 2)).data]).toEqual([2, 3, 4, 5, 8, 9, 10, 11]);
  });

  it('never shares memory, also not with a Buffer', () => {
    const raster = { width: 2, height: 1, channels: 1, data: Buffer.from([7, 8]) };
    crop(raster, box(0, 0, 2, 1)).data[0] = 99;
    expect([...raster.data]).toEqual([7, 8]);
  });

  it.each([box(-1, 0, 1, 1), box(0, 0, 3, 1), box(0, 0, 0, 1), box(1, 1, 1, 1)])('refuses %o', (outside) => {
    expect(() => crop({ width: 2, height: 1, channels: 1, data: Uint8Array.of(1, 2) }, outside)).toThrow(
      /Expected a box inside 2 x 1/,
    );
  });
});
