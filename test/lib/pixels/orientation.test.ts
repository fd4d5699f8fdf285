import { expect, test } from 'vitest';
import { storedBox, toDisplayed, toStored } from '../../../lib/pixels/orientation.ts';
import type { Raster } from '../../../lib/pixels/raster.ts';

/*  stored:  1 2 3
             4 5 6   */
const stored: Raster = { width: 3, height: 2, channels: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };

const displayed = {
  1: [3, 1, 2, 3, 4, 5, 6],
  2: [3, 3, 2, 1, 6, 5, 4],
  3: [3, 6, 5, 4, 3, 2, 1],
  4: [3, 4, 5, 6, 1, 2, 3],
  5: [2, 1, 4, 2, 5, 3, 6],
  6: [2, 4, 1, 5, 2, 6, 3],
  7: [2, 6, 3, 5, 2, 4, 1],
  8: [2, 3, 6, 2, 5, 1, 4],
} as const;

test.each([1, 2, 3, 4, 5, 6, 7, 8] as const)('orientation %i', (orientation) => {
  const [width, ...values] = displayed[orientation];
  const shown = toDisplayed(stored, orientation);
  expect({ width: shown.width, values: [...shown.data] }).toEqual({ width, values });
  expect(toStored(shown, orientation)).toEqual(stored);
});

test.each([1, 2, 3, 4, 5, 6, 7, 8] as const)(
  'a displayed box is found in the stored picture, orientation %i',
  (orientation) => {
    const shown = toDisplayed(stored, orientation);
    for (let p = 0; p < 6; p++) {
      const pixel = { left: p % shown.width, top: Math.floor(p / shown.width), width: 1, height: 1 };
      const { left, top } = storedBox(pixel, orientation, stored);
      expect(stored.data[top * 3 + left]).toBe(shown.data[p]);
    }
  },
);
