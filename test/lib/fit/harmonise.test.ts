import { describe, expect, it } from 'vitest';
import { harmonise, knownRing } from '../../../lib/fit/harmonise.ts';
import { applyTone } from '../../../lib/fit/tone.ts';
import { resizeTo } from '../../../lib/pixels/resample.ts';
import { boxMask, floatPicture, maskOf, texture } from '../../support/made-pictures.ts';

const hole = { left: 40, top: 30, width: 40, height: 40 };
const mask = boxMask(120, 100, hole);
const crop = floatPicture(120, 100, 3, texture);
const isInside = (p: number): boolean => mask.data[p]! > 0;

const largest = (values: Float32Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

function worstInside(edited: typeof crop, harmony: ReturnType<typeof harmonise>): number {
  const toned = applyTone(edited, harmony.tone).data;
  const light = resizeTo(harmony.residual, edited).data;
  let worst = 0;
  for (let i = 0; i < toned.length; i++) {
    if (!isInside(Math.trunc(i / 3))) continue;
    worst = Math.max(worst, Math.abs(toned[i]! + light[i]! - crop.data[i]!));
  }
  return worst;
}

describe('harmonise', () => {
  it('undoes a change of tone', () => {
    const edited = applyTone(crop, { gains: [1.06, 0.97, 1.1], offsets: [-6, 4, 9] });
    const harmony = harmonise(knownRing(crop, mask), edited);
    expect(worstInside(edited, harmony)).toBeLessThan(1.5);
    expect(harmony.ringBefore).toBeGreaterThan(3);
    expect(harmony.ringAfter).toBeLessThan(0.5);
  });

  it('undoes slowly changing light, which gain and offset cannot', () => {
    const edited = floatPicture(120, 100, 3, (x, y, c) => texture(x, y, c) + (x - 60) / 6);
    expect(worstInside(edited, harmonise(knownRing(crop, mask), edited))).toBeLessThan(4);
  });

  it('changes nothing when the answer equals the crop', () => {
    const { tone, residual, ringBefore, difference } = harmonise(knownRing(crop, mask), crop);
    for (const gain of tone.gains) expect(gain).toBeCloseTo(1, 5);
    expect(largest(residual.data)).toBeLessThan(0.01);
    expect(largest(difference.data)).toBeLessThan(0.01);
    expect(ringBefore).toBe(0);
  });

  it('never adds more than 24 levels, however different the ring', () => {
    const flat = floatPicture(120, 100, 1, () => 60);
    const edited = floatPicture(120, 100, 1, (x) => (x < 60 ? 60 : 250));
    const { residual } = harmonise(knownRing(flat, mask), edited);
    expect(largest(residual.data)).toBeLessThanOrEqual(24.001);
  });

  it('does not drag the texture of the ring into the mask', () => {
    const edited = floatPicture(120, 100, 1, (x, y) => 100 + 14 * Math.sin(2.1 * x) * Math.cos(1.7 * y));
    const flat = floatPicture(120, 100, 1, () => 100);
    const { residual } = harmonise(knownRing(flat, mask), edited);
    expect(largest(resizeTo(residual, flat).data.filter((_, p) => isInside(p)))).toBeLessThan(1.5);
  });

  it('measures a difference where the old object was', () => {
    const old = floatPicture(120, 100, 3, (x, y, c) =>
      x > 50 && x < 70 && y > 40 && y < 60 ? 20 : texture(x, y, c),
    );
    const { difference } = harmonise(knownRing(old, mask), crop);
    expect(difference.data[50 * 120 + 60]).toBeGreaterThan(34);
    expect(difference.data[50 * 120 + 44]).toBeLessThan(5);
  });

  it('does not correct an answer without a known ring', () => {
    const dot = floatPicture(1, 1, 3, () => 9);
    const harmony = harmonise(
      knownRing(dot, maskOf('#')),
      floatPicture(1, 1, 3, () => 99),
    );
    expect(harmony.tone).toEqual({ gains: [1, 1, 1], offsets: [0, 0, 0] });
    expect([...harmony.residual.data]).toEqual([0, 0, 0]);
    expect(harmony.ringAfter).toBe(0);
  });

  it('refuses other sizes', () => {
    expect(() => harmonise(knownRing(crop, maskOf('#')), crop)).toThrow(/same size/);
  });
});
