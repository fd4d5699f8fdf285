import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distanceTo, insideDistance, outsideDistance } from '../../../lib/pixels/distance.ts';
import { maskOf } from '../../support/made-pictures.ts';

const masks = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }))
  .chain(([width, height]) =>
    fc
      .uint8Array({ minLength: width * height, maxLength: width * height, max: 3 })
      .map((data) => ({ width, height, channels: 1 as const, data })),
  );

describe('distanceTo', () => {
  it('measures between pixel centres', () => {
    const distance = outsideDistance(maskOf('....', '.#..', '....'));
    const d = Math.SQRT2;
    expect([...distance].map((v) => v.toFixed(3))).toEqual(
      [d, 1, d, Math.sqrt(5), 1, 0, 1, 2, d, 1, d, Math.sqrt(5)].map((v) => v.toFixed(3)),
    );
  });

  it('is 0 on targets and counts soft values as inside', () => {
    expect([...insideDistance(maskOf('.1#.'))]).toEqual([0, 1, 1, 0]);
  });

  it('does not count the border of the picture as a target', () => {
    expect([...insideDistance(maskOf('###.'))]).toEqual([3, 2, 1, 0]);
  });

  it('is infinite where there is no target', () => {
    expect([...insideDistance(maskOf('#'))]).toEqual([Number.POSITIVE_INFINITY]);
    expect([...outsideDistance(maskOf('..', '..'))]).toEqual(new Array(4).fill(Number.POSITIVE_INFINITY));
  });

  it('is the same within a limit, and infinite beyond it', () => {
    fc.assert(
      fc.property(masks, fc.integer({ min: 0, max: 5 }), (mask, limitPx) => {
        const whole = insideDistance(mask);
        const near = whole.map((d) => (d * d > limitPx * limitPx ? Number.POSITIVE_INFINITY : d));
        expect([...insideDistance(mask, limitPx)]).toEqual([...near]);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('agrees with the definition on any mask', () => {
    fc.assert(
      fc.property(masks, (mask) => {
        const distance = distanceTo(mask, (value) => value === 0);
        for (let p = 0; p < distance.length; p++) {
          let nearest = Number.POSITIVE_INFINITY;
          for (let q = 0; q < distance.length; q++) {
            if (mask.data[q] !== 0) continue;
            const dx = (p % mask.width) - (q % mask.width);
            const dy = Math.trunc(p / mask.width) - Math.trunc(q / mask.width);
            nearest = Math.min(nearest, Math.hypot(dx, dy));
          }
          expect(distance[p]).toBeCloseTo(nearest, 5);
        }
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});
