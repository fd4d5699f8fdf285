import { describe, expect, test } from 'vitest';
import { carryBack } from '../../../lib/fit/carry-back.ts';
import { type ColourLoss, learnColourLoss } from '../../../lib/fit/colour-loss.ts';
import type { Raster } from '../../../lib/pixels/raster.ts';

const nothing: ColourLoss = (_srgb, _p, out) => {
  out.fill(0);
};

/** One pixel; the conversion halves every colour, and the original lies 30 beyond. */
function pixel(seen: number, edited: number, opacity: number, loss = nothing): number[] {
  const raster = (level: number): Raster => ({
    width: 1,
    height: 1,
    channels: 3,
    data: Uint8Array.of(level, level, level),
  });
  const out = carryBack({
    original: raster(seen / 2 + 30),
    seen: raster(seen),
    edited: raster(edited),
    ownSeen: raster(seen / 2),
    ownEdited: raster(edited / 2),
    opacity: { width: 1, height: 1, channels: 1, data: Uint8Array.of(opacity) },
    loss,
  });
  return [...out.data];
}

describe('carrying a change back', () => {
  test('gives the original where nothing changed', () => expect(pixel(100, 100, 255)).toEqual([80, 80, 80]));
  test('gives the original where the mask is 0', () => expect(pixel(100, 200, 0)).toEqual([80, 80, 80]));
  test('keeps what was lost under a small change', () => expect(pixel(100, 104, 255)).toEqual([82, 82, 82]));
  test('forgets the old colour under a large change', () =>
    expect(pixel(100, 200, 255)).toEqual([100, 100, 100]));
  test('adds what new colours lose', () =>
    expect(pixel(100, 200, 255, (_srgb, _p, out) => void out.fill(7))).toEqual([107, 107, 107]));
  test('blends between the two through a soft mask', () => {
    // Half of the 30 that the original lies beyond.
    expect(pixel(100, 200, 127)[0]).toBeCloseTo(100 + 30 * (1 - 127 / 255), -0.5);
  });
});

describe('the loss of a colour', () => {
  const row = (...levels: number[]): Raster => ({
    width: levels.length / 3,
    height: 1,
    channels: 3,
    data: Uint8Array.from(levels),
  });
  const reds = Array.from({ length: 100 }, () => [240, 0, 0]).flat();
  const loss = learnColourLoss({
    srgb: row(...reds),
    own: row(...reds.map((level) => (level === 240 ? 250 : 0))),
    converted: row(...reds.map((level) => (level === 240 ? 220 : 10))),
  });
  const lossOf = (...colour: number[]) => {
    const out = new Float32Array(3);
    loss(row(...colour), 0, out);
    return [...out].map((level) => Math.round(level));
  };

  test('is the mean of the known pixels of that colour', () =>
    expect(lossOf(240, 0, 0)).toEqual([29, -10, -10]));
  test('is 0 for a colour that no pixel has', () => expect(lossOf(0, 0, 240)).toEqual([0, 0, 0]));
});
