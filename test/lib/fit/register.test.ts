import { describe, expect, it } from 'vitest';
import { driftPx, identityAlignment } from '../../../lib/fit/alignment.ts';
import { register } from '../../../lib/fit/register.ts';
import { crop as cut } from '../../../lib/pixels/box.ts';
import type { FloatRaster } from '../../../lib/pixels/raster.ts';
import { resizeTo } from '../../../lib/pixels/resample.ts';
import { normalNoise } from '../../bench/drift.ts';
import { ellipseMask } from '../../bench/quality-scenes.ts';
import { boxMask, floatPicture, maskOf, texture } from '../../support/made-pictures.ts';
import { scenery } from '../../support/scenery.ts';

const size = { width: 200, height: 160 };
const mask = boxMask(size.width, size.height, { left: 70, top: 50, width: 60, height: 50 });
const crop = floatPicture(size.width, size.height, 3, texture);

interface Model {
  readonly dx?: number;
  readonly dy?: number;
  readonly zoom?: number;
  readonly gain?: number;
  readonly bias?: number;
  readonly noise?: number;
  /** Levels that the light gains from left to right. */
  readonly incline?: number;
}

/** The texture as a model would give it back: moved exactly, other tone, something else inside the mask. */
function answer({
  dx = 0,
  dy = 0,
  zoom = 1,
  gain = 1,
  bias = 0,
  noise = 0,
  incline = 15,
}: Model): FloatRaster {
  const next = normalNoise(3);
  return floatPicture(size.width, size.height, 3, (x, y, c) => {
    const sourceX = (x + 0.5 - size.width / 2 - dx) / zoom + size.width / 2 - 0.5;
    const sourceY = (y + 0.5 - size.height / 2 - dy) / zoom + size.height / 2 - 0.5;
    const inside = mask.data[y * size.width + x]! > 0;
    return inside
      ? 60
      : gain * texture(sourceX, sourceY, c) + bias + incline * (x / size.width) + noise * next();
  });
}

const shiftPx = ({ shiftX, shiftY }: { shiftX: number; shiftY: number }) => [
  shiftX * size.width,
  shiftY * size.height,
];

describe('register', () => {
  it.each([
    { dx: 0, dy: 0 },
    { dx: 1.3, dy: -0.8 },
    { dx: -6.2, dy: 4.4 },
  ])('finds a shift of $dx, $dy under another tone, inclined light and noise', ({ dx, dy }) => {
    const edited = answer({ dx, dy, gain: 1.2, bias: -14, noise: 2, incline: 50 });
    const found = register({ crop, edited, mask });
    expect(found.confident).toBe(true);
    expect(Math.hypot(shiftPx(found.alignment)[0]! - dx, shiftPx(found.alignment)[1]! - dy)).toBeLessThan(
      0.03,
    );
    expect(found.residualAfter).toBeLessThanOrEqual(1.01 * found.residualBefore);
    expect(found.precisionPx).toBeLessThan(0.03);
  });

  it('finds a zoom where there is one, and none where there is none', () => {
    const zoomed = register({ crop, edited: answer({ zoom: 1.02, dx: 1, noise: 1 }), mask });
    expect(zoomed.alignment.scale).toBeCloseTo(1.02, 3);
    expect(shiftPx(zoomed.alignment)[0]).toBeCloseTo(1, 1);
    expect(register({ crop, edited: answer({ dx: 1, noise: 1 }), mask }).alignment.scale).toBe(1);
  });

  it('ignores a repainted quarter of the ring', () => {
    const edited = answer({ dx: 1.5, dy: 0.5, noise: 1 });
    for (let y = 20; y < 50; y++) edited.data.fill(200, (y * 200 + 60) * 3, (y * 200 + 120) * 3);
    const found = register({ crop, edited, mask });
    expect(
      driftPx(
        {
          ...found.alignment,
          shiftX: found.alignment.shiftX - 1.5 / 200,
          shiftY: found.alignment.shiftY - 0.5 / 160,
        },
        size,
      ),
    ).toBeLessThan(0.05);
  });

  it('moves nothing on a flat ring, with or without grain', () => {
    const next = normalNoise(5);
    const grainy = (level: number) => floatPicture(size.width, size.height, 3, () => level + 2 * next());
    for (const [a, b] of [
      [floatPicture(200, 160, 3, () => 90), floatPicture(200, 160, 3, () => 99)],
      [grainy(90), grainy(99)],
    ] as const) {
      const found = register({ crop: a, edited: b, mask });
      expect(found.confident).toBe(false);
      expect(found.alignment).toEqual({ shiftX: 0, shiftY: 0, scale: 1 });
    }
  });

  it('moves nothing along a direction without texture', () => {
    const stripes = (shift: number) =>
      floatPicture(size.width, size.height, 3, (x) => 120 + 60 * Math.sin((x - shift) / 4));
    expect(register({ crop: stripes(0), edited: stripes(1), mask }).confident).toBe(false);
  });

  it('moves nothing when the texture is too weak for its grain', () => {
    const next = normalNoise(9);
    const faint = (dx: number) =>
      floatPicture(80, 70, 3, (x, y, c) => 100 + 0.04 * texture(x - dx, y, c) + 1.9 * next());
    const small = boxMask(80, 70, { left: 20, top: 20, width: 40, height: 30 });
    const found = register({ crop: faint(0), edited: faint(1), mask: small });
    expect(found.precisionPx).toBeGreaterThan(0.1);
    expect(found.precisionPx).toBeLessThan(1);
    expect(found.confident).toBe(false);
    expect(found.alignment).toEqual({ shiftX: 0, shiftY: 0, scale: 1 });
  });

  it('moves nothing when the answer shows another picture', () => {
    const other = floatPicture(size.width, size.height, 3, (x, y, c) =>
      texture(y * 1.7 + 50, x * 0.6, c + 2),
    );
    expect(register({ crop, edited: other, mask }).confident).toBe(false);
  });

  it('moves nothing without a ring: 1 x 1, a full mask, hardly any border', () => {
    const dot = floatPicture(1, 1, 3, texture);
    expect(register({ crop: dot, edited: dot, mask: maskOf('#') }).confident).toBe(false);
    const full = boxMask(size.width, size.height, { left: 0, top: 0, ...size });
    expect(register({ crop, edited: crop, mask: full }).confident).toBe(false);
  });

  it('moves nothing when the answer is in place, whatever its tone', () => {
    const { alignment, confident } = register({
      crop,
      edited: answer({ gain: 1.1, bias: -6, incline: 0 }),
      mask,
    });
    expect(confident).toBe(true);
    expect(alignment).toEqual(identityAlignment);
  });

  it('works with a mask that touches two borders', () => {
    const corner = boxMask(size.width, size.height, { left: 0, top: 0, width: 90, height: 70 });
    const [dx] = shiftPx(register({ crop, edited: answer({ dx: 2 }), mask: corner }).alignment);
    expect(dx).toBeCloseTo(2, 1);
  });

  it('refuses other sizes', () => {
    const small = floatPicture(5, 5, 3, texture);
    expect(() => register({ crop, edited: small, mask })).toThrow(/same size/);
    expect(() => register({ crop, edited: crop, mask: maskOf('#') })).toThrow(/same size/);
  });
});

it('finds a picture in place that was only softened by resizing', () => {
  const whole = { width: 480, height: 360 };
  const box = { left: 60, top: 60, width: 280, height: 280 };
  const hole = cut(ellipseMask(whole.width, whole.height, { x: 0.4, y: 0.55, rx: 0.14, ry: 0.2 }), box);
  const part = cut(scenery(whole), box);
  const scene = resizeTo(part, part);
  const answered = resizeTo(resizeTo(scene, { width: 512, height: 512 }), { width: 600, height: 400 });
  const { alignment, confident } = register({ crop: scene, edited: resizeTo(answered, scene), mask: hole });
  expect(confident).toBe(true);
  expect(alignment).toEqual({ shiftX: 0, shiftY: 0, scale: 1 });
});
