import { describe, expect, it } from 'vitest';
import { cutOffShare } from '../../../lib/fit/cut-off.ts';
import type { Box, FloatRaster } from '../../../lib/pixels/raster.ts';
import { boxMask } from '../../support/pictures.ts';

const size = { width: 60, height: 40 };
const mask = boxMask(size, { left: 20, top: 10, width: 20, height: 20 });

/** Sky above ground, with a thing in it. */
function picture(thing?: Box): FloatRaster {
  const { data } = boxMask(size, thing ?? { left: 0, top: 0, width: 0, height: 0 });
  const levels = Array.from(data, (inside, p) => (inside ? 20 : p < 20 * size.width ? 180 : 110));
  return { ...size, channels: 3, data: Float32Array.from(levels.flatMap((level) => [level, level, level])) };
}

const shareOf = (answer: FloatRaster) => cutOffShare(picture(), answer, mask);

describe('cutOffShare', () => {
  it('is the share of the edge at which a thing ends that reaches it', () => {
    expect(shareOf(picture({ left: 30, top: 10, width: 10, height: 20 }))).toBeCloseTo(0.5);
    expect(shareOf(picture({ left: 0, top: 0, ...size }))).toBe(1);
    expect(shareOf(picture({ left: 30, top: 16, width: 30, height: 8 }))).toBeCloseTo(0.1);
  });

  it('is 0 where the answer goes on with what is outside instead of a thing that ended at the edge', () => {
    expect(cutOffShare(picture({ left: 20, top: 10, width: 20, height: 20 }), picture(), mask)).toBe(0);
  });

  it('is 0 for a thing inside, for the same picture, and without a mask', () => {
    expect(shareOf(picture({ left: 23, top: 13, width: 14, height: 14 }))).toBe(0);
    expect(shareOf(picture())).toBe(0);
    const empty = boxMask(size, { left: 0, top: 0, width: 0, height: 0 });
    expect(cutOffShare(picture(), picture({ left: 0, top: 0, ...size }), empty)).toBe(0);
  });
});
