import { describe, expect, it } from 'vitest';
import { compositeOn, prepareCrop } from '../../../lib/fit/composite.ts';
import { cutOffShare } from '../../../lib/fit/cut-off.ts';
import { boundingBox } from '../../../lib/pixels/box.ts';
import type { Mask, Raster } from '../../../lib/pixels/raster.ts';
import { drifts, simulateModel } from '../../bench/drift.ts';
import { makeScene, type Scene } from '../../bench/inside/scenes.ts';
import { random } from '../../support/pictures.ts';

/** From here on an edit warns. */
const doubtful = 0.1;
const photos: [] = [];
/** Seconds where nobody else works. */
const slow = { timeout: 300_000 };
const scenes = Array.from({ length: 12 }, (_, seed) => makeScene({ seed, next: random(seed), photos }));

/**
 * What a model that moves and tones all it sees makes of the wanted picture, in the place of the clean one.
 */
function shareOf({ clean }: Scene, wanted: Raster, mask: Mask, seed: number): number {
  const prepared = prepareCrop({ crop: clean, mask, repainted: mask, colours: 3, featherPx: 32 });
  const edited = simulateModel(wanted, clean, drifts.mild, seed);
  return cutOffShare(prepared.small, compositeOn(prepared, edited).harmony.toned, mask);
}

/** The mask without the side of the thing where most of it is cut: one of four. */
function cutMask({ mask, thing }: Scene): Mask {
  const { left, top, width, height } = boundingBox(mask)!;
  const sides = [
    (x: number) => x < left + 0.6 * width,
    (x: number) => x > left + 0.4 * width,
    (_: number, y: number) => y < top + 0.6 * height,
    (_: number, y: number) => y > top + 0.4 * height,
  ].map((isIn) => {
    const inside = (p: number) => isIn(p % mask.width, Math.floor(p / mask.width));
    const data = mask.data.map((value, p) => (inside(p) ? value : 0));
    const lost = thing.cover.reduce((sum, share, p) => sum + (inside(p) ? 0 : share), 0);
    return { data, lost };
  });
  return { ...mask, data: sides.sort((a, b) => b.lost - a.lost)[0]!.data };
}

/** The wanted picture inside a mask, the clean one outside. */
const within = ({ clean, full }: Scene, mask: Mask): Raster => ({
  ...full,
  data: full.data.map((level, i) => (mask.data[Math.trunc(i / 3)] ? level : clean.data[i]!)),
});

describe('an insertion', () => {
  it('is not told to be cut off where it lies in its mask, in 12 scenes', slow, () => {
    const shares = scenes.map((scene, n) => shareOf(scene, scene.full, scene.mask, n));
    expect(shares.filter((share) => share > doubtful)).toEqual([]);
  });

  it('is told to be cut off where the model painted over the edge, or stopped there', slow, () => {
    for (const [n, scene] of scenes.entries()) {
      const mask = cutMask(scene);
      const wanted = n % 2 === 0 ? scene.full : within(scene, mask);
      expect([n, shareOf(scene, wanted, mask, n) > doubtful]).toEqual([n, true]);
    }
  });
});
