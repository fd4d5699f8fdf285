import { describe, expect, it } from 'vitest';
import { placeDistance } from '../../../../lib/engines/patchmatch/distance.ts';
import { finestLevel } from '../../../../lib/engines/patchmatch/level.ts';

const size = 9;
const at = (x: number, y: number) => y * size + x;

describe('placeDistance', () => {
  const rgb = new Uint8Array(size * size * 3);
  const { features } = finestLevel({ width: size, height: size, rgb }, new Uint8Array(size * size));

  it('prefers the nearer source', () => {
    expect(placeDistance(features, at(4, 4), at(6, 4))).toBeLessThan(
      placeDistance(features, at(4, 4), at(8, 4)),
    );
  });

  it('prefers the source at the same height', () => {
    expect(placeDistance(features, at(4, 4), at(7, 4))).toBeLessThan(
      placeDistance(features, at(4, 4), at(4, 7)),
    );
  });
});
