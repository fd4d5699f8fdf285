import { describe, expect, it } from 'vitest';
import { shrinkMaskToBlocks } from '../../../../lib/formats/jpeg/block-mask.ts';
import { readJpegStructure } from '../../../../lib/formats/jpeg/scan/structure.ts';
import { type Spliced, spliceJpeg } from '../../../../lib/formats/jpeg/splice/splice.ts';
import type { Box, Mask, Raster } from '../../../../lib/pixels/raster.ts';
import { jpegKinds } from '../../../support/jpeg-kinds.ts';
import { crop, decodeJpeg, ellipse, encodeJpeg, paste, picture } from '../../../support/jpeg-pictures.ts';
import { decodeReference } from '../../../support/reference-jpeg.ts';
import { touchedPixels } from '../../../support/touched-pixels.ts';

const wholeOf = ({ width, height }: Raster): Box => ({ left: 0, top: 0, width, height });

function expectSpliced(result: ReturnType<typeof spliceJpeg>): Spliced {
  if (result.kind !== 'spliced') throw new Error(`not spliced: ${result.code} ${result.reason}`);
  return result;
}

/** Blocks that differ although untouched, and touched ones that do not. */
function compareCoefficients(source: Uint8Array, { bytes, touched }: Spliced) {
  const a = decodeReference(source);
  const b = decodeReference(bytes);
  let changedOutside = 0;
  let sameInside = 0;
  a.components.forEach(({ coefficients }, c) => {
    const after = b.components[c]!.coefficients;
    for (let block = 0; block < coefficients.length / 64; block++) {
      const isSame = coefficients
        .subarray(block * 64, block * 64 + 64)
        .every((v, k) => v === after[block * 64 + k]);
      if (touched[c]!.bitmap[block] === 1) sameInside += isSame ? 1 : 0;
      else changedOutside += isSame ? 0 : 1;
    }
  });
  return {
    changedOutside,
    sameInside,
    segmentsEqual: JSON.stringify(a.segments) === JSON.stringify(b.segments),
  };
}

/** Decoded pixels that differ where the mask is 0, and the mean absolute error to the wanted ones where it is not. */
function comparePixels(source: Raster, output: Raster, wanted: Raster, mask: Mask) {
  let outside = 0;
  let error = 0;
  let count = 0;
  for (let i = 0; i < source.data.length; i++) {
    if (mask.data[Math.floor(i / source.channels)] === 0)
      outside += source.data[i] === output.data[i] ? 0 : 1;
    else {
      error += Math.abs(output.data[i]! - wanted.data[i]!);
      count++;
    }
  }
  return { outside, meanError: error / count };
}

const everything = ({ width, height }: Box): Mask => ({
  width,
  height,
  channels: 1,
  data: new Uint8Array(width * height).fill(255),
});

const box: Box = { left: 37, top: 29, width: 75, height: 58 };
const mask = ellipse(box);

describe.each(jpegKinds)('splicing $name', (kind) => {
  it('changes the wanted region and nothing outside the touched blocks', async () => {
    const source = await kind.make();
    const original = await decodeJpeg(source);
    const before = crop(original, box);
    const after = paste(before, picture(box.width, box.height, before.channels as 1 | 3 | 4, 7), mask);
    const result = expectSpliced(spliceJpeg({ source, patches: [{ box, before, after }] }));
    const compared = compareCoefficients(source, result);
    expect(compared).toMatchObject({ changedOutside: 0, sameInside: 0 });
    if (result.tables === 'kept') expect(compared.segmentsEqual).toBe(true);
    const output = await decodeJpeg(result.bytes);
    const wanted = { ...original, data: Uint8Array.from(original.data) };
    for (let y = 0; y < box.height; y++) {
      const row = after.data.subarray(y * box.width * before.channels, (y + 1) * box.width * before.channels);
      wanted.data.set(row, ((box.top + y) * original.width + box.left) * before.channels);
    }
    const region = touchedPixels(result.structure, result.touched, wholeOf(original));
    const { outside, meanError } = comparePixels(original, output, wanted, region);
    expect(outside).toBe(0);
    // As good as an encoder with the same settings that knows the wanted picture.
    const reencoded = await decodeJpeg(await kind.make(wanted));
    const floor = comparePixels(original, reencoded, wanted, region).meanError;
    expect(meanError).toBeLessThan(1.1 * floor + 0.2);
  });

  it('leaves every pixel outside the mask bit-identical when composited within the shrunk mask', async () => {
    const source = await kind.make();
    const original = await decodeJpeg(source);
    const inner = shrinkMaskToBlocks(readJpegStructure(source), { box, mask }).mask;
    const before = crop(original, box);
    const after = paste(before, picture(box.width, box.height, kind.channels, 7), inner);
    const result = expectSpliced(spliceJpeg({ source, patches: [{ box, before, after }] }));
    const output = await decodeJpeg(result.bytes);
    expect(comparePixels(before, crop(output, box), after, mask).outside).toBe(0);
    const touched = touchedPixels(result.structure, result.touched, wholeOf(original));
    expect(comparePixels(original, output, output, touched).outside).toBe(0);
    expect(result.touched.some(({ count }) => count > 0)).toBe(inner.data.some((value) => value > 0));
  });

  it('returns the source itself when nothing differs', async () => {
    const source = await kind.make();
    const before = crop(await decodeJpeg(source), box);
    expect(expectSpliced(spliceJpeg({ source, patches: [{ box, before, after: before }] })).bytes).toBe(
      source,
    );
  });
});

describe('splicing', () => {
  it('reaches the four corners and edges that are no multiple of a block', async () => {
    const source = await encodeJpeg(picture(101, 67, 3), { quality: 92 });
    const original = await decodeJpeg(source);
    const corners = [0, 101 - 20].flatMap((left) =>
      [0, 67 - 20].map((top) => ({ left, top, width: 20, height: 20 })),
    );
    const patches = corners.map((corner) => {
      const before = crop(original, corner);
      return {
        box: corner,
        before,
        after: { ...before, data: before.data.map((v) => Math.min(255, v + 40)) },
      };
    });
    const result = expectSpliced(spliceJpeg({ source, patches }));
    expect(compareCoefficients(source, result)).toMatchObject({ changedOutside: 0, sameInside: 0 });
    const output = await decodeJpeg(result.bytes);
    for (const { box: corner, after } of patches) {
      const got = crop(output, corner);
      expect(comparePixels(got, got, after, everything(corner)).meanError).toBeLessThan(6);
    }
  });
});
