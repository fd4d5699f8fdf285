import { describe, expect, it } from 'vitest';
import { intersect } from '../../../lib/pixels/box.ts';
import type { Box, Mask } from '../../../lib/pixels/raster.ts';
import { contextOf, planRegions } from '../../../lib/plan/regions.ts';

function maskWith(width: number, height: number, boxes: readonly Box[]): Mask {
  const data = new Uint8Array(width * height);
  for (const { left, top, width: w, height: h } of boxes) {
    for (let y = top; y < top + h; y++) data.fill(255, y * width + left, y * width + left + w);
  }
  return { width, height, channels: 1, data };
}

const holds = (outer: Box, inner: Box): boolean => {
  const both = intersect(outer, inner);
  return both !== undefined && both.width === inner.width && both.height === inner.height;
};

const regionsOf = (mask: Mask, { maxRegions }: { maxRegions: number }) =>
  planRegions(
    { box: { left: 0, top: 0, width: mask.width, height: mask.height }, mask },
    { image: mask, maxRegions, atBorder: 'clip' },
  );

describe('contextOf', () => {
  it('shows half the side of the mask on each side', () => {
    expect(
      contextOf({ left: 400, top: 400, width: 200, height: 300 }, { width: 1000, height: 1000 }, 'shift'),
    ).toEqual({
      left: 300,
      top: 250,
      width: 400,
      height: 600,
    });
  });

  it.each([
    ['moves inside the image where sizes are fixed', 'shift', { left: 0, top: 0, width: 133, height: 100 }],
    ['is cut off at the border where they are free', 'clip', { left: 0, top: 31, width: 69, height: 69 }],
  ] as const)('shows at least 64 px, and %s', (_, atBorder, box) => {
    const hole = { left: 0, top: 95, width: 5, height: 5 };
    expect(contextOf(hole, { width: 500, height: 100 }, atBorder)).toEqual(box);
  });
});

describe('planRegions', () => {
  const far = [
    { left: 10, top: 20, width: 30, height: 30 },
    { left: 800, top: 30, width: 20, height: 40 },
    { left: 60, top: 900, width: 50, height: 50 },
  ];

  it('makes one region of each far spot, with its exact box, top to bottom', () => {
    const regions = regionsOf(maskWith(1000, 1000, far), { maxRegions: 9 });
    expect(regions.map(({ maskBox }) => maskBox)).toEqual(far);
    for (const { maskBox, contextBox } of regions) expect(holds(contextBox, maskBox)).toBe(true);
  });

  it('merges spots whose contexts overlap', () => {
    const near = [
      { left: 100, top: 100, width: 10, height: 10 },
      { left: 230, top: 100, width: 10, height: 10 },
    ];
    const regions = regionsOf(maskWith(1000, 400, near), { maxRegions: 9 });
    expect(regions.map(({ maskBox }) => maskBox)).toEqual([{ left: 100, top: 100, width: 140, height: 10 }]);
  });

  it('merges again when a merged region overlaps further spots', () => {
    const column = [
      { left: 10, top: 800, width: 20, height: 780 },
      { left: 10, top: 1990, width: 10, height: 10 },
      { left: 10, top: 2600, width: 10, height: 10 },
    ];
    expect(regionsOf(maskWith(200, 4000, column), { maxRegions: 9 })).toHaveLength(1);
    expect(regionsOf(maskWith(200, 4000, column.slice(1)), { maxRegions: 9 })).toHaveLength(2);
  });

  it('keeps spots apart whose contexts just touch', () => {
    const apart = [
      { left: 100, top: 100, width: 10, height: 10 },
      { left: 238, top: 100, width: 10, height: 10 },
    ];
    expect(regionsOf(maskWith(1000, 400, apart), { maxRegions: 9 })).toHaveLength(2);
  });

  it('joins the nearest when there are more than allowed', () => {
    const regions = regionsOf(maskWith(1000, 1000, far), { maxRegions: 2 });
    expect(regions.map(({ maskBox }) => maskBox)).toEqual([
      { left: 10, top: 20, width: 810, height: 50 },
      { left: 60, top: 900, width: 50, height: 50 },
    ]);
  });

  it('handles thousands of specks and loses none', () => {
    const specks = Array.from({ length: 2000 }, (_, i) => ({
      left: (i * 7919) % 3000,
      top: (i * 104_729) % 2000,
      width: 1,
      height: 1,
    }));
    const regions = regionsOf(maskWith(3000, 2000, specks), { maxRegions: 4 });
    expect(regions.length).toBeLessThanOrEqual(4);
    for (const speck of specks) expect(regions.some(({ maskBox }) => holds(maskBox, speck))).toBe(true);
  });

  it('plans nothing for an empty mask, the pixel for 1 x 1', () => {
    expect(regionsOf(maskWith(5, 5, []), { maxRegions: 1 })).toEqual([]);
    const all = { left: 0, top: 0, width: 1, height: 1 };
    expect(regionsOf(maskWith(1, 1, [all]), { maxRegions: 1 })).toEqual([{ maskBox: all, contextBox: all }]);
  });

  it('refuses to plan for no region', () => {
    expect(() => regionsOf(maskWith(5, 5, []), { maxRegions: 0 })).toThrow(/Expected at least 1 region/);
  });
});
