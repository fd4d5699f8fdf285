import { expect, it } from 'vitest';
import type { Raster } from '../../../lib/pixels/raster.ts';
import { rescale } from '../../../lib/pixels/rescale.ts';

const grey = (width: number, height: number, ...levels: number[]): Raster => ({
  width,
  height,
  channels: 1,
  data: Uint8Array.from(levels),
});

it('keeps a raster of the same size as it is', () => {
  const raster = grey(3, 2, 0, 128, 255, 7, 250, 1);
  expect(rescale(raster, raster)).toEqual(raster);
});

it('puts an edge where it was: by hand, from the weights of Catmull-Rom at a quarter of a pixel', () => {
  const { data } = rescale(grey(4, 1, 50, 50, 150, 150), { width: 8, height: 1 });
  expect([...data]).toEqual([50, 48, 43, 70, 130, 157, 152, 150]);
});

it('clamps what overshoots and rounds to nearest', () => {
  const { data } = rescale(grey(4, 1, 0, 0, 255, 255), { width: 8, height: 1 });
  expect(Math.min(...data)).toBe(0);
  expect(Math.max(...data)).toBe(255);
});

it('brings 16 bit to 8, channel by channel', () => {
  const source: Raster = { width: 1, height: 1, channels: 3, data: Uint16Array.of(0, 32_896, 65_535) };
  expect([...rescale(source, { width: 2, height: 1 }).data]).toEqual([0, 128, 255, 0, 128, 255]);
});

it('refuses a size of nothing', () => {
  expect(() => rescale(grey(1, 1, 5), { width: 0, height: 3 })).toThrow(
    /Expected a window and a size above 0/,
  );
});
