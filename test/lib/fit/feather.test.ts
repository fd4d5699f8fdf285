import { describe, expect, it } from 'vitest';
import { adaptiveFeather, feather, smoothstep } from '../../../lib/fit/feather.ts';
import { wholeWindow } from '../../../lib/pixels/resample.ts';
import { boxMask, floatPicture, maskOf } from '../../support/made-pictures.ts';

describe('smoothstep', () => {
  it('rises from 0 to 1 with level ends', () => {
    expect([-1, 0, 0.25, 0.5, 1, 2].map(smoothstep)).toEqual([0, 0, 0.15625, 0.5, 1, 1]);
  });
});

describe('feather', () => {
  it('rises inwards from the edge', () => {
    expect([...feather(maskOf('.####.'), 4).data]).toEqual([0, 40, 128, 128, 40, 0]);
  });

  it('keeps soft values where they are below the feather', () => {
    expect([...feather(maskOf('.1###'), 2).data]).toEqual([0, 26, 255, 255, 255]);
  });

  it('is the mask at width 0, in its own memory also for a Buffer', () => {
    const data = Buffer.from([0, 9, 255]);
    const out = feather({ width: 3, height: 1, channels: 1, data }, 0);
    out.data[1] = 77;
    expect([...data]).toEqual([0, 9, 255]);
  });

  it('does not fade towards the border of the picture, nor without any edge', () => {
    expect([...feather(maskOf('####.'), 1).data]).toEqual([255, 255, 255, 255, 0]);
    expect([...feather(maskOf('##', '##'), 9).data]).toEqual([255, 255, 255, 255]);
  });

  it.each([-1, Number.NaN])('refuses a width of %s', (width) => {
    expect(() => feather(maskOf('#'), width)).toThrow(/Expected a feather/);
  });
});

describe('adaptiveFeather', () => {
  const mask = boxMask(200, 200, { left: 20, top: 20, width: 160, height: 160 });
  const alphaWith = (levels: number, featherPx = 32) =>
    adaptiveFeather({
      mask,
      featherPx,
      difference: floatPicture(50, 50, 1, () => levels),
      crop: mask,
      patch: wholeWindow(mask),
    });
  const row = (alpha: { data: Uint8Array }) => [...alpha.data.subarray(100 * 200, 101 * 200)];

  it('is the plain feather where picture and answer agree', () => {
    expect(alphaWith(6)).toEqual(feather(mask, 32));
  });

  it('is tight where they do not', () => {
    expect(row(alphaWith(24)).slice(18, 24)).toEqual([0, 0, 128, 255, 255, 255]);
  });

  it('follows the difference from place to place', () => {
    const difference = floatPicture(50, 50, 1, (x) => (x < 25 ? 0 : 100));
    const alpha = adaptiveFeather({ mask, featherPx: 32, difference, crop: mask, patch: wholeWindow(mask) });
    expect(row(alpha)[24]).toBe(row(feather(mask, 32))[24]);
    expect(row(alpha)[175]).toBe(255);
  });

  it('reads the difference of the patch, not of the crop', () => {
    const crop = { width: 400, height: 400 };
    const difference = floatPicture(40, 40, 1, (x, y) => (x >= 20 && y >= 20 ? 100 : 0));
    const at = (left: number, top: number) =>
      row(
        adaptiveFeather({
          mask,
          featherPx: 32,
          difference,
          crop,
          patch: { left, top, width: 200, height: 200 },
        }),
      )[22];
    expect(at(200, 200)).toBe(255);
    expect(at(0, 0)).toBeLessThan(10);
  });

  it('narrows for thin masks, so that their middle is replaced', () => {
    const thin = boxMask(60, 41, { left: 5, top: 10, width: 50, height: 21 });
    const difference = floatPicture(6, 4, 1, () => 0);
    const alpha = adaptiveFeather({
      mask: thin,
      featherPx: 32,
      difference,
      crop: thin,
      patch: wholeWindow(thin),
    });
    expect(alpha.data[20 * 60 + 30]).toBe(255);
  });

  it('is 0 wherever the mask is 0 and never above it', () => {
    const soft = { ...mask, data: mask.data.map((value, i) => (value * (i % 7)) / 6) };
    const difference = floatPicture(3, 3, 1, () => 99);
    const alpha = adaptiveFeather({
      mask: soft,
      featherPx: 32,
      difference,
      crop: soft,
      patch: wholeWindow(soft),
    });
    expect(alpha.data.every((value, i) => value <= soft.data[i]!)).toBe(true);
  });

  it('is the mask at width 0', () => {
    expect(alphaWith(0, 0)).toEqual(mask);
  });
});
