import { describe, expect, it } from 'vitest';
import { applyTone, fitTone, identityTone } from '../../../lib/fit/tone.ts';
import { floatPicture, texture } from '../../support/made-pictures.ts';

const everywhere = floatPicture(20, 20, 1, () => 1);
const crop = floatPicture(20, 20, 3, texture);
/** What `crop` looks like after a model with that gain and offset: its correction is the inverse. */
const toned = (gain: number, offset: number) =>
  applyTone(crop, { gains: [gain, gain, gain], offsets: [offset, 0, -offset] });

describe('fitTone', () => {
  it('finds gain and offset of each channel', () => {
    const tone = fitTone({ crop, edited: toned(1.1, 5), weights: everywhere });
    for (const gain of tone.gains) expect(gain).toBeCloseTo(1 / 1.1, 2);
    for (const [c, offset] of [-5, 0, 5].entries()) {
      const middle = 120;
      expect(tone.gains[c]! * (1.1 * middle + -offset) + tone.offsets[c]!).toBeCloseTo(middle, 0);
    }
  });

  it('ignores a repainted third of the ring', () => {
    const edited = toned(1.05, 3);
    for (let p = 0; p < 130; p++) edited.data.fill(255, p * 3, p * 3 + 3);
    const clean = fitTone({ crop, edited: toned(1.05, 3), weights: everywhere });
    const tone = fitTone({ crop, edited, weights: everywhere });
    for (const [c, gain] of tone.gains.entries()) expect(gain).toBeCloseTo(clean.gains[c]!, 2);
  });

  it('never changes contrast by more than its limits', () => {
    expect(fitTone({ crop, edited: toned(3, 0), weights: everywhere }).gains).toEqual([0.75, 0.75, 0.75]);
    expect(fitTone({ crop, edited: toned(0.2, 0), weights: everywhere }).gains).toEqual([1.33, 1.33, 1.33]);
  });

  it('only shifts a flat ring', () => {
    const flat = floatPicture(9, 9, 1, () => 100);
    const edited = floatPicture(9, 9, 1, () => 90);
    const { gains, offsets } = fitTone({ crop: flat, edited, weights: floatPicture(9, 9, 1, () => 1) });
    expect(gains[0]).toBe(1);
    expect(offsets[0]).toBeCloseTo(10, 5);
  });

  it('changes nothing where nothing is known', () => {
    const weights = floatPicture(20, 20, 1, () => 0);
    expect(fitTone({ crop, edited: toned(2, 9), weights })).toEqual(identityTone(3));
  });

  it('refuses other sizes and channels', () => {
    expect(() => fitTone({ crop, edited: floatPicture(9, 20, 3, texture), weights: everywhere })).toThrow(
      /same size/,
    );
    expect(() => fitTone({ crop, edited: floatPicture(20, 20, 1, texture), weights: everywhere })).toThrow(
      /Expected 3 channels, got 1/,
    );
  });
});
