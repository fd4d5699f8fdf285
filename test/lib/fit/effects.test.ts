import { expect, it } from 'vitest';
import { withEffects } from '../../../lib/fit/effects.ts';
import type { Box } from '../../../lib/pixels/raster.ts';
import { picture, texture } from '../../support/made-pictures.ts';
import { boxMask } from '../../support/pictures.ts';

const size = { width: 200, height: 160 };
const mask = boxMask(size, { left: 70, top: 40, width: 60, height: 60 });
const ground = (x: number, y: number, c: number) => texture(x / 3, y / 3, c) * 0.5 + 80;
const isShade = (x: number, y: number) => x >= 85 && x < 115 && y >= 100 && y < 109;
const clean = picture(size.width, size.height, 3, ground);
const shaded = picture(size.width, size.height, 3, (x, y, c) => ground(x, y, c) * (isShade(x, y) ? 0.5 : 1));
const effectsIn = (room: Box) => withEffects({ crop: shaded, edited: clean, mask, room });

it('adds a shadow that the room holds', () => {
  const { mask: grown, leftOut } = effectsIn({ left: 0, top: 0, ...size });
  expect(leftOut).toBe(0);
  expect(grown.data[104 * size.width + 100]).toBe(255);
});

it.each([
  ['left', { left: 100, top: 0, width: 100, height: 160 }],
  ['top', { left: 0, top: 104, width: 200, height: 56 }],
  ['right', { left: 0, top: 0, width: 100, height: 160 }],
  ['bottom', { left: 0, top: 0, width: 200, height: 104 }],
])('leaves out a shadow that reaches beyond the %s of the room', (_, room) => {
  expect(effectsIn(room)).toEqual({ mask, leftOut: 1 });
});
