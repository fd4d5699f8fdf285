import { describe, expect, it } from 'vitest';
import { brokenLines, knownLines } from '../../../lib/fit/lines.ts';
import type { FloatRaster } from '../../../lib/pixels/raster.ts';
import { boxMask } from '../../support/pictures.ts';

const size = { width: 128, height: 96 };
const mask = boxMask(size, { left: 44, top: 28, width: 40, height: 40 });

function picture(levelAt: (x: number, y: number) => number, channels = 3): FloatRaster {
  const data = new Float32Array(size.width * size.height * channels);
  for (let y = 0, i = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) for (let c = 0; c < channels; c++, i++) data[i] = levelAt(x, y);
  }
  return { ...size, channels, data };
}

/** Broken lines of an answer that shows something else inside the mask. */
function broken(known: (x: number, y: number) => number, inside: (x: number, y: number) => number): number {
  const isInside = (x: number, y: number) => x >= 44 && x < 84 && y >= 28 && y < 68;
  const answer = picture((x, y) => (isInside(x, y) ? inside(x, y) : known(x, y)));
  return brokenLines(knownLines(picture(known), mask), answer);
}

const horizon = (_: number, y: number) => (y < 48 ? 180 : 90);
const slope = (x: number, y: number) => (2 * y - x < 32 ? 180 : 90);

describe('brokenLines', () => {
  it.each([
    ['a horizon', horizon],
    ['a slope', slope],
    ['a flat wall', () => 120],
  ])('is near 0 where %s goes on', (_, paint) => {
    expect(broken(paint, paint)).toBeLessThan(0.3);
  });

  it.each([
    ['bends', (x: number, y: number) => (y < 48 + 0.5 * (20 - Math.abs(x - 64)) ? 180 : 90)],
    ['steps', (x: number, y: number) => (y < (x < 64 ? 56 : 40) ? 180 : 90)],
    ['ends', () => 180],
  ])('grows where a horizon %s', (_, inside) => {
    expect(broken(horizon, inside)).toBeGreaterThan(1);
  });

  it('takes only what is straight for 8 px before the mask for a line', () => {
    const bar = (left: number) => (x: number, y: number) =>
      x >= left && x < 44 && y >= 48 && y < 60 ? 90 : 180;
    expect(broken(bar(20), () => 180)).toBeGreaterThan(0.3);
    expect(broken(bar(33), () => 180)).toBe(0);
  });

  it('does not look at texture, nor at a mask that covers all', () => {
    const grain = (x: number, y: number) =>
      (Math.imul((x * 73856093) ^ (y * 19349663), 2654435761) >>> 24) / 2;
    expect(broken(grain, () => 64)).toBeLessThan(0.3);
    const full = boxMask(size, { left: 0, top: 0, ...size });
    expect(brokenLines(knownLines(picture(horizon), full), picture(horizon))).toBe(0);
  });
});
