import { describe, expect, it } from 'vitest';
import { alignedWindow, driftPx, identityAlignment } from '../../../lib/fit/alignment.ts';
import { boxOf } from '../../../lib/pixels/box.ts';

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

  it('looks for content that was moved right and enlarged farther right, in a larger window', () => {
    const alignment = { shiftX: 0.1, shiftY: 0, scale: 2 };
    const window = alignedWindow({ edited: crop, crop, patch: boxOf(crop), alignment });
    expect(window).toEqual({ left: -80, top: -50, width: 400, height: 200 });
  });

  it('measures the drift of the worst corner in px', () => {
    expect(driftPx(identityAlignment, crop)).toBe(0);
    expect(driftPx({ shiftX: -3 / 200, shiftY: 4 / 100, scale: 1 }, crop)).toBeCloseTo(5, 9);
    expect(driftPx({ shiftX: 0, shiftY: 0, scale: 1.02 }, crop)).toBeCloseTo(Math.hypot(2, 1), 9);
  });
});
