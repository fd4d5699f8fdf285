import { expect, it } from 'vitest';
import { surely } from '../../../../lib/finders/people/surely.ts';
import type { Mask } from '../../../../lib/pixels/raster.ts';

const row = (...data: number[]): Mask => ({
  width: data.length,
  height: 1,
  channels: 1,
  data: Uint8Array.from(data),
});

it('keeps what is joined to something sure, twice as surely, and drops the rest', () => {
  const mask = row(60, 100, 200, 90, 0, 130, 120, 0, 40, 150);
  expect([...surely(mask).data]).toEqual([120, 200, 255, 180, 0, 0, 0, 0, 0, 255]);
});

it('drops specks, however sure', () => {
  const data = new Uint8Array(10_000);
  data.fill(255, 20, 23);
  data.fill(255, 5020, 5030);
  const kept = surely({ width: 100, height: 100, channels: 1, data }).data;
  expect([kept[21], kept[5025]]).toEqual([0, 255]);
});
