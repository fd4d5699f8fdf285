import { describe, expect, it } from 'vitest';
import { fuseTiles } from '../../../lib/fit/tiles.ts';
import type { Raster } from '../../../lib/pixels/raster.ts';
import { resizeTo } from '../../../lib/pixels/resample.ts';
import { planTiles, type TilePlace } from '../../../lib/plan/tile-plan.ts';
import { boxMask, picture, texture } from '../../support/made-pictures.ts';

const size = { width: 320, height: 240 };
const everything = { left: 0, top: 0, ...size };
/** Fine enough to be lost in an answer of a quarter of the size. */
const fine = (x: number, y: number): number => 10 * Math.sin(2.1 * x) * Math.cos(1.9 * y);
const scene = (x: number, y: number, c: number): number => texture(x / 2.5, y / 2.5, c) + fine(x, y);
const truth = picture(size.width, size.height, 3, scene);
const small = resizeTo(truth, { width: 80, height: 60 });
const large = resizeTo(small, size);
const guide: Raster = { ...large, data: Uint8Array.from(large.data, Math.round) };
const mask = boxMask(size.width, size.height, everything);
const places = planTiles({ canvas: size, area: everything, tile: { width: 200, height: 160 } });

/** What a model gives for one tile: all of the detail, its own light, moved by its own way. */
function answerOf({ box }: TilePlace, n: number, paint = scene): Raster {
  const [bias, dx, dy] = [n % 2 === 0 ? 12 : -12, (n % 3) - 1, (n % 2) * 0.8];
  return picture(
    box.width,
    box.height,
    3,
    (x, y, c) =>
      1.03 * paint(x + box.left - dx, y + box.top - dy, c) +
      bias +
      9 * Math.sin(x / 40 + n) * Math.cos(y / 50),
  );
}

function fused(paint = scene, limitedTo = mask) {
  const { canvas, add } = fuseTiles({ guide, mask: limitedTo, guidePixelPx: 4 });
  const fits = places.map((place, n) => add({ place, answer: answerOf(place, n, paint) }));
  return { canvas, fits };
}

const finer = fused();

function rms(a: Raster): number {
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) sum += (a.data[i]! - truth.data[i]!) ** 2;
  return Math.sqrt(sum / a.data.length);
}

/** Mean absolute step of the error from column x - 1 to x. */
function stepAt(a: Raster, x: number): number {
  let sum = 0;
  for (let y = 0; y < a.height; y++) {
    const k = (y * a.width + x) * 3;
    sum += Math.abs(a.data[k]! - truth.data[k]! - (a.data[k - 3]! - truth.data[k - 3]!));
  }
  return sum / a.height;
}

describe('fuseTiles', () => {
  it('takes light from the guide and detail from the tiles, for tiles of any light and shift', () => {
    const { canvas, fits } = finer;
    expect(rms(guide)).toBeGreaterThan(4.5);
    expect(rms(canvas)).toBeLessThan(2);
    expect(Math.min(...fits.map(({ agreement }) => agreement))).toBeGreaterThan(0.99);
    expect(Math.max(...fits.map(({ driftPx }) => driftPx))).toBeGreaterThan(0.9);
  });

  it('shows no seam where one tile ends and the next begins', () => {
    const { canvas } = finer;
    const columns = Array.from({ length: size.width - 20 }, (_, i) => stepAt(canvas, i + 10));
    const usual = columns.reduce((sum, step) => sum + step, 0) / columns.length;
    for (const { box, core } of places) {
      for (const x of [box.left, core.left, core.left + core.width]) {
        if (x > 10 && x < size.width - 10) expect(stepAt(canvas, x)).toBeLessThan(1.5 * usual + 0.2);
      }
    }
  });

  it('keeps the guide where a tile shows another thing', () => {
    const other = fused((x, y, c) => 250 - scene(x, y, c) + (x > 100 && x < 160 ? 60 : 0));
    expect(other.fits.every(({ agreement }) => agreement < 0.7)).toBe(true);
    expect(rms(other.canvas)).toBeLessThan(rms(guide) + 3);
  });

  it('skips a thing that only the tile shows, and uses the detail around it', () => {
    const isThing = (x: number, y: number): boolean => x > 140 && x < 190 && y > 80 && y < 130;
    const { canvas, fits } = fused((x, y, c) =>
      isThing(x, y) ? 40 + 35 * (Math.trunc(x) % 2) : scene(x, y, c),
    );
    expect(fits.every(({ isUsed }) => isUsed)).toBe(true);
    let [inThing, most] = [0, 0];
    for (let y = 85; y < 125; y++) {
      for (let x = 145; x < 185; x++) {
        const k = (y * size.width + x) * 3;
        const change = Math.abs(canvas.data[k]! - guide.data[k]!);
        inThing += change / (40 * 40);
        most = Math.max(most, change);
      }
    }
    expect(inThing).toBeLessThan(3);
    expect(rms(canvas)).toBeLessThan(0.75 * rms(guide));
    expect(most).toBeLessThan(40);
  });

  it('adds nothing outside the mask', () => {
    const box = { left: 100, top: 80, width: 100, height: 90 };
    const { canvas } = fused(scene, boxMask(size.width, size.height, box));
    let outside = 0;
    for (let p = 0; p < size.width * size.height; p++) {
      const [x, y] = [p % size.width, Math.trunc(p / size.width)];
      const isInside = x >= 100 && x < 200 && y >= 80 && y < 170;
      if (!isInside && canvas.data[p * 3] !== guide.data[p * 3]) outside++;
    }
    expect(outside).toBe(0);
    expect(rms(canvas)).toBeLessThan(rms(guide));
  });

  it('is the guide without tiles, and does not change its arguments', () => {
    const before = Uint8Array.from(guide.data);
    expect(fuseTiles({ guide, mask, guidePixelPx: 4 }).canvas.data).toEqual(before);
    expect(fused().canvas.data).toEqual(finer.canvas.data);
    expect(guide.data).toEqual(before);
  });

  it('refuses tiles of other channels', () => {
    const { add } = fuseTiles({ guide, mask, guidePixelPx: 4 });
    const grey = picture(10, 10, 1, texture);
    expect(() => add({ place: places[0]!, answer: grey })).toThrow(/Expected 3 channels/);
  });
});
