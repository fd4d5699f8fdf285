import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identityAlignment } from '../../../lib/fit/alignment.ts';
import { type BlendArgs, blend } from '../../../lib/fit/blend.ts';
import { crop as cut } from '../../../lib/pixels/box.ts';
import { floatPicture, maskOf, picture, texture } from '../../support/made-pictures.ts';

const whole = { left: 0, top: 0, width: 4, height: 2 };
const plain = (channels: number) => ({
  tone: { gains: new Array<number>(channels).fill(1), offsets: new Array<number>(channels).fill(0) },
  residual: floatPicture(1, 1, channels, () => 0),
});
const base = {
  crop: picture(4, 2, 1, (x, y) => 10 * x + 100 * y),
  edited: picture(4, 2, 1, () => 200),
  patch: whole,
  alpha: maskOf('.5#.', '....'),
  alignment: identityAlignment,
  harmony: plain(1),
} satisfies BlendArgs;

describe('blend', () => {
  it('is original + (edited - original) * alpha / 255', () => {
    const raster = blend(base);
    expect([...raster.data]).toEqual([0, 105, 200, 30, 100, 110, 120, 130]);
  });

  it('keeps the original exactly where alpha is 0, for any answer, alignment and tone', () => {
    const rasters = fc.record({
      values: fc.array(fc.integer({ min: 0, max: 65_535 }), { minLength: 24, maxLength: 24 }),
      alphas: fc.uint8Array({ minLength: 8, maxLength: 8 }),
      shiftX: fc.double({ min: -2, max: 2, noNaN: true }),
      offset: fc.double({ min: -300, max: 300, noNaN: true }),
    });
    fc.assert(
      fc.property(rasters, ({ values, alphas, shiftX, offset }) => {
        const data = alphas.map((value) => (value < 128 ? 0 : value));
        const crop = { width: 4, height: 2, channels: 3, data: Uint16Array.from(values) };
        const raster = blend({
          ...base,
          crop,
          edited: picture(5, 3, 3, texture),
          alpha: { ...base.alpha, data },
          alignment: { shiftX, shiftY: -shiftX, scale: 1.1 },
          harmony: { ...plain(3), tone: { gains: [1, 2, 3], offsets: [offset, 0, 0] } },
        });
        for (let i = 0; i < 24; i++)
          if (data[Math.trunc(i / 3)] === 0) expect(raster.data[i]).toBe(values[i]);
      }),
      { seed: 2, numRuns: 100 },
    );
  });

  it('corrects by gain, offset and residual', () => {
    const harmony = {
      tone: { gains: [0.5], offsets: [7] },
      residual: floatPicture(4, 2, 1, (x) => x),
    };
    const raster = blend({ ...base, alpha: maskOf('####', '####'), harmony });
    expect([...raster.data]).toEqual([107, 108, 109, 110, 107, 108, 109, 110]);
  });

  it('clamps to the range of the depth', () => {
    const bright = { ...plain(1), tone: { gains: [9], offsets: [0] } };
    const dark = { ...plain(1), tone: { gains: [-9], offsets: [0] } };
    const alpha = maskOf('####', '####');
    expect([...blend({ ...base, alpha, harmony: bright }).data]).toEqual(new Array(8).fill(255));
    expect([...blend({ ...base, alpha, harmony: dark }).data]).toEqual(new Array(8).fill(0));
  });

  it('works at 16 bit, with an answer of 8 or 16 bit', () => {
    const crop = { width: 2, height: 1, channels: 1, data: Uint16Array.of(1000, 40_001) };
    const patch = { left: 0, top: 0, width: 2, height: 1 };
    const args = { ...base, crop, patch, alpha: maskOf('#.') };
    const eight = blend({ ...args, edited: { ...crop, data: Uint8Array.of(255, 255) } }).data;
    expect(eight).toEqual(Uint16Array.of(65_535, 40_001));
    const sixteen = blend({ ...args, edited: { ...crop, data: Uint16Array.of(12_345, 12_345) } }).data;
    expect(sixteen).toEqual(Uint16Array.of(12_345, 40_001));
  });

  it('keeps an alpha channel that the answer does not have', () => {
    const crop = picture(4, 2, 4, (_x, _y, c) => (c === 3 ? 77 : 10));
    const edited = picture(4, 2, 3, () => 200);
    const raster = blend({ ...base, crop, edited, alpha: maskOf('####', '####'), harmony: plain(3) });
    expect([...raster.data.subarray(0, 8)]).toEqual([200, 200, 200, 77, 200, 200, 200, 77]);
  });

  it('undoes a shift by the model', () => {
    const crop = picture(40, 30, 3, texture);
    const edited = picture(40, 30, 3, (x, y, c) => texture(x - 1.5, y + 0.5, c));
    const raster = blend({
      crop,
      edited,
      patch: { left: 10, top: 8, width: 20, height: 14 },
      alpha: { width: 20, height: 14, channels: 1, data: new Uint8Array(280).fill(255) },
      alignment: { shiftX: 1.5 / 40, shiftY: -0.5 / 30, scale: 1 },
      harmony: plain(3),
    });
    const truth = cut(crop, { left: 10, top: 8, width: 20, height: 14 });
    const worst = Math.max(...Array.from(raster.data, (value, i) => Math.abs(value - truth.data[i]!)));
    expect(worst).toBeLessThanOrEqual(2);
  });

  it('does not change the crop, also when it is a Buffer', () => {
    const crop = { ...base.crop, data: Buffer.from(base.crop.data) };
    blend({ ...base, crop });
    expect([...crop.data]).toEqual([...base.crop.data]);
  });

  it('works on 1 x 1', () => {
    const dot = { width: 1, height: 1, channels: 1, data: Uint8Array.of(5) };
    const raster = blend({
      ...base,
      crop: dot,
      edited: { ...dot, data: Uint8Array.of(9) },
      patch: { left: 0, top: 0, width: 1, height: 1 },
      alpha: maskOf('#'),
    });
    expect([...raster.data]).toEqual([9]);
  });

  it.each([
    ['a patch outside the crop', { patch: { ...whole, left: 1 } }],
    ['alpha of another size', { alpha: maskOf('#') }],
    ['more colours than the crop has', { edited: picture(4, 2, 3, texture), harmony: plain(3) }],
    ['a tone for other channels', { harmony: plain(3) }],
    ['data that is too short', { crop: { ...base.crop, data: new Uint8Array(3) } }],
  ])('refuses %s', (_name, wrong) => {
    expect(() => blend({ ...base, ...wrong })).toThrow(/Expected/);
  });
});
