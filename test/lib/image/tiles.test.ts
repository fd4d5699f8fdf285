import { describe, expect, it } from 'vitest';
import type { Box, Raster } from '../../../lib/image/raster.ts';
import { resizeTo } from '../../../lib/image/resample.ts';
import { fuseTiles, planTiles } from '../../../lib/image/tiles.ts';
import { picture, texture } from './pictures.ts';

const crop = { width: 3000, height: 2000 };
const tile = { width: 1024, height: 1024 };

describe('planTiles', () => {
  it('takes one tile around what fits into one', () => {
    expect(planTiles({ crop, area: { left: 1000, top: 900, width: 200, height: 100 }, tile })).toEqual([
      { left: 588, top: 438, width: 1024, height: 1024 },
    ]);
  });

  it('covers an area with overlapping tiles inside the crop', () => {
    const area = { left: 100, top: 0, width: 2900, height: 1500 };
    const tiles = planTiles({ crop, area, tile });
    const lefts = [...new Set(tiles.map(({ left }) => left))];
    expect(lefts[0]).toBeLessThanOrEqual(area.left);
    expect(lefts.at(-1)).toBe(3000 - 1024);
    for (let i = 1; i < lefts.length; i++)
      expect(lefts[i]! - lefts[i - 1]!).toBeLessThanOrEqual(1024 * 0.875);
    expect(
      tiles.every(({ left, top }) => left >= 0 && top >= 0 && left + 1024 <= 3000 && top + 1024 <= 2000),
    ).toBe(true);
    expect(new Set(tiles.map(({ top }) => top)).size).toBe(2);
  });

  it('is never larger than the crop', () => {
    const dot = { left: 0, top: 0, width: 1, height: 1 };
    expect(planTiles({ crop: dot, area: dot, tile })).toEqual([dot]);
  });

  it('refuses an area outside', () => {
    expect(() => planTiles({ crop, area: { left: 2999, top: 0, width: 2, height: 1 }, tile })).toThrow(
      /inside/,
    );
  });
});

describe('fuseTiles', () => {
  const size = { width: 320, height: 240 };
  /** Coarse things both answers know, and a fine grain only tiles can. */
  const fine = (x: number, y: number): number => ((Math.trunc(x) + Math.trunc(y)) % 2 === 0 ? 8 : -8);
  const truth = picture(320, 240, 3, (x, y, c) => texture(x / 3, y / 3, c) + fine(x, y));
  const small = resizeTo(truth, { width: 80, height: 60 });
  const guide: Raster = { width: 80, height: 60, channels: 3, data: Uint8Array.from(small.data, Math.round) };
  const boxes = planTiles({
    crop: size,
    area: { left: 0, top: 0, ...size },
    tile: { width: 200, height: 160 },
  });
  /** Each tile is brighter or darker as a whole: plain tiles would show their edges. */
  const tiles = boxes.map((box, i) => ({ box, raster: tileOf(box, i % 2 === 0 ? 12 : -12) }));

  function tileOf(box: Box, bias: number): Raster {
    return picture(
      box.width,
      box.height,
      3,
      (x, y, c) => texture((x + box.left) / 3, (y + box.top) / 3, c) + fine(x + box.left, y + box.top) + bias,
    );
  }

  function rms(a: Raster): number {
    let sum = 0;
    for (let i = 0; i < a.data.length; i++) sum += (a.data[i]! - truth.data[i]!) ** 2;
    return Math.sqrt(sum / a.data.length);
  }

  it('takes the light from the guide and the detail from the tiles, whatever their light', () => {
    const without = fuseTiles({ guide, crop: size, tiles: [] });
    const fused = fuseTiles({ guide, crop: size, tiles });
    expect(rms(without)).toBeGreaterThan(7);
    expect(rms(fused)).toBeLessThan(2.5);
  });

  it('is the guide, enlarged, without tiles', () => {
    const flat = picture(4, 3, 1, () => 50);
    const out = fuseTiles({ guide: flat, crop: { width: 9, height: 7 }, tiles: [] });
    expect([out.width, out.height, ...new Set(out.data)]).toEqual([9, 7, 50]);
  });

  it('keeps 16 bit', () => {
    const deep = { width: 2, height: 2, channels: 1, data: Uint16Array.of(1, 1, 1, 1) };
    expect(fuseTiles({ guide: deep, crop: { width: 4, height: 4 }, tiles: [] }).data).toEqual(
      new Uint16Array(16).fill(1),
    );
  });

  it('refuses tiles of other channels or outside the crop', () => {
    const box = { left: 0, top: 0, width: 10, height: 10 };
    const grey = { box, raster: picture(10, 10, 1, texture) };
    expect(() => fuseTiles({ guide, crop: size, tiles: [grey] })).toThrow(/Expected 3 channels/);
    const outside = { box: { ...box, left: 315 }, raster: picture(10, 10, 3, texture) };
    expect(() => fuseTiles({ guide, crop: size, tiles: [outside] })).toThrow(/Expected a box inside/);
  });
});
