import { expect, test } from 'vitest';
import { surroundingAlpha, withAlpha, withoutWhite } from '../../../lib/fit/alpha.ts';
import { boxMask } from '../../support/pictures.ts';

const size = { width: 40, height: 20 };
const patch = { left: 10, top: 4, width: 20, height: 12 };
const mask = boxMask(size, patch);

/** Rows of one alpha: `levelAt` by column, unknown under the mask. */
function continued(levelAt: (x: number) => number): number[] {
  const data = Uint8Array.from({ length: 800 }, (_, p) => (mask.data[p] === 0 ? levelAt(p % 40) : 77));
  const out = surroundingAlpha({ alpha: { ...size, channels: 1, data }, mask, patch });
  return [...out.data.subarray(6 * 20, 7 * 20)].map((level) => Math.round(level));
}

test('alpha around a mask is continued with a sharp edge', () => {
  const row = continued((x) => (x < 20 ? 255 : 0));
  expect(row.slice(0, 8)).toEqual(new Array(8).fill(255));
  expect(row.slice(12)).toEqual(new Array(8).fill(0));
});

test('even alpha around a mask is continued as it is', () => {
  expect(continued(() => 100)).toEqual(new Array(20).fill(100));
});

test('colours seen on white are found again, and nothing of them without alpha', () => {
  const colours = {
    width: 3,
    height: 1,
    channels: 3,
    data: Uint8Array.of(200, 100, 50, 40, 40, 40, 9, 9, 9),
  };
  const alpha = { width: 3, height: 1, channels: 1, data: Uint8Array.of(255, 51, 0) };
  // 255 - (255 - 40) / 5 = 212.
  const seen = { ...colours, data: Uint8Array.of(200, 100, 50, 212, 212, 212, 255, 255, 255) };
  expect([...withoutWhite(withAlpha(seen, alpha)).data]).toEqual([200, 100, 50, 40, 40, 40, 0, 0, 0]);
});
