import { describe, expect, test } from 'vitest';
import { proveOutside } from '../../../lib/edit/prove.ts';
import { readPhoto } from '../../../lib/edit/read.ts';
import { writeOutput } from '../../../lib/edit/write.ts';
import { readCrop } from '../../../lib/formats/vips/read.ts';
import { crop as cut, grow } from '../../../lib/pixels/box.ts';
import type { Raster } from '../../../lib/pixels/raster.ts';
import { boxMask, noisePicture, pipelineOf } from '../../support/pictures.ts';

const limits = { maxImageBytes: 1e7, maxImagePixels: 1e7 };
const size = { width: 96, height: 64 };
const box = { left: 33, top: 21, width: 20, height: 20 };
const mask = { box, mask: boxMask(box, { ...box, left: 0, top: 0 }) };
const raster = noisePicture({ ...size, channels: 3, depth: 8 });

interface How {
  /** Of the picture that the patch knows around it. */
  readonly reachPx?: number;
  readonly image?: Uint8Array;
}

/** A PNG whose patch is inverted. */
async function inverted({ reachPx = 8, image }: How = {}) {
  const photo = await readPhoto(image ?? (await pipelineOf(raster).png().toBuffer()), limits);
  const reach = grow(box, reachPx, size);
  const { original: around } = await readCrop(photo, reach);
  const original = cut(around, { ...box, left: box.left - reach.left, top: box.top - reach.top });
  const edited: Raster = { ...original, data: original.data.map((value) => 255 - value) };
  const patches = [{ box, original, edited, around: { box: reach, raster: around } }];
  const written = await writeOutput({ photo, patches, isGenerated: false, encoding: undefined });
  return { photo, patches, written, mask };
}

describe('a PNG', () => {
  test('is spliced, and proved as it was written', async () => {
    const made = await inverted();
    expect(made.written.way).toBe('spliced-png');
    expect(await proveOutside(made)).toEqual({
      outside: 'exact',
      comparedPixels: size.width * size.height - box.width * box.height,
      differingPixels: 0,
    });
  });

  test('is encoded anew where its surroundings are not known, or its kind is another', async () => {
    expect((await inverted({ reachPx: 0 })).written.way).toBe('lossless');
    const interlaced = await pipelineOf(raster).png({ progressive: true }).toBuffer();
    const made = await inverted({ image: interlaced });
    expect(made.written.way).toBe('lossless');
    expect(await proveOutside(made)).toMatchObject({ outside: 'exact' });
  });

  test('is the same, pixel by pixel, either way', async () => {
    const decode = async ({ written }: Awaited<ReturnType<typeof inverted>>) => {
      const photo = await readPhoto(written.bytes, limits);
      return (await readCrop(photo, { left: 0, top: 0, ...size })).original.data;
    };
    expect(await decode(await inverted())).toEqual(await decode(await inverted({ reachPx: 0 })));
  });

  test('is not published when the patch changes what the mask keeps', async () => {
    const inside = { ...box, left: box.left + 1, width: box.width - 1 };
    const smaller = { box: inside, mask: boxMask(inside, { ...inside, left: 0, top: 0 }) };
    const proving = proveOutside({ ...(await inverted()), mask: smaller });
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
    expect(await proveOutside(await bytesOf(wrong))).toMatchObject({ outside: 'exact' });
    wrong.data[at]! ^= 1;
    await expect(proveOutside(await bytesOf(wrong))).rejects.toMatchObject({ code: 'NOT_EXACT' });
  });
});
