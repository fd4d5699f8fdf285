import { describe, expect, it } from 'vitest';
import { adaptiveFeather, featherDistance, smoothstep } from '../../../lib/fit/feather.ts';
import { boxOf } from '../../../lib/pixels/box.ts';
import type { Mask } from '../../../lib/pixels/raster.ts';
import { boxMask, floatPicture, maskOf } from '../../support/made-pictures.ts';

it('smoothstep rises from 0 to 1 with level ends', () => {
  expect([-1, 0, 0.25, 0.5, 1, 2].map(smoothstep)).toEqual([0, 0, 0.15625, 0.5, 1, 1]);
});

describe('adaptiveFeather', () => {
  const square = boxMask(200, 200, { left: 20, top: 20, width: 160, height: 160 });
  const same = floatPicture(50, 50, 1, () => 0);

  function feather(mask: Mask, featherPx = 32, difference = same, { crop = mask, patch = boxOf(mask) } = {}) {
    const distance = featherDistance(mask, featherPx);
    return adaptiveFeather({ mask, distance, featherPx, difference, crop, patch });
  }

  const middleRow = ({ width, height, data }: Mask) => [
    ...data.subarray((height >> 1) * width, ((height >> 1) + 1) * width),
  ];
  const plain = (px: number, featherPx: number) => Math.round(255 * smoothstep(px / featherPx));

  it('rises inwards from the edge where picture and answer agree', () => {
    const difference = floatPicture(50, 50, 1, () => 6);
    const row = middleRow(feather(square, 32, difference));
    expect(row.slice(19, 53)).toEqual([0, ...Array.from({ length: 33 }, (_, i) => plain(i + 1, 32))]);
  });

  it('is tight where they do not', () => {
    const difference = floatPicture(50, 50, 1, () => 24);
    expect(middleRow(feather(square, 32, difference)).slice(18, 24)).toEqual([0, 0, 128, 255, 255, 255]);
  });

  it('follows the difference from place to place', () => {
    const difference = floatPicture(50, 50, 1, (x) => (x < 25 ? 0 : 100));
    const row = middleRow(feather(square, 32, difference));
    expect([row[24], row[175]]).toEqual([plain(5, 32), 255]);
  });

  it('reads the difference of the patch, not of the crop', () => {
    const difference = floatPicture(40, 40, 1, (x, y) => (x >= 20 && y >= 20 ? 100 : 0));
    const at = (left: number, top: number) => {
      const place = { crop: { ...square, width: 400, height: 400 }, patch: { ...boxOf(square), left, top } };
      return middleRow(feather(square, 32, difference, place))[22];
    };
    expect(at(200, 200)).toBe(255);
    expect(at(0, 0)).toBeLessThan(10);
  });

  it('narrows for thin masks, so that their middle is replaced', () => {
    const thin = boxMask(60, 41, { left: 5, top: 10, width: 50, height: 21 });
    expect(middleRow(feather(thin))[30]).toBe(255);
  });

  it('keeps soft values below the feather, and never exceeds the mask', () => {
    expect([...feather(maskOf('.1###'), 2).data]).toEqual([0, 26, 255, 255, 255]);
    const soft = { ...square, data: square.data.map((value, i) => (value * (i % 7)) / 6) };
    const { data } = feather(
      soft,
      32,
      floatPicture(3, 3, 1, () => 99),
    );
    expect(data.every((value, i) => value <= soft.data[i]!)).toBe(true);
  });

  it('does not fade towards the border of the picture, nor without any edge', () => {
    expect([...feather(maskOf('####.'), 1).data]).toEqual([255, 255, 255, 255, 0]);
    expect([...feather(maskOf('##', '##'), 9).data]).toEqual([255, 255, 255, 255]);
  });

  it('is the mask at width 0, in its own memory also for a Buffer', () => {
    const data = Buffer.from([0, 9, 255]);
    const out = feather({ width: 3, height: 1, channels: 1, data }, 0);
    expect([...out.data]).toEqual([0, 9, 255]);
    out.data[1] = 77;
    expect(data[1]).toBe(9);
  });
});
