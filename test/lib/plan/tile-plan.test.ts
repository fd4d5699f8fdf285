import { describe, expect, it } from 'vitest';
import type { Box, Size } from '../../../lib/pixels/raster.ts';
import { planDetail, planTiles } from '../../../lib/plan/tile-plan.ts';
import { boxMask } from '../../support/made-pictures.ts';

const canvas = { width: 3000, height: 2000 };
const tile = { width: 1024, height: 768 };

const isInside = (box: Box, { width, height }: Size): boolean =>
  box.left >= 0 && box.top >= 0 && box.left + box.width <= width && box.top + box.height <= height;

describe('planTiles', () => {
  it('plans one tile for a small area, with known picture on every side', () => {
    const area = { left: 1400, top: 900, width: 200, height: 200 };
    expect(planTiles({ canvas, area, tile })).toEqual([
      {
        box: { left: 988, top: 616, ...tile },
        overlaps: { left: 0, top: 0, right: 0, bottom: 0 },
        core: { left: 988 + 64, top: 616 + 48, width: 1024 - 128, height: 768 - 96 },
      },
    ]);
  });

  it('covers an area with tiles inside the canvas that share at least a quarter', () => {
    const area = { left: 100, top: 0, width: 2900, height: 1500 };
    const tiles = planTiles({ canvas, area, tile });
    expect(tiles.every(({ box }) => isInside(box, canvas))).toBe(true);
    const shared = tiles
      .flatMap(({ overlaps: o }) => [o.left, o.right, o.top, o.bottom])
      .filter((px) => px > 0);
    expect(Math.min(...shared)).toBeGreaterThanOrEqual(768 / 4);
    const repainted = boxMask(canvas.width, canvas.height, {
      left: 0,
      top: 0,
      width: 1,
      height: 1,
    }).data.fill(0);
    for (const { core } of tiles) {
      for (let y = core.top; y < core.top + core.height; y++) {
        repainted.fill(255, y * 3000 + core.left, y * 3000 + core.left + core.width);
      }
    }
    for (let y = 0; y < 1500; y++) expect(repainted.indexOf(0, y * 3000 + 100)).not.toBeLessThan(0);
    let missed = 0;
    for (let y = 0; y < 1500; y++)
      for (let x = 100; x < 3000; x++) if (repainted[y * 3000 + x] === 0) missed++;
    expect(missed).toBe(0);
  });

  it('leaves a margin of every tile unpainted, except at the border of the canvas', () => {
    const area = { left: 0, top: 600, width: 1500, height: 200 };
    const [first, second] = planTiles({ canvas, area, tile });
    expect(first?.core.left).toBe(0);
    expect(second!.core.left).toBeGreaterThanOrEqual(second!.box.left + 64);
    expect(first!.core.left + first!.core.width).toBeLessThanOrEqual(first!.box.left + 1024 - 64);
    expect(first!.box.left + 1024 - second!.box.left).toBe(first!.overlaps.right);
    expect(second!.overlaps.left).toBe(first!.overlaps.right);
  });

  it('is never larger than the canvas', () => {
    const dot = { left: 0, top: 0, width: 1, height: 1 };
    expect(planTiles({ canvas: { width: 1, height: 1 }, area: dot, tile })).toEqual([
      { box: dot, overlaps: { left: 0, top: 0, right: 0, bottom: 0 }, core: dot },
    ]);
  });

  it('refuses an area outside', () => {
    const area = { left: 2999, top: 0, width: 2, height: 1 };
    expect(() => planTiles({ canvas, area, tile })).toThrow(/Expected an area inside/);
  });
});

describe('planDetail', () => {
  const crop = { left: 40, top: 30, width: 3000, height: 2250 };
  const frame = { width: 1024, height: 768 };
  const plan = { box: crop, frame, content: { left: 0, top: 0, ...frame }, scale: 3000 / 1024 };
  const mask = boxMask(3000, 2250, { left: 800, top: 600, width: 1400, height: 1000 });

  it('gives every pixel of the picture one of the model when few enough tiles do', () => {
    const found = planDetail({ mask, plan, maxTiles: 9 });
    expect(found).toMatchObject({ scale: 1, canvas: { width: 3000, height: 2250 } });
    expect(found!.tiles.length).toBeLessThanOrEqual(9);
  });

  it('lets each tile see more of the picture when more are needed than allowed', () => {
    const found = planDetail({ mask, plan, maxTiles: 3 });
    expect(found!.tiles.length).toBeLessThanOrEqual(3);
    expect(found!.scale).toBeGreaterThan(1);
    expect(found!.scale * 1.25).toBeLessThan(plan.scale);
    expect(found!.canvas.width).toBe(Math.round(3000 / found!.scale));
  });

  it('plans nothing for an answer that is fine enough, an empty mask, or no allowed tile', () => {
    expect(planDetail({ mask, plan: { ...plan, scale: 1.25 }, maxTiles: 9 })).toBeUndefined();
    expect(planDetail({ mask, plan, maxTiles: 0 })).toBeUndefined();
    const empty = { ...mask, data: new Uint8Array(mask.data.length) };
    expect(planDetail({ mask: empty, plan, maxTiles: 9 })).toBeUndefined();
  });

  it('plans no tile that has nothing to repaint', () => {
    const corners = boxMask(3000, 2250, { left: 100, top: 100, width: 60, height: 60 });
    boxMask(3000, 2250, { left: 2800, top: 2000, width: 60, height: 60 }).data.forEach((value, i) => {
      if (value > 0) corners.data[i] = value;
    });
    expect(planDetail({ mask: corners, plan, maxTiles: 9 })?.tiles).toHaveLength(2);
  });
});
