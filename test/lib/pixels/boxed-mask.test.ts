import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boxedMask, dilateBoxed, maskWithin, unionOfMasks } from '../../../lib/pixels/boxed-mask.ts';
import { dilate } from '../../../lib/pixels/mask.ts';
import type { Mask } from '../../../lib/pixels/raster.ts';
import { maskOf } from '../../support/made-pictures.ts';

const sides = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }));
const masks = sides.chain(([width, height]) =>
  fc
    .array(fc.constantFrom(0, 0, 0, 0, 0, 90, 255), { minLength: width * height, maxLength: width * height })
    .map((values): Mask => ({ width, height, channels: 1, data: Uint8Array.from(values) })),
);
const wholeOf = ({ width, height }: Mask) => ({ left: 0, top: 0, width, height });

describe('a boxed mask', () => {
  it('is no more than what holds any value', () => {
    expect(boxedMask(maskOf('....', '.#1.', '....'))).toEqual({
      box: { left: 1, top: 1, width: 2, height: 1 },
      mask: maskOf('#1'),
    });
    expect(boxedMask(maskOf('..'))).toBeUndefined();
  });

  it('gives any part of the whole mask back, also where it reaches beyond the box', () => {
    const boxed = boxedMask(maskOf('....', '.#1.', '....'))!;
    expect(maskWithin(boxed, { left: 0, top: 0, width: 2, height: 2 })).toEqual(maskOf('..', '.#'));
    expect(maskWithin(boxed, { left: 2, top: 1, width: 2, height: 2 })).toEqual(maskOf('1.', '..'));
    expect(maskWithin(boxed, { left: 0, top: 2, width: 4, height: 1 })).toEqual(maskOf('....'));
  });

  it('dilates as the whole mask does', () => {
    fc.assert(
      fc.property(masks, fc.integer({ min: 0, max: 4 }), (mask, radiusPx) => {
        const boxed = boxedMask(mask);
        fc.pre(boxed !== undefined);
        expect(maskWithin(dilateBoxed(boxed, radiusPx, mask), wholeOf(mask))).toEqual(dilate(mask, radiusPx));
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('unites with others, the larger value where they overlap', () => {
    const left = { box: { left: 1, top: 0, width: 2, height: 1 }, mask: maskOf('1#') };
    const right = { box: { left: 2, top: 0, width: 2, height: 2 }, mask: maskOf('1.', '.#') };
    expect(unionOfMasks([left, right])).toEqual({
      box: { left: 1, top: 0, width: 3, height: 2 },
      mask: maskOf('1#.', '..#'),
    });
  });
});
