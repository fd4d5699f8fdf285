import { expect, it } from 'vitest';
import type { Repaint } from '../../../lib/edit/plan.ts';
import type { Repainted } from '../../../lib/edit/repaint.ts';
import { roomOf } from '../../../lib/edit/room.ts';
import type { Box } from '../../../lib/pixels/raster.ts';
import { boxMask } from '../../support/pictures.ts';

const picture = { width: 100, height: 60 };
const box = (left: number, top: number, width: number, height: number): Box => ({ left, top, width, height });

/** A region whose crop is the whole picture. */
const region = (mask: Box): Repaint => ({
  key: 'r',
  plan: { box: box(0, 0, 100, 60), frame: picture, content: box(0, 0, 100, 60), scale: 1 },
  mask: boxMask(picture, mask),
  avoid: undefined,
  featherPx: 0,
  dilationPx: 0,
});
const done = (patch: Box) => ({ patches: [{ box: patch }] }) as unknown as Repainted;

it('is the whole crop of a region that is alone', () => {
  const one = region(box(10, 10, 5, 5));
  expect(roomOf(one, { repaints: [one], done: [], picture })).toEqual(box(0, 0, 100, 60));
});

it('ends two pixels before the masks of regions to come, on the side that leaves more', () => {
  const [one, two] = [region(box(10, 10, 5, 5)), region(box(70, 40, 10, 10))];
  expect(roomOf(one, { repaints: [one, two], done: [], picture })).toEqual(box(0, 0, 68, 60));
});

it('ends before the patches of regions that are done', () => {
  const [one, two] = [region(box(10, 10, 5, 5)), region(box(70, 40, 10, 10))];
  const room = roomOf(two, { repaints: [one, two], done: [done(box(5, 5, 30, 20))], picture });
  expect(room).toEqual(box(37, 0, 63, 60));
});

it('is the mask itself where another one is on all sides', () => {
  const [one, two] = [region(box(40, 20, 5, 5)), region(box(0, 0, 100, 60))];
  expect(roomOf(one, { repaints: [one, two], done: [], picture })).toEqual(box(40, 20, 5, 5));
});
