import { describe, expect, it } from 'vitest';
import { firstChannels, isBlank, luma, samplesPerLevel } from '../../../lib/pixels/raster.ts';
import { floatPicture } from '../../support/made-pictures.ts';

it('an 8-bit level is 257 samples of 16 bit: 65535 is 255', () => {
  expect([samplesPerLevel(Uint8Array.of()), samplesPerLevel(Uint16Array.of())]).toEqual([1, 257]);
});

it('firstChannels takes the first channels of every pixel, at any depth', () => {
  const raster = { width: 2, height: 1, channels: 4, data: Uint16Array.of(1, 2, 3, 4, 5, 6, 7, 8) };
  expect(firstChannels(raster, 3)).toEqual({
    ...raster,
    channels: 3,
    data: Uint16Array.of(1, 2, 3, 5, 6, 7),
  });
  const grey = { width: 1, height: 2, channels: 2, data: Float32Array.of(0.5, 255, 1.5, 0) };
  expect(firstChannels(grey, 1).data).toEqual(Float32Array.of(0.5, 1.5));
  expect(firstChannels(grey, 2)).toBe(grey);
});

describe('luma', () => {
  it('is Rec. 709 for colour, the mean for others, itself for grey', () => {
    const rgb = { width: 1, height: 1, channels: 3, data: Float32Array.of(100, 200, 50) };
    expect(luma(rgb).data[0]).toBeCloseTo(21.26 + 143.04 + 3.61, 3);
    expect(luma({ width: 1, height: 1, channels: 4, data: Float32Array.of(1, 2, 3, 6) }).data[0]).toBe(3);
    const grey = floatPicture(2, 1, 1, () => 9);
    expect(luma(grey)).toBe(grey);
  });
});

it.each([Uint8Array, Uint16Array])('isBlank sees one sample in any part of a %o', (Samples) => {
  const data = new Samples(70_000);
  data[69_000] = 1;
  expect([isBlank(data, 0, 69_000), isBlank(data, 68_999, 69_001), isBlank(data, 69_001, 70_000)]).toEqual([
    true,
    false,
    true,
  ]);
  expect(isBlank(data, 0, 70_000)).toBe(false);
});
