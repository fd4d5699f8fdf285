import { describe, expect, it } from 'vitest';
import { readHeader } from '../../../../lib/formats/vips/header.ts';
import { readCrop, readCropAsSrgb, readPixels } from '../../../../lib/formats/vips/read.ts';
import type { Raster, Size } from '../../../../lib/pixels/raster.ts';
import { noisePicture, pipelineOf } from '../../../support/pictures.ts';

const limits = { maxImageBytes: 1e7, maxImagePixels: 1e7 };

/** A soft wave along both sides, sampled at pixel centres: the same picture at every size. */
function wave({ width, height }: Size): Raster {
  const data = new Uint8Array(width * height * 3);
  for (let p = 0; p < width * height; p++) {
    const x = ((p % width) + 0.5) / width;
    const y = (Math.floor(p / width) + 0.5) / height;
    data.fill(Math.round(128 + 60 * Math.sin(17 * x) + 60 * Math.cos(13 * y)), p * 3, p * 3 + 3);
  }
  return { width, height, channels: 3, data };
}

describe('a crop for a model', () => {
  it.each([
    ['reduced', { width: 160, height: 120 }, { width: 120, height: 90 }],
    ['as it is', { width: 160, height: 120 }, { width: 160, height: 120 }],
    ['enlarged', { width: 160, height: 120 }, { width: 400, height: 300 }],
    ['hardly enlarged', { width: 160, height: 120 }, { width: 170, height: 126 }],
    ['stretched along one side', { width: 160, height: 120 }, { width: 200, height: 90 }],
  ])('%s is not shifted', async (_, from, to) => {
    const bytes = await pipelineOf(wave(from)).png().toBuffer();
    const header = await readHeader(bytes, limits);
    const crop = await readCrop({ bytes, header }, { left: 0, top: 0, ...from });
    const seen = await readCropAsSrgb(crop, header, to);
    const expected = wave(to);
    const inner = [...expected.data.keys()].filter((i) => isInner(Math.floor(i / 3), to));
    const worst = inner.reduce((most, i) => Math.max(most, Math.abs(seen.data[i]! - expected.data[i]!)), 0);
    // Moved by half a pixel of the larger it would be 2 to 4.
    expect(worst).toBeLessThanOrEqual(1);
  });
});

/** At the border there is nothing to interpolate with. */
function isInner(p: number, { width, height }: Size): boolean {
  const [x, y] = [p % width, Math.floor(p / width)];
  return Math.min(x, y, width - 1 - x, height - 1 - y) >= 6;
}

describe('a crop', () => {
  const size = { width: 61, height: 43 };
  const box = { left: 3, top: 5, width: 50, height: 31 };
  const kinds = ([1, 2, 3, 4] as const).flatMap((channels) =>
    ([8, 16] as const).map((depth) => ({ channels, depth })),
  );
  it.each(kinds)('has the samples that are decoded: $channels of $depth bit', async ({ channels, depth }) => {
    const picture = noisePicture({ ...size, channels, depth });
    await expectSamples(await pipelineOf(picture).png().toBuffer());
  });
  it('has the samples that are decoded: inks, turned', async () => {
    const picture = pipelineOf(noisePicture({ ...size, channels: 3, depth: 8 }));
    await expectSamples(
      await picture.toColourspace('cmyk').withMetadata({ orientation: 3 }).jpeg().toBuffer(),
    );
  });

  async function expectSamples(bytes: Uint8Array): Promise<void> {
    const header = await readHeader(bytes, limits);
    const { original } = await readCrop({ bytes, header }, box);
    expect(original).toEqual(await readPixels({ bytes, header }, box));
  }
});
