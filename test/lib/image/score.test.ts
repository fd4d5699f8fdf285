import { describe, expect, it } from 'vitest';
import { composite } from '../../../lib/image/composite.ts';
import { candidateCost, seamStep } from '../../../lib/image/score.ts';
import { boxMask, maskOf, picture, texture } from './pictures.ts';

describe('seamStep', () => {
  it('is what the edge stands out by from its surroundings', () => {
    const patch = { width: 5, height: 1, channels: 1, data: Uint8Array.of(10, 14, 30, 30, 30) };
    expect(seamStep(patch, maskOf('..###'))).toBe(16 - 4);
  });

  it('is 0 for an edge no stronger than what is beside it, without an edge, and for 1 x 1', () => {
    const patch = { width: 4, height: 1, channels: 1, data: Uint8Array.of(0, 50, 60, 60) };
    expect(seamStep(patch, maskOf('..##'))).toBe(0);
    expect(seamStep(patch, maskOf('####'))).toBe(0);
    expect(seamStep({ ...patch, width: 1, data: Uint8Array.of(1) }, maskOf('#'))).toBe(0);
  });

  it('is told in levels also at 16 bit', () => {
    const patch = { width: 4, height: 1, channels: 1, data: Uint16Array.of(0, 0, 257, 257) };
    expect(seamStep(patch, maskOf('..##'))).toBe(1);
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

  it('tells drift, size and softness, and puts the better candidate first', () => {
    const half = scores(picture(150, 110, 3, (x, y, c) => scene(2 * x + 0.5, 2 * y + 0.5, c)));
    expect(half.resolution).toBe(0.5);
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
