import { describe, expect, it } from 'vitest';
import { alignedWindow, driftPx, identityAlignment } from '../../../lib/fit/alignment.ts';
import { axisTaps } from '../../../lib/pixels/axis-taps.ts';
import { luma, samplesPerLevel } from '../../../lib/pixels/float-raster.ts';
import { fitSize, resample, resizeTo, wholeWindow } from '../../../lib/pixels/resample.ts';
import { floatPicture, picture, texture } from '../../support/made-pictures.ts';

const kernels = ['area', 'cubic'] as const;

describe('resample', () => {
  it.each(kernels)('gives every value back at its own size (%s)', (kernel) => {
    const source = picture(7, 5, 3, texture);
    const out = resample({ source, window: wholeWindow(source), size: source, kernel });
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

  it('reads 16 bit in levels: 65535 is 255', () => {
    const source = { width: 1, height: 1, channels: 1, data: Uint16Array.of(65_535) };
    expect(samplesPerLevel(source.data)).toBe(257);
    expect(resizeTo(source, { width: 2, height: 2 }).data[3]).toBeCloseTo(255, 4);
  });

  it('refuses an empty window or size', () => {
    const source = picture(2, 2, 1, () => 0);
    const size = { width: 0, height: 1 };
    expect(() => resample({ source, window: wholeWindow(source), size, kernel: 'area' })).toThrow(/above 0/);
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

describe('luma', () => {
  it('is Rec. 709 for colour, the mean for others, itself for grey', () => {
    const rgb = { width: 1, height: 1, channels: 3, data: Float32Array.of(100, 200, 50) };
    expect(luma(rgb).data[0]).toBeCloseTo(21.26 + 143.04 + 3.61, 3);
    expect(luma({ width: 1, height: 1, channels: 4, data: Float32Array.of(1, 2, 3, 6) }).data[0]).toBe(3);
    const grey = floatPicture(2, 1, 1, () => 9);
    expect(luma(grey)).toBe(grey);
  });
});

describe('alignment', () => {
  const crop = { width: 200, height: 100 };

  it('maps a patch of the crop to any size of answer', () => {
    const window = alignedWindow({
      edited: { width: 100, height: 50 },
      crop,
      patch: { left: 20, top: 10, width: 40, height: 20 },
      alignment: identityAlignment,
    });
    const { left, top, width, height } = window;
    expect([left, top, width, height].map((value) => value.toFixed(6))).toEqual(
      [10, 5, 20, 10].map((value) => value.toFixed(6)),
    );
  });

  it('finds content that was moved right and enlarged further right and larger', () => {
    const alignment = { shiftX: 0.1, shiftY: 0, scale: 2 };
    const window = alignedWindow({ edited: crop, crop, patch: wholeWindow(crop), alignment });
    expect(window).toEqual({ left: -80, top: -50, width: 400, height: 200 });
  });

  it('tells the drift of the worst corner in px', () => {
    expect(driftPx(identityAlignment, crop)).toBe(0);
    expect(driftPx({ shiftX: -3 / 200, shiftY: 4 / 100, scale: 1 }, crop)).toBeCloseTo(5, 9);
    expect(driftPx({ shiftX: 0, shiftY: 0, scale: 1.02 }, crop)).toBeCloseTo(Math.hypot(2, 1), 9);
  });
});
