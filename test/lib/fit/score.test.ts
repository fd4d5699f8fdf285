import { describe, expect, it } from 'vitest';
import { composite } from '../../../lib/fit/composite.ts';
import { candidateCost, seamStep } from '../../../lib/fit/score.ts';
import { crop as cut } from '../../../lib/pixels/box.ts';
import { insideDistance } from '../../../lib/pixels/distance.ts';
import type { Mask, Raster } from '../../../lib/pixels/raster.ts';
import { boxMask, maskOf, picture, texture } from '../../support/made-pictures.ts';

describe('seamStep', () => {
  const row = (...levels: number[]) => ({
    width: levels.length,
    height: 1,
    channels: 1,
    data: Uint8Array.from(levels),
  });
  const all = (crop: Raster) => ({ left: 0, top: 0, width: crop.width, height: crop.height });
  const seam = (mask: Mask, crop: Raster, blended = crop, patch = all(crop)) =>
    seamStep({
      crop,
      mask,
      patch,
      distance: insideDistance(cut(mask, patch)),
      blended: cut(blended, patch),
    });

  it('is the step at the edge less the step beside it, 3 px to either side', () => {
    const crop = row(10, 11, 12, 14, 0, 0, 0, 0);
    const blended = row(10, 11, 12, 14, 20, 25, 30, 30);
    expect(seam(maskOf('....####'), crop, blended)).toBe(30 - 14 - (14 - 10));
  });

  it('reads the kept picture beyond a patch that ends beside the mask', () => {
    const crop = row(10, 10, 10, 10, 0, 0, 0, 0, 10, 10, 10, 10);
    const blended = row(10, 10, 10, 10, 90, 90, 90, 90, 10, 10, 10, 10);
    const patch = { left: 3, top: 0, width: 6, height: 1 };
    expect(seam(maskOf('....####....'), crop, blended, patch)).toBe(80);
  });

  it('finds edges above and below too', () => {
    const column = { width: 1, height: 7, channels: 1, data: Uint8Array.of(5, 5, 5, 5, 5, 5, 25) };
    expect(seam({ ...column, channels: 1, data: Uint8Array.of(0, 0, 0, 0, 9, 9, 9) }, column)).toBe(20);
    const above = { ...column, data: Uint8Array.of(25, 5, 5, 5, 5, 5, 5) };
    expect(seam({ ...column, channels: 1, data: Uint8Array.of(9, 9, 9, 0, 0, 0, 0) }, above)).toBe(20);
  });

  it('is 0 for an edge no stronger than what is beside it, without an edge, and for 1 x 1', () => {
    expect(seam(maskOf('....###'), row(0, 30, 40, 50, 60, 70, 80))).toBe(0);
    expect(seam(maskOf('####'), row(0, 50, 60, 60))).toBe(0);
    expect(seam(maskOf('#'), row(1))).toBe(0);
  });

  it('is in levels also at 16 bit', () => {
    const deep = { ...row(0), width: 7, data: Uint16Array.of(0, 0, 0, 0, 257, 257, 257) };
    expect(seam(maskOf('....###'), deep)).toBe(1);
  });
});

describe('scores of a composite', () => {
  const scene = (x: number, y: number, c: number) => texture(x / 2, y / 2, c);
  const crop = picture(300, 220, 3, scene);
  const mask = boxMask(300, 220, { left: 100, top: 70, width: 80, height: 70 });
  const scores = (edited: typeof crop) => composite({ crop, edited, mask }).scores;

  it('finds nothing wrong with the picture itself', () => {
    const perfect = scores(crop);
    expect(perfect.driftPx).toBeLessThan(0.02);
    expect(perfect.ringResidual).toBeLessThan(0.02);
    expect(perfect.resolution).toBe(1);
    expect(perfect.sharpness).toBeCloseTo(1, 2);
    expect(candidateCost(perfect, crop)).toBeLessThan(0.3);
  });

  it('measures the seam of a paste without a feather', () => {
    const other = picture(300, 220, 3, (x, y, c) => 0.3 * scene(x, y, c) + (x > 100 && y > 70 ? 120 : 0));
    expect(composite({ crop, edited: other, mask, featherPx: 0 }).scores.seamStep).toBeGreaterThan(1);
  });

  it('measures drift, size and softness, and puts the better candidate first', () => {
    const half = scores(picture(150, 110, 3, (x, y, c) => scene(2 * x + 0.5, 2 * y + 0.5, c)));
    expect(half.resolution).toBe(0.5);
    expect(candidateCost(half, crop)).toBeGreaterThan(candidateCost(scores(crop), crop) + 3);
    const moved = scores(picture(300, 220, 3, (x, y, c) => scene(x - 3, y, c)));
    expect(moved.driftPx).toBeCloseTo(3, 1);
    const grain = (x: number, y: number): number => (Math.trunc(x / 2 + y / 2) % 2 === 0 ? 10 : -10);
    const grainy = picture(300, 220, 3, (x, y, c) => scene(x, y, c) + grain(x, y));
    expect(composite({ crop: grainy, edited: crop, mask }).scores.sharpness).toBeLessThan(0.8);
    const costs = [crop, picture(300, 220, 3, (x, y, c) => scene(x, y, c) + (x > 140 ? 40 : 0))].map(
      (edited) => candidateCost(scores(edited), crop),
    );
    expect(costs[0]).toBeLessThan(costs[1]!);
  });
});

describe('candidateCost', () => {
  const good = { driftPx: 1, ringResidual: 1, seamStep: 1, resolution: 0.8, sharpness: 0.9 };
  const crop = { width: 300, height: 400 };

  it.each([
    ['drift', { driftPx: 11 }, 1],
    ['ring', { ringResidual: 2 }, 1],
    ['seam', { seamStep: 2 }, 1],
    ['resolution', { resolution: 0.7 }, 0.8],
    ['softness', { sharpness: 0.8 }, 0.8],
  ])('%s alone puts a candidate behind', (_, worse, byLevels) => {
    const more = candidateCost({ ...good, ...worse }, crop) - candidateCost(good, crop);
    expect(more).toBeCloseTo(byLevels, 6);
  });
});
