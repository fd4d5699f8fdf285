import { describe, expect, it } from 'vitest';
import { enlargeFilled } from '../../../../lib/engines/patchmatch/enlarge.ts';
import { coverMask } from '../../../../lib/pixels/mask.ts';
import type { Raster } from '../../../../lib/pixels/raster.ts';
import { rescale } from '../../../../lib/pixels/resample.ts';
import { completePicture } from '../../../support/complete-picture.ts';
import { boxMask, noisePicture } from '../../../support/pictures.ts';

const size = { width: 320, height: 240 };
const mask = boxMask(size, { left: 120, top: 90, width: 90, height: 75 });

/** Light from the left with grain, and an object in one loud colour. */
function grainyPicture(): Raster {
  const { data, ...rest } = noisePicture({ ...size, channels: 3, depth: 8 });
  const shaded = data.map((value, i) => {
    const p = Math.trunc(i / 3);
    return mask.data[p]! > 0 ? (i % 3 === 0 ? 255 : 0) : 80 + (p % size.width) / 4 + value / 8;
  });
  return { ...rest, data: Uint8Array.from(shaded) };
}

/** Fills the picture at a size whose pixels begin inside of those of the whole, and enlarges that. */
function enlarge(picture: Raster): Uint8Array {
  const small = { width: size.width / 2.5, height: size.height / 2.5 };
  const reduced = rescale(picture, small, 'area');
  const sent = { ...small, rgb: Uint8Array.from(reduced.data), mask: coverMask(mask, small).data };
  const filled = { ...reduced, data: completePicture(sent, 1) };
  const whole = { ...picture, data: Uint8Array.from(picture.data) };
  return enlargeFilled({ picture: { ...sent, rgb: filled.data }, filled, whole });
}

/** Mean difference of neighbours in a row where `isIn`. */
function grain(data: Uint8Array, isIn: (pixel: number) => boolean): number {
  let [sum, count] = [0, 0];
  for (let p = 0; p + 1 < data.length / 3; p++) {
    if (!isIn(p) || !isIn(p + 1) || p % size.width === size.width - 1) continue;
    sum += Math.abs(data[3 * p]! - data[3 * p + 3]!);
    count++;
  }
  return sum / count;
}

describe('enlargeFilled', () => {
  const picture = grainyPicture();
  const data = enlarge(picture);
  const isHole = (p: number) => mask.data[p]! > 0;

  it('gives the fill the grain of its surroundings', () => {
    const [inside, around] = [grain(data, isHole), grain(data, (p) => !isHole(p))];
    expect(inside / around).toBeGreaterThan(0.85);
    expect(inside / around).toBeLessThan(1.15);
  });

  it('leaves what is known as it is, and shows nothing of what was in the hole', () => {
    const counts = { ofTheObject: 0, changed: 0 };
    mask.data.forEach((value, p) => {
      if (value > 0) counts.ofTheObject += data[3 * p + 1]! < 60 ? 1 : 0;
      else counts.changed += data[3 * p] === picture.data[3 * p] ? 0 : 1;
    });
    expect(counts).toEqual({ ofTheObject: 0, changed: 0 });
  });
});
