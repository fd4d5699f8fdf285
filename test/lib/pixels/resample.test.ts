import { describe, expect, it } from 'vitest';
import { boxOf } from '../../../lib/pixels/box.ts';
import type { Raster } from '../../../lib/pixels/raster.ts';
import { fitSize, resample, rescale, resizeTo } from '../../../lib/pixels/resample.ts';
import { axisTaps } from '../../../lib/pixels/taps.ts';
import { picture, texture } from '../../support/made-pictures.ts';

const kernels = ['area', 'cubic'] as const;

describe('resample', () => {
  it.each(kernels)('keeps every value at the same size (%s)', (kernel) => {
    const source = picture(7, 5, 3, texture);
    const out = resample({ source, window: boxOf(source), size: source, kernel });
    expect([...out.data]).toEqual([...source.data]);
  });

  it('averages exactly what a pixel covers when reducing by area', () => {
    const source = { width: 3, height: 1, channels: 1, data: Uint8Array.of(0, 90, 180) };
    const out = resizeTo(source, { width: 2, height: 1 });
    expect(out.data[0]).toBeCloseTo((0 + 90 / 2) / 1.5, 4);
    expect(out.data[1]).toBeCloseTo((90 / 2 + 180) / 1.5, 4);
  });

  it('is linear between pixels when enlarging by area', () => {
    const source = { width: 2, height: 1, channels: 1, data: Uint8Array.of(0, 100) };
    expect([...resizeTo(source, { width: 4, height: 1 }).data]).toEqual([0, 25, 75, 100]);
  });

  it('is Catmull-Rom half way between pixels: (-1, 9, 9, -1) / 16', () => {
    const source = { width: 4, height: 1, channels: 1, data: Uint8Array.of(16, 32, 96, 16) };
    const window = { left: 1.5, top: 0, width: 1, height: 1 };
    const out = resample({ source, window, size: { width: 1, height: 1 }, kernel: 'cubic' });
    expect(out.data[0]).toBeCloseTo((-16 + 9 * 32 + 9 * 96 - 16) / 16, 4);
  });

  it.each(kernels)('keeps a flat picture flat, also beyond its edge (%s)', (kernel) => {
    const source = picture(4, 3, 1, () => 77);
    const window = { left: -3.3, top: -9, width: 20.2, height: 15 };
    const out = resample({ source, window, size: { width: 9, height: 6 }, kernel });
    for (const value of out.data) expect(value).toBeCloseTo(77, 4);
  });

  it('converts 16 bit to levels: 65535 is 255', () => {
    const source = { width: 1, height: 1, channels: 1, data: Uint16Array.of(65_535) };
    expect(resizeTo(source, { width: 2, height: 2 }).data[3]).toBeCloseTo(255, 4);
  });

  it('refuses an empty window or size', () => {
    const source = picture(2, 2, 1, () => 0);
    const size = { width: 0, height: 1 };
    expect(() => resample({ source, window: boxOf(source), size, kernel: 'area' })).toThrow(/above 0/);
  });
});

describe('axisTaps', () => {
  it.each(kernels)('has weights that sum to 1, for any step and source length (%s)', (kernel) => {
    for (const [step, sourceLength] of [
      [0.3, 1],
      [1, 2],
      [2.7, 3],
      [9, 4],
      [0.99, 50],
    ] as const) {
      const { taps, first, weights } = axisTaps({ start: -1.2, step, count: 11, sourceLength, kernel });
      for (let i = 0; i < 11; i++) {
        const sum = weights.slice(i * taps, (i + 1) * taps).reduce((a, b) => a + b, 0);
        expect(sum).toBeCloseTo(1, 5);
        expect(first[i]).toBeGreaterThanOrEqual(0);
        expect(first[i]! + taps).toBeLessThanOrEqual(sourceLength);
      }
    }
  });
});

describe('fitSize', () => {
  it('reduces to the longer side, never enlarges, never vanishes', () => {
    expect(fitSize({ width: 2000, height: 1000 }, 512)).toEqual({ width: 512, height: 256 });
    expect(fitSize({ width: 20, height: 10 }, 512)).toEqual({ width: 20, height: 10 });
    expect(fitSize({ width: 5000, height: 1 }, 512)).toEqual({ width: 512, height: 1 });
  });
});

describe('rescale', () => {
  const grey = (width: number, height: number, ...levels: number[]): Raster => ({
    width,
    height,
    channels: 1,
    data: Uint8Array.from(levels),
  });

  it('keeps a raster of the same size', () => {
    const raster = grey(3, 2, 0, 128, 255, 7, 250, 1);
    expect(rescale(raster, raster)).toEqual(raster);
  });

  it('puts an edge where it was: by hand, from the weights of Catmull-Rom at a quarter of a pixel', () => {
    const { data } = rescale(grey(4, 1, 50, 50, 150, 150), { width: 8, height: 1 });
    expect([...data]).toEqual([50, 48, 43, 70, 130, 157, 152, 150]);
  });

  it('clamps what overshoots and rounds to nearest', () => {
    const { data } = rescale(grey(4, 1, 0, 0, 255, 255), { width: 8, height: 1 });
    expect(Math.min(...data)).toBe(0);
    expect(Math.max(...data)).toBe(255);
  });

  it('brings 16 bit to 8, channel by channel', () => {
    const source: Raster = { width: 1, height: 1, channels: 3, data: Uint16Array.of(0, 32_896, 65_535) };
    expect([...rescale(source, { width: 2, height: 1 }).data]).toEqual([0, 128, 255, 0, 128, 255]);
  });
});
