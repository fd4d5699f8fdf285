import { describe, expect, it } from 'vitest';
import { composite } from '../../../lib/fit/composite.ts';
import { crop as cut } from '../../../lib/pixels/box.ts';
import type { Raster } from '../../../lib/pixels/raster.ts';
import { resizeTo } from '../../../lib/pixels/resample.ts';
import { boxMask, maskOf, picture, texture } from '../../support/made-pictures.ts';

const hole = { left: 110, top: 80, width: 90, height: 70 };
const mask = boxMask(320, 240, hole);
const scene = (x: number, y: number, c: number) => texture(x / 2, y / 2, c);
const crop = picture(320, 240, 3, (x, y, c) =>
  Math.hypot(x - 155, y - 115) < 28 ? 15 + 10 * c : scene(x, y, c),
);
/** The scene without the object, moved, brightened, and at another size. */
const edited = picture(400, 300, 3, (x, y, c) => 1.04 * scene(x * 0.8 - 1.1, y * 0.8 - 0.1, c) + 6);

describe('composite', () => {
  it('aligns, corrects and blends an answer: the object is gone and nothing else has changed', () => {
    const { patch, raster, alpha, registration, harmony } = composite({ crop, edited, mask });
    expect(patch).toEqual({ left: 109, top: 79, width: 92, height: 72 });
    expect(registration.confident).toBe(true);
    expect(registration.alignment.shiftX * 320).toBeCloseTo(1, 1);
    expect(harmony.ringAfter).toBeLessThan(1);
    let [sum, count, touchedOutside] = [0, 0, 0];
    for (let p = 0; p < alpha.data.length; p++) {
      const x = patch.left + (p % patch.width);
      const y = patch.top + Math.trunc(p / patch.width);
      for (let c = 0; c < 3; c++) {
        const value = raster.data[p * 3 + c]!;
        if (mask.data[y * 320 + x] === 0 && value !== crop.data[(y * 320 + x) * 3 + c]) touchedOutside++;
        sum += (value - scene(x, y, c)) ** 2;
        count++;
      }
    }
    expect(touchedOutside).toBe(0);
    expect(Math.sqrt(sum / count)).toBeLessThan(2.5);
  });

  it.each([1, 2, 3, 4])('keeps the shape of a picture of %i channels at 16 bit', (channels) => {
    const wide = picture(200, 150, channels, (x, y, c) => texture(x, y, c));
    const deep: Raster = { ...wide, data: Uint16Array.from(wide.data, (value) => value * 257 + 3) };
    const colour = channels === 4 ? 3 : channels === 2 ? 1 : channels;
    const answer = picture(100, 75, colour, (x, y, c) => texture(2 * x, 2 * y, c));
    const { raster } = composite({
      crop: deep,
      edited: answer,
      mask: boxMask(200, 150, { left: 80, top: 60, width: 30, height: 30 }),
    });
    expect(raster.channels).toBe(channels);
    expect(raster.data).toBeInstanceOf(Uint16Array);
  });

  it('does not compare transparent pixels', () => {
    const isHidden = (x: number): boolean => x > 150;
    const veiled = picture(320, 240, 4, (x, y, c) =>
      c === 3 ? (isHidden(x) ? 0 : 255) : isHidden(x) ? 200 - 50 * c : scene(x, y, c),
    );
    const { harmony, scores } = composite({ crop: veiled, edited, mask });
    expect(harmony.ringAfter).toBeLessThan(1.5);
    expect(scores.ringResidual).toBe(harmony.ringAfter);
  });

  it('compares the pictures outside the repainted area, which may be larger than the mask', () => {
    const wider = boxMask(320, 240, { left: 90, top: 60, width: 130, height: 110 });
    const spoiled = resizeTo(edited, { width: 320, height: 240 });
    for (let y = 60; y < 170; y++) spoiled.data.fill(240, (y * 320 + 90) * 3, (y * 320 + 220) * 3);
    const answer = { width: 320, height: 240, channels: 3, data: Uint8Array.from(spoiled.data, Math.round) };
    const { harmony } = composite({ crop, edited: answer, mask, repainted: wider });
    expect(harmony.ringAfter).toBeLessThan(1.5);
    expect(composite({ crop, edited: answer, mask }).harmony.ringAfter).toBeGreaterThan(5);
  });

  it.each([
    ['a flat picture', () => 90, 1],
    ['stripes, 16 bit', (x: number) => 120 + 100 * Math.sin(x / 4), 257],
    ['grain', (x: number, y: number, c: number) => (97 * x + 61 * y + 31 * c + x * y) % 256, 1],
  ])('takes a copy as it is: %s', (_, level, scale) => {
    const deep = (part: Raster): Raster =>
      scale === 1 ? part : { ...part, data: Uint16Array.from(part.data, (value) => value * scale) };
    const before = deep(picture(120, 90, 3, level));
    const spot = boxMask(120, 90, { left: 40, top: 30, width: 30, height: 20 });
    const after = { ...before, data: before.data.slice() };
    for (let p = 0; p < spot.data.length; p++) {
      if (spot.data[p] !== 0) after.data.fill(scale * ((7 * p) % 256), 3 * p, 3 * p + 3);
    }
    const { raster, patch, registration, harmony } = composite({
      ...{ crop: before, edited: after, mask: spot, featherPx: 0 },
    });
    expect(raster.data).toEqual(cut(after, patch).data);
    expect(registration.confident).toBe(true);
    expect(harmony.ringAfter).toBe(0);
    after.data[3 * (30 * 120 + 34)]! ^= 64;
    expect(composite({ crop: before, edited: after, mask: spot }).harmony.ringBefore).toBeGreaterThan(0);
  });

  it('changes nothing for an empty mask, and works on 1 x 1', () => {
    const dot = { width: 1, height: 1, channels: 1, data: Uint8Array.of(40) };
    const white = { ...dot, data: Uint8Array.of(90) };
    expect([...composite({ crop: dot, edited: white, mask: maskOf('.') }).raster.data]).toEqual([40]);
    expect([...composite({ crop: dot, edited: white, mask: maskOf('#') }).raster.data]).toEqual([90]);
  });

  it('refuses a mask of another size', () => {
    expect(() => composite({ crop, edited, mask: maskOf('#') })).toThrow(/same size/);
  });
});
