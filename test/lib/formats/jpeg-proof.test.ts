import { describe, expect, test } from 'vitest';
import { readPhoto } from '../../../lib/edit/read.ts';
import type { ProvedPatch } from '../../../lib/formats/format.ts';
import { readCrop } from '../../../lib/formats/vips/read.ts';
import { crop as cut } from '../../../lib/pixels/box.ts';
import { boxedMask } from '../../../lib/pixels/boxed-mask.ts';
import type { Box, Raster } from '../../../lib/pixels/raster.ts';
import { limits, patch, prove } from '../../support/patched-photo.ts';
import { boxMask, pipelineOf, wavePicture } from '../../support/pictures.ts';

const size = { width: 192, height: 160 };
/** The patch; wide enough that each block under the mask lies inside. */
const patchBox = { left: 32, top: 16, width: 128, height: 112 };
const masked = { left: 80, top: 64, width: 30, height: 25 };

/** A JPEG whose patch is inverted inside `painted`, proved against a mask of `masked`. */
async function proof(how: {
  painted: Box;
  chroma?: string;
  around?: (box: Box, raster: Raster) => ProvedPatch['around'];
}) {
  const { painted, chroma = '4:2:0' } = how;
  const image = await pipelineOf(wavePicture(size)).jpeg({ chromaSubsampling: chroma }).toBuffer();
  const photo = await readPhoto(image, limits);
  const { original } = await readCrop(photo, patchBox);
  const data = original.data.slice();
  for (let y = painted.top; y < painted.top + painted.height; y++) {
    for (let x = painted.left; x < painted.left + painted.width; x++) {
      const p = ((y - patchBox.top) * patchBox.width + x - patchBox.left) * 3;
      for (let c = 0; c < 3; c++) data[p + c] = 255 - data[p + c]!;
    }
  }
  const patches = [{ box: patchBox, original, edited: { ...original, data } }];
  const written = await patch(photo, patches);
  expect(written.isSpliced).toBe(true);
  const all = { left: 0, top: 0, ...size };
  const around = how.around?.(all, (await readCrop(photo, all)).original);
  const proved = patches.map(({ box }) => ({ box, around }));
  return prove({ photo, written, patches: proved, mask: boxedMask(boxMask(size, masked))! });
}

describe('the proof of a spliced JPEG', () => {
  test('counts the pixels outside the mask that change with its blocks', async () => {
    const { outside, comparedPixels, differingPixels } = await proof({ painted: masked });
    expect(outside).toBe('touched-blocks');
    expect(comparedPixels).toBe(size.width * size.height - masked.width * masked.height);
    expect(differingPixels).toBeGreaterThan(0);
    // 30 x 25 pixels from (80, 64) share blocks of 16 with 32 x 32; a fringe of one pixel around.
    expect(differingPixels).toBeLessThanOrEqual(34 * 34 - masked.width * masked.height);
  });

  test('compares with the given pixels where they reach far enough', async () => {
    const found = await proof({ painted: masked });
    expect(await proof({ painted: masked, around: (box, raster) => ({ box, raster }) })).toEqual(found);
    const wrong = (raster: Raster) => ({ ...raster, data: raster.data.map((value) => value ^ 1) });
    const other = await proof({ painted: masked, around: (box, raster) => ({ box, raster: wrong(raster) }) });
    expect(other.differingPixels).toBeGreaterThan(found.differingPixels);
    const few = (_: Box, raster: Raster) => ({ box: masked, raster: wrong(cut(raster, masked)) });
    expect(await proof({ painted: masked, around: few })).toEqual(found);
  });

  test('finds nothing when the mask ends at block edges and chroma is not subsampled', async () => {
    const whole = { left: 88, top: 72, width: 16, height: 16 };
    expect(await proof({ painted: whole, chroma: '4:4:4' })).toMatchObject({
      outside: 'exact',
      differingPixels: 0,
    });
  });

  test.each([
    ['the block beside it', { left: 72, top: 70, width: 8, height: 4 }],
    ['a block far from it', { left: 40, top: 24, width: 8, height: 8 }],
  ])('fails when the splice changed %s', async (_, painted) => {
    await expect(proof({ painted })).rejects.toMatchObject({
      code: 'NOT_EXACT',
      message: expect.stringContaining('changed blocks outside the mask'),
    });
  });
});
