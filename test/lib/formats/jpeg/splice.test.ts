import { describe, expect, it } from 'vitest';
import { shrinkMaskToBlocks } from '../../../../lib/formats/jpeg/block-mask.ts';
import { readJpegStructure } from '../../../../lib/formats/jpeg/scan/structure.ts';
import { crop, paste as pasteBox } from '../../../../lib/pixels/box.ts';
import type { Box, Mask, Raster } from '../../../../lib/pixels/raster.ts';
import { isPresent, jpegKinds, run } from '../../../support/jpeg-kinds.ts';
import { decodeJpeg, ellipse, encodeJpeg, picture } from '../../../support/jpeg-pictures.ts';
import { decodeReference } from '../../../support/reference-jpeg.ts';
import { box, changedBlocks, spliceBox, spliced, withoutTables } from '../../../support/spliced-jpeg.ts';
import { touchedPixels } from '../../../support/touched-pixels.ts';

const wholeOf = ({ width, height }: Raster): Box => ({ left: 0, top: 0, width, height });
const mask = ellipse(box);

/**
 * Decoded values that differ where the mask is 0, and the mean absolute error to the wanted ones where it is
 * not.
 */
function comparePixels(source: Raster, output: Raster, wanted: Raster, within: Mask) {
  let outside = 0;
  let error = 0;
  let count = 0;
  for (let i = 0; i < source.data.length; i++) {
    if (within.data[Math.floor(i / source.channels)] === 0) {
      outside += source.data[i] === output.data[i] ? 0 : 1;
    } else {
      error += Math.abs(output.data[i]! - wanted.data[i]!);
      count++;
    }
  }
  return { outside, meanError: error / count };
}

describe.each(jpegKinds)('splicing $name', (kind) => {
  it('changes the wanted region and nothing outside the touched blocks', async () => {
    const { source, original, after, result } = await spliceBox(await kind.make(), mask);
    const reference = decodeReference(source);
    expect(changedBlocks(reference, result.bytes)).toEqual(result.touched);
    const written = decodeReference(result.bytes);
    expect(withoutTables(written)).toEqual(withoutTables(reference));
    if (result.tables === 'kept') expect(written.segments).toEqual(reference.segments);
    const endOf = (bytes: Uint8Array) => Buffer.from(bytes.subarray(-2)).toString('hex');
    expect(endOf(result.bytes)).toBe(endOf(source));
    const output = await decodeJpeg(result.bytes);
    const wanted = { ...original, data: Uint8Array.from(original.data) };
    pasteBox(wanted, after, box);
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
    const inner = shrinkMaskToBlocks(readJpegStructure(source), { box, mask }).mask;
    const { original, before, after, result } = await spliceBox(source, inner);
    const output = await decodeJpeg(result.bytes);
    expect(comparePixels(before, crop(output, box), after, mask).outside).toBe(0);
    const touched = touchedPixels(result.structure, result.touched, wholeOf(original));
    expect(comparePixels(original, output, output, touched).outside).toBe(0);
    expect(result.touched.some((blocks) => blocks.includes(1))).toBe(inner.data.some((value) => value > 0));
  });
});

describe('splicing', () => {
  it('returns the source itself when nothing differs', async () => {
    const source = await jpegKinds[0]!.make();
    const before = crop(await decodeJpeg(source), box);
    expect(spliced(source, [{ box, before, after: before }]).bytes).toBe(source);
  });

  it('reaches the four corners and edges that are no multiple of a block', async () => {
    const source = await encodeJpeg(picture(101, 67, 3), { quality: 92 });
    const original = await decodeJpeg(source);
    const lefts = [0, 101 - 20];
    const corners = lefts.flatMap((left) =>
      [0, 67 - 20].map((top) => ({ left, top, width: 20, height: 20 })),
    );
    const patches = corners.map((corner) => {
      const before = crop(original, corner);
      const data = before.data.map((value) => Math.min(255, value + 40));
      return { box: corner, before, after: { ...before, data } };
    });
    const result = spliced(source, patches);
    const changed = changedBlocks(decodeReference(source), result.bytes);
    expect(changed).toEqual(result.touched);
    const output = await decodeJpeg(result.bytes);
    const everywhere = { width: 20, height: 20, channels: 1, data: new Uint8Array(400).fill(255) } as const;
    for (const { box: corner, after } of patches) {
      const got = crop(output, corner);
      expect(comparePixels(got, got, after, everywhere).meanError).toBeLessThan(6);
    }
  });
});

const hasJpegtran = isPresent('jpegtran');
if (!hasJpegtran) console.info('jpegtran is not installed: lossless crops are not compared');

/**
 * A lossless crop holds the coefficients of its region and nothing else: equal files hold equal coefficients.
 */
describe.skipIf(!hasJpegtran)('jpegtran crops the regions beside an edit to the same files', () => {
  it.each(jpegKinds)('$name', async (kind) => {
    const { source, result } = await spliceBox(await kind.make());
    const cropOf = (bytes: Uint8Array, region: string) =>
      run('jpegtran', ['-copy', 'none', '-optimize', '-crop', region], bytes);
    const equals = (region: string) => cropOf(result.bytes, region).equals(cropOf(source, region));
    expect(['39x131+128+0', '167x35+0+96', '64x64+32+32'].map(equals)).toEqual([true, true, false]);
  });
});
