import { describe, expect, it } from 'vitest';
import { markRegion } from '../../../../lib/engines/gemini/mark-region.ts';
import { greyCrop } from '../../../support/inpaint-request.ts';
import { boxMask } from '../../../support/pictures.ts';

const redOf = (data: ArrayLike<number>, width: number) =>
  Array.from({ length: data.length / 3 / width }, (_, y) =>
    Array.from({ length: width }, (_, x) => data[(y * width + x) * 3]),
  );

describe('markRegion', () => {
  it('tints the region, draws its outline, and leaves the rest', () => {
    const mask = boxMask({ width: 5, height: 5 }, { left: 1, top: 1, width: 3, height: 3 });
    const marked = markRegion(greyCrop(5, 5, 100), mask);
    expect(redOf(marked.data, 5)).toEqual([
      [100, 100, 100, 100, 100],
      [100, 255, 255, 255, 100],
      [100, 255, 178, 255, 100],
      [100, 255, 255, 255, 100],
      [100, 100, 100, 100, 100],
    ]);
  });

  it('gives the picture back for an empty mask, and never changes its input', () => {
    const size = { width: 4, height: 4 };
    const crop = greyCrop(4, 4);
    const empty = boxMask(size, { left: 0, top: 0, width: 0, height: 0 });
    expect(markRegion(crop, empty)).toEqual(crop);
    markRegion(crop, boxMask(size, { left: 1, top: 1, width: 2, height: 2 }));
    expect(crop).toEqual(greyCrop(4, 4));
  });

  it('refuses sizes that differ', () => {
    expect(() =>
      markRegion(greyCrop(4, 4), boxMask({ width: 5, height: 4 }, { left: 1, top: 1, width: 2, height: 2 })),
    ).toThrow(expect.objectContaining({ code: 'SHAPE_MISMATCH' }));
  });
});
