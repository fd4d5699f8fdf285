import { describe, expect, test } from 'vitest';
import type { Raster } from '../../../lib/pixels/raster.ts';
import { invertBox, prove } from '../../support/patched-photo.ts';
import { boxMask, noisePicture, pipelineOf } from '../../support/pictures.ts';

const size = { width: 96, height: 64 };
const box = { left: 33, top: 21, width: 20, height: 20 };
const raster = noisePicture({ ...size, channels: 3, depth: 8 });

const inverted = async ({ reachPx = 8, image }: { reachPx?: number; image?: Uint8Array } = {}) =>
  invertBox(image ?? (await pipelineOf(raster).png().toBuffer()), box, { reachPx });

describe('a PNG', () => {
  test('is edited in place and proved', async () => {
    const made = await inverted();
    expect(made.written.isSpliced).toBe(true);
    expect(await prove(made)).toEqual({
      outside: 'exact',
      comparedPixels: size.width * size.height - box.width * box.height,
      differingPixels: 0,
    });
  });

  test('is encoded again where its surroundings are not known, or when it is interlaced', async () => {
    expect((await inverted({ reachPx: 0 })).written.isSpliced).toBe(false);
    const interlaced = await pipelineOf(raster).png({ progressive: true }).toBuffer();
    const made = await inverted({ image: interlaced });
    expect(made.written.isSpliced).toBe(false);
    expect(await prove(made)).toMatchObject({ outside: 'exact' });
  });

  test('is not published when the patch changes a pixel outside the mask', async () => {
    const inside = { ...box, left: box.left + 1, width: box.width - 1 };
    const smaller = { box: inside, mask: boxMask(inside, { ...inside, left: 0, top: 0 }) };
    const proving = prove({ ...(await inverted()), mask: smaller });
    await expect(proving).rejects.toMatchObject({
      code: 'NOT_EXACT',
      message: `Expected 0 changed pixels outside the mask of a png, got ${box.height}`,
    });
  });

  test.each([
    ['far away', 0],
    ['beside the patch', (30 * size.width + box.left + box.width) * 3],
  ])('is not published when one pixel differs %s', async (_where, at) => {
    const made = await inverted();
    const wrong = { ...raster, data: raster.data.slice() };
    for (let y = box.top; y < box.top + box.height; y++) {
      for (let x = box.left; x < box.left + box.width; x++) {
        for (let c = 0; c < 3; c++) wrong.data[(y * size.width + x) * 3 + c]! ^= 255;
      }
    }
    const bytesOf = async (picture: Raster) => ({
      ...made,
      written: { ...made.written, bytes: await pipelineOf(picture).png().toBuffer() },
    });
    expect(await prove(await bytesOf(wrong))).toMatchObject({ outside: 'exact' });
    wrong.data[at]! ^= 1;
    await expect(prove(await bytesOf(wrong))).rejects.toMatchObject({ code: 'NOT_EXACT' });
  });
});
