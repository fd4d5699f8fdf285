import { describe, expect, it } from 'vitest';
import { partOfMask, refineEdge } from '../../../lib/fit/refine-edge.ts';
import type { Mask } from '../../../lib/pixels/raster.ts';
import { boxMask, floatPicture } from '../../support/made-pictures.ts';

const picture = { width: 240, height: 160 };
const whole = { left: 0, top: 0, ...picture };
const row = (mask: Mask, y: number) => [...mask.data.subarray(y * mask.width, (y + 1) * mask.width)];

/** The picture is dark to the left of this column, of 240. */
const edgeAt = 131;
const guide = floatPicture(60, 40, 1, (x) => (4 * x + 2 < edgeAt ? 40 : 200));
const luma = Uint8Array.from({ length: 240 * 160 }, (_, p) => (p % 240 < edgeAt ? 40 : 200));

const mask = boxMask(60, 40, { left: 30, top: 0, width: 30, height: 40 });

describe('refineEdge', () => {
  it('brings the edge of the mask to that of the picture, to the pixel', () => {
    // The mask ends 3 px of the small picture too early.
    const less = boxMask(60, 40, { left: 36, top: 0, width: 24, height: 40 });
    const refined = row(refineEdge({ mask: less, guide, edgePx: 4, part: whole, luma, picture }), 80);
    expect(Math.max(...refined.slice(0, edgeAt))).toBeLessThan(128);
    expect(Math.min(...refined.slice(edgeAt))).toBeGreaterThanOrEqual(128);
  });

  it('leaves what is far from the edge of the mask, whatever the picture shows', () => {
    const striped = floatPicture(60, 40, 1, (x) => (x % 2 === 0 ? 0 : 255));
    const stripes = Uint8Array.from({ length: 240 * 160 }, (_, p) => ((p >> 2) % 2 === 0 ? 0 : 255));
    const refined = row(
      refineEdge({ mask, guide: striped, edgePx: 2, part: whole, luma: stripes, picture }),
      80,
    );
    expect(new Set(refined.slice(0, 90))).toEqual(new Set([0]));
    expect(new Set(refined.slice(150))).toEqual(new Set([255]));
  });

  it('only enlarges a mask whose edge is right, with an edge half as soft', () => {
    const enlarged = row(
      refineEdge({ mask, guide, edgePx: 0, part: whole, luma: new Uint8Array(), picture }),
      80,
    );
    expect(enlarged.slice(117, 123)).toEqual([0, 0, 64, 191, 255, 255]);
  });

  it('gives the same for a part of the picture', () => {
    const part = { left: 100, top: 30, width: 60, height: 90 };
    const all = refineEdge({ mask, guide, edgePx: 4, part: whole, luma, picture });
    const partLuma = Uint8Array.from({ length: 60 * 90 }, (_, p) => (100 + (p % 60) < edgeAt ? 40 : 200));
    const some = refineEdge({ mask, guide, edgePx: 4, part, luma: partLuma, picture });
    expect(row(some, 20)).toEqual(row(all, 50).slice(100, 160));
  });

  it('needs no more of the picture than the mask with its doubts', () => {
    const dot = boxMask(60, 40, { left: 20, top: 10, width: 1, height: 1 });
    expect(partOfMask({ mask: dot, edgePx: 1, picture })).toEqual({
      left: 64,
      top: 24,
      width: 36,
      height: 36,
    });
    expect(
      partOfMask({ mask: boxMask(60, 40, { left: 0, top: 0, width: 0, height: 0 }), edgePx: 1, picture }),
    ).toBe(undefined);
  });

  it('refuses a guide of another size', () => {
    const other = floatPicture(30, 40, 1, () => 0);
    expect(() => refineEdge({ mask, guide: other, edgePx: 1, part: whole, luma, picture })).toThrow(
      /Expected the same size/,
    );
  });
});
