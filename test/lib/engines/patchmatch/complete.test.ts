import { describe, expect, it } from 'vitest';
import { openCompletion } from '../../../../lib/engines/patchmatch/complete.ts';
import { completePicture } from '../../../support/complete-picture.ts';

type Rgb = readonly [number, number, number];

interface Scene {
  readonly width: number;
  readonly height: number;
  readonly paint: (x: number, y: number) => Rgb;
  readonly masked: (x: number, y: number) => boolean;
}

/** The scene with its masked part in magenta, which a completed picture must never show. */
function build({ width, height, paint, masked }: Scene) {
  const truth = new Uint8Array(width * height * 3);
  const rgb = new Uint8Array(width * height * 3);
  const mask = new Uint8Array(width * height);
  for (let i = 0; i < width * height; i++) {
    const x = i % width;
    const y = (i - x) / width;
    truth.set(paint(x, y), 3 * i);
    rgb.set(masked(x, y) ? [255, 0, 255] : paint(x, y), 3 * i);
    mask[i] = masked(x, y) ? 255 : 0;
  }
  return { truth, picture: { width, height, rgb, mask } };
}

function meanErrorInside(filled: Uint8Array, truth: Uint8Array, mask: Uint8Array): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < filled.length; i++) {
    if (!mask[Math.floor(i / 3)]) continue;
    sum += Math.abs(filled[i]! - truth[i]!);
    count++;
  }
  return sum / count;
}

function changedOutside(filled: Uint8Array, { rgb, mask }: { rgb: Uint8Array; mask: Uint8Array }): number {
  return filled.filter((value, i) => !mask[Math.floor(i / 3)] && value !== rgb[i]).length;
}

const middle = (size: number, half: number) => (x: number, y: number) =>
  Math.abs(x - size / 2) < half && Math.abs(y - size / 2) < half;

/** Noise without a generator: the same at every run. */
const grain = (x: number, y: number) => (Math.imul((x * 73856093) ^ (y * 19349663), 2654435761) >>> 28) - 8;

describe('completePicture', () => {
  it.each<[string, Scene, number]>([
    [
      'restores a periodic texture',
      {
        width: 96,
        height: 96,
        paint: (x, y) => (x % 12 < 5 ? [180, 120, 60] : y % 8 < 3 ? [40, 90, 50] : [110, 150, 90]),
        masked: middle(96, 14),
      },
      4,
    ],
    [
      'continues a horizon straight through the hole',
      {
        width: 120,
        height: 90,
        paint: (x, y) => (y < 47 ? [150 + grain(x, y), 180, 220] : [90, 110 + grain(x, y), 60]),
        masked: middle(100, 20),
      },
      6,
    ],
    [
      'continues a slanted edge',
      {
        width: 100,
        height: 100,
        paint: (x, y) => (x + 2 * y < 150 ? [200, 190, 170] : [60, 50, 40]),
        masked: middle(100, 14),
      },
      8,
    ],
  ])('%s', (_, scene, mostLevels) => {
    const { truth, picture } = build(scene);
    expect(meanErrorInside(completePicture(picture, 1), truth, picture.mask)).toBeLessThan(mostLevels);
  });

  it('changes no pixel outside the mask', () => {
    const { picture } = build({
      width: 61,
      height: 47,
      paint: (x, y) => [100 + grain(x, y), 90 + grain(y, x), 3 * x],
      masked: (x, y) => (x - 20) ** 2 + (y - 20) ** 2 < 120,
    });
    expect(changedOutside(completePicture(picture, 3), picture)).toBe(0);
  });

  it('fills pixels of any mask value above 0', () => {
    const { picture } = build({ width: 40, height: 40, paint: () => [10, 20, 30], masked: middle(40, 6) });
    const soft = { ...picture, mask: picture.mask.map((value) => (value ? 1 : 0)) };
    expect(completePicture(soft, 1)).toEqual(completePicture(picture, 1));
    expect(completePicture(soft, 1)).not.toContain(255);
  });

  it('keeps the grain of the surface: no blur', () => {
    const { picture } = build({
      width: 96,
      height: 96,
      paint: (x, y) => [128 + 4 * grain(x, y), 128 + 4 * grain(x, y), 128 + 4 * grain(x, y)],
      masked: middle(96, 12),
    });
    const filled = completePicture(picture, 1);
    const deviation = (inside: boolean) => {
      const values = Array.from(filled).filter((_, i) => i % 3 === 0 && !!picture.mask[i / 3] === inside);
      const mean = values.reduce((a, b) => a + b) / values.length;
      return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    };
    expect(deviation(true) / deviation(false)).toBeGreaterThan(0.8);
  });

  it.each([
    ['at a corner', (x: number, y: number) => x < 12 && y < 12],
    ['across the whole width', (_: number, y: number) => y > 20 && y < 28],
    ['over all but a rim', (x: number, y: number) => x > 1 && y > 1 && x < 46 && y < 46],
    ['over all but one pixel', (x: number, y: number) => x + y > 0],
    ['in a single pixel', (x: number, y: number) => x === 20 && y === 20],
  ])('fills a hole %s', (_, masked) => {
    const { picture } = build({ width: 48, height: 48, paint: (x) => [100, 2 * x, 40], masked });
    const filled = completePicture(picture, 1);
    expect(changedOutside(filled, picture)).toBe(0);
    expect(filled).not.toContain(255);
  });

  it.each([
    [8, 8],
    [1, 40],
    [40, 1],
    [2, 2],
    [3, 200],
  ])('fills a raster of %i x %i', (width, height) => {
    const { picture } = build({
      width,
      height,
      paint: () => [80, 90, 100],
      masked: (x, y) => (x + y * width) % 5 === 1,
    });
    const { rgb } = build({ width, height, paint: () => [80, 90, 100], masked: () => false }).picture;
    expect(completePicture(picture, 1)).toEqual(rgb);
  });

  it('gives back an equal picture for an empty mask', () => {
    const { picture } = build({ width: 9, height: 9, paint: (x, y) => [x, y, 7], masked: () => false });
    const filled = completePicture(picture, 1);
    expect(filled).toEqual(picture.rgb);
    expect(filled).not.toBe(picture.rgb);
  });

  it('refuses a mask that leaves nothing', () => {
    const { picture } = build({ width: 9, height: 9, paint: () => [1, 2, 3], masked: () => true });
    expect(() => completePicture(picture, 1)).toThrow(expect.objectContaining({ code: 'MASK_FULL' }));
  });

  it('depends on the seed alone', () => {
    const { picture } = build({
      width: 64,
      height: 64,
      paint: (x, y) => [128 + 4 * grain(x, y), 60, 90],
      masked: middle(64, 9),
    });
    expect(completePicture(picture, 5)).toEqual(completePicture(picture, 5));
    expect(completePicture(picture, 5)).not.toEqual(completePicture(picture, 6));
  });

  it.each([
    [2, 3.5],
    [4, 3],
    [8, 3],
  ])('interpolates between stripes of %i px, where few patches are known', (widthPx, mostLevels) => {
    const wave = (a: number, b: number) =>
      Math.round(128 + 100 * Math.sin((2 * a) / widthPx) * Math.cos((2 * b) / widthPx));
    const { truth, picture } = build({
      width: 128,
      height: 96,
      paint: (x, y) => [wave(x / 5, y / 7), wave(x / 6, y / 4), wave(y / 5, x / 7)],
      masked: (x) => x % (2 * widthPx) < widthPx,
    });
    const filled = completePicture(picture, 1);
    expect(meanErrorInside(filled, truth, picture.mask)).toBeLessThan(mostLevels);
    expect(changedOutside(filled, picture)).toBe(0);
  });
});

it('paints a later draft as if it were the first', () => {
  const { picture } = build({
    width: 40,
    height: 30,
    paint: (x, y) => [x * 5, grain(x, y) + 99, y * 8],
    masked: middle(34, 4),
  });
  const both = openCompletion(picture);
  for (const seed of [3, 7]) {
    const recipe = { seed, beginning: 'border' } as const;
    expect(both.draft(recipe)).toEqual(openCompletion(picture).draft(recipe));
  }
});
