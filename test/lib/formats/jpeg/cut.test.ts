import sharp from 'sharp';
import { describe, expect, it, test } from 'vitest';
import { checkPhoto, readCropOf, readPhoto } from '../../../../lib/edit/read.ts';
import { type CutJpeg, cutJpeg } from '../../../../lib/formats/jpeg/cut/cut.ts';
import { proveSplice } from '../../../../lib/formats/jpeg/proof/prove.ts';
import { readJpegStructure } from '../../../../lib/formats/jpeg/scan/structure.ts';
import { walkJpeg } from '../../../../lib/formats/jpeg/scan/walk.ts';
import { jpeg } from '../../../../lib/formats/jpeg.ts';
import { readCrop } from '../../../../lib/formats/vips/read.ts';
import { crop } from '../../../../lib/pixels/box.ts';
import type { Box } from '../../../../lib/pixels/raster.ts';
import { jpegKinds } from '../../../support/jpeg-kinds.ts';
import { decodeJpeg, encodeJpeg, picture } from '../../../support/jpeg-pictures.ts';
import { random } from '../../../support/pictures.ts';
import { withEachPoison } from '../../../support/poisoned-kernels.ts';
import { spliced } from '../../../support/spliced-jpeg.ts';

const size = { width: 167, height: 131 };

/** Samples of a box as they are stored, in the file's own colours. */
const pixelsOf = (bytes: Uint8Array, box: Box, channels: number) => {
  const space = { 1: 'b-w', 3: 'srgb', 4: 'cmyk' }[channels]!;
  const pipeline = sharp(bytes, { ignoreIcc: true }).extract(box);
  return pipeline.pipelineColourspace(space).toColourspace(space).raw().toBuffer();
};

/** Inside the picture; some touch its edges. */
function boxes(count: number): Box[] {
  const next = random(11);
  return Array.from({ length: count }, (_, i) => {
    const width = 1 + Math.floor(next() * 70);
    const height = 1 + Math.floor(next() * 50);
    const left = i % 4 === 0 ? size.width - width : Math.floor(next() * (size.width - width));
    const top = i % 5 === 0 ? 0 : Math.floor(next() * (size.height - height));
    return { left, top, width, height };
  });
}

/** Several scans, and intervals that begin within rows. */
const isUncut = (name: string) => /progressive|one scan|every 3 MCUs|with restarts/.test(name);

describe.each(jpegKinds.filter(({ name }) => !isUncut(name)))('a part of $name', ({ make, channels }) => {
  it('decodes to the same pixels as the whole', async () => {
    const source = await make();
    const walked = walkJpeg(source);
    for (const box of boxes(12)) {
      const part = cutJpeg(source, walked, box) as CutJpeg;
      expect(part.bytes.length).toBeLessThan(source.length);
      const [ofPart, ofWhole] = await Promise.all([
        pixelsOf(part.bytes, part.box, channels),
        pixelsOf(source, box, channels),
      ]);
      expect(Buffer.compare(ofPart, ofWhole), JSON.stringify(box)).toBe(0);
    }
  });
});

const box: Box = { left: 70, top: 60, width: 20, height: 20 };

it.each(jpegKinds.filter(({ name }) => isUncut(name)))('$name is not cut', async ({ make }) => {
  const source = await make();
  expect(cutJpeg(source, walkJpeg(source), box)).toBeUndefined();
});

test('most of a picture is not cut, as it saves nothing', async () => {
  const source = await encodeJpeg(picture(size.width, size.height, 3));
  expect(cutJpeg(source, walkJpeg(source), { left: 0, top: 0, ...size })).toBeUndefined();
});

test('a part begins with DC values for which its table has no code', async () => {
  // Flat but for one corner: the whole has small differences only.
  const flat = { ...picture(160, 160, 1), data: new Uint8Array(160 * 160).fill(250) };
  for (let y = 0; y < 160; y++)
    for (let x = 0; x < 160; x++) flat.data[y * 160 + x] = 40 + Math.floor((x + y) / 2);
  const source = await encodeJpeg(flat, { quality: 95 });
  const walked = walkJpeg(source);
  const far: Box = { left: 120, top: 120, width: 30, height: 30 };
  const part = cutJpeg(source, walked, far) as CutJpeg;
  const tableOf = (bytes: Uint8Array) => readJpegStructure(bytes).scans[0]!.members[0]!.dc!.symbols.length;
  expect(tableOf(part.bytes)).toBeGreaterThan(tableOf(source));
  expect(await pixelsOf(part.bytes, part.box, 1)).toEqual(await pixelsOf(source, far, 1));
});

test('a part takes nothing from around its inputs', async () => {
  const source = await encodeJpeg(picture(size.width, size.height, 3));
  const walked = walkJpeg(source);
  const [first, ...others] = withEachPoison(() => cutJpeg(source, walked, box)!.bytes);
  for (const other of others) expect(Buffer.compare(first!, other)).toBe(0);
});

test('a crop through a part is the crop through the whole, in every orientation, with profile and density', async () => {
  const { width, height, data } = picture(size.width, size.height, 3);
  const encoded = sharp(data, { raw: { width, height, channels: 3 } })
    .withIccProfile('p3')
    .withMetadata({ density: 300, orientation: 6 })
    .jpeg({ quality: 90 });
  const bytes = await encoded.toBuffer();
  const limits = { maxImageBytes: 1e9, maxImagePixels: 1e9 };
  const photo = await readPhoto(bytes, limits);
  await checkPhoto(photo);
  expect(photo.header).toMatchObject({ orientation: 6, icc: expect.anything() });
  const placed: Box = { left: 5, top: 90, width: 40, height: 30 };
  expect(jpeg.cut!(photo, placed)).toBeDefined();
  const [byPart, byWhole] = [await readCropOf(photo, placed), await readCrop(photo, placed)];
  expect(Buffer.compare(byPart.file, byWhole.file)).toBe(0);
  expect(byPart).toEqual(byWhole);
});

test('a part of an output is cut by what its proof read, but not along touched MCUs', async () => {
  const source = await encodeJpeg(picture(1200, 900, 3), { quality: 95, optimiseCoding: false });
  // Behind several buffers.
  const edge: Box = { left: 600, top: 650, width: 130, height: 90 };
  const [before, after] = [crop(await decodeJpeg(source), edge), picture(edge.width, edge.height, 3, 7)];
  const { bytes, touched } = spliced(source, [{ box: edge, before, after }]);
  const { holds, read } = proveSplice({ source, output: bytes, touched });
  expect(holds).toBe(true);
  const walked = { ...read!, extraneous: [] };
  const around: Box = { left: 568, top: 618, width: 194, height: 154 };
  const part = cutJpeg(bytes, walked, around) as CutJpeg;
  expect(await pixelsOf(part.bytes, part.box, 3)).toEqual(await pixelsOf(bytes, around, 3));
  expect(cutJpeg(bytes, walked, { left: 650, top: 680, width: 20, height: 20 })).toBeUndefined();
});
