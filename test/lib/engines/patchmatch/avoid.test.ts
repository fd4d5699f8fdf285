import { describe, expect, it } from 'vitest';
import { enlargeFilled } from '../../../../lib/engines/patchmatch/enlarge.ts';
import type { Picture } from '../../../../lib/engines/patchmatch/level.ts';
import { rescale } from '../../../../lib/pixels/resample.ts';
import { completePicture } from '../../../support/complete-picture.ts';
import { boxMask, noisePicture } from '../../../support/pictures.ts';

const size = { width: 96, height: 72 };
const mask = boxMask(size, { left: 40, top: 20, width: 24, height: 40 }).data;
/** A red band on both sides of the hole, which a fill would continue. */
const thing = boxMask(size, { left: 0, top: 36, width: 96, height: 18 }).data;

/** Grey grain with the band in it. */
const grain = noisePicture({ ...size, channels: 3, depth: 8 });
const data = Uint8Array.from(grain.data, (value, i) => {
  if (thing[Math.trunc(i / 3)] === 0) return 90 + value / 8;
  return i % 3 === 0 ? 250 : 10;
});
const picture: Picture = { ...size, rgb: data, mask };

/** Red pixels among those that were filled. */
const redsOf = (filled: Uint8Array, hole: Uint8Array): number =>
  hole.reduce((count, value, p) => count + (value > 0 && filled[3 * p + 1]! < 60 ? 1 : 0), 0);

describe('what is to be avoided', () => {
  it('is never copied, though it continues into the hole', () => {
    expect(redsOf(completePicture(picture, 1), mask)).toBeGreaterThan(50);
    expect(redsOf(completePicture({ ...picture, avoid: thing }, 1), mask)).toBe(0);
  });

  it('gives no detail to a fill that is enlarged', () => {
    const large = { width: 192, height: 144 };
    const filled = { ...grain, data: completePicture({ ...picture, avoid: thing }, 1) };
    const whole = rescale({ ...grain, data }, large, 'area');
    // Red in the hole too: detail of the band would be the best match for it.
    mask.forEach((value, p) => {
      if (value > 0 && p % 7 === 0) filled.data.set([250, 10, 10], 3 * p);
    });
    // Blue spots are the detail of the band.
    for (let p = 0; p < whole.data.length / 3; p += 2)
      if (whole.data[3 * p + 1]! < 60) whole.data[3 * p + 2] = 255;
    const out = enlargeFilled({
      picture: { ...picture, rgb: filled.data, avoid: thing },
      filled,
      whole: { ...whole, data: Uint8Array.from(whole.data) },
    });
    const hole = rescale({ ...size, channels: 1, data: mask }, large, 'area').data as Uint8Array;
    const blue = hole.reduce(
      (count, value, p) => count + (value === 255 && out[3 * p + 2]! > 200 ? 1 : 0),
      0,
    );
    expect(blue).toBe(0);
  });

  it('must leave something to copy', () => {
    const avoid = new Uint8Array(mask.length).fill(255);
    expect(() => completePicture({ ...picture, avoid }, 1)).toThrow(
      expect.objectContaining({ code: 'KEEP_FULL' }),
    );
  });
});
