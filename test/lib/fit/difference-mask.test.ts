import { describe, expect, it } from 'vitest';
import { differenceMask } from '../../../lib/fit/difference-mask.ts';
import { boundingBox } from '../../../lib/pixels/box.ts';
import { normalNoise } from '../../bench/drift.ts';
import { picture, texture } from '../../support/made-pictures.ts';

const scene = (x: number, y: number, c: number) => texture(x / 2, y / 2, c);
const isObject = (x: number, y: number): boolean => Math.hypot(x - 150, y - 100) < 30;
const crop = picture(300, 220, 3, (x, y, c) => (isObject(x, y) ? 240 - 60 * c : scene(x, y, c)));

/** The scene without the object, moved by 2 px, another tone, grain. */
function answer(): typeof crop {
  const noise = normalNoise(4);
  return picture(300, 220, 3, (x, y, c) => Math.min(255, 1.15 * scene(x - 2, y + 1, c) - 25 + 2 * noise()));
}

describe('differenceMask', () => {
  it('finds what the model changed, but not its drift, tone and grain', () => {
    const mask = differenceMask({ crop, edited: answer() });
    let [missed, beyond] = [0, 0];
    for (let p = 0; p < mask.data.length; p++) {
      const distance = Math.hypot((p % 300) - 150, Math.trunc(p / 300) - 100);
      if (distance < 30 && mask.data[p]! < 250) missed++;
      if (distance > 42 && mask.data[p]! > 0) beyond++;
    }
    expect(missed).toBe(0);
    expect(beyond).toBe(0);
  });

  it('does not take the border for an edit, where the answer was moved beyond it', () => {
    const zoomed = picture(300, 220, 3, (x, y, c) => {
      const [u, v] = [(x - 151.5) / 1.02 + 149.5, (y - 107.5) / 1.02 + 109.5];
      return scene(u, v, c) * 0.9 + 40;
    });
    const mask = differenceMask({ crop, edited: zoomed });
    const atBorder = mask.data.filter((_, p) => p % 300 < 4 || p % 300 > 295 || p < 1200 || p > 216 * 300);
    expect(atBorder.some((level) => level > 0)).toBe(false);
    expect(mask.data[100 * 300 + 150]).toBe(255);
  });

  it('includes faint changes only if connected to certain ones', () => {
    const smooth = picture(300, 220, 3, () => 100);
    const spot = (x: number, y: number): number =>
      x < 80 ? 15 : isObject(x, y) ? 60 : Math.hypot(x - 150, y - 100) < 45 ? 15 : 0;
    const edited = picture(300, 220, 3, (x, y) => 100 + (y > 60 && y < 150 ? spot(x, y) : 0));
    const mask = differenceMask({ crop: smooth, edited });
    expect(mask.data[100 * 300 + 40]).toBe(0);
    expect(mask.data[100 * 300 + 190]).toBe(255);
  });

  it('ends softly', () => {
    const levels = new Set(differenceMask({ crop, edited: answer() }).data);
    expect(levels.size).toBeGreaterThan(10);
  });

  it('has the size of the crop for any size of answer', () => {
    const edited = picture(150, 110, 3, (x, y, c) => scene(2 * x + 0.5, 2 * y + 0.5, c));
    const mask = differenceMask({ crop, edited });
    expect([mask.width, mask.height]).toEqual([300, 220]);
    const box = boundingBox(mask)!;
    expect(Math.abs(box.left - 115)).toBeLessThan(8);
    expect(Math.abs(box.width - 70)).toBeLessThan(14);
  });

  it('is empty when nothing was edited, and on 1 x 1', () => {
    expect(differenceMask({ crop, edited: crop }).data.every((value) => value === 0)).toBe(true);
    const dot = picture(1, 1, 3, () => 9);
    expect([...differenceMask({ crop: dot, edited: dot }).data]).toEqual([0]);
  });

  it('refuses other channels', () => {
    expect(() => differenceMask({ crop, edited: picture(3, 2, 1, texture) })).toThrow(/Expected 3 channels/);
  });
});
