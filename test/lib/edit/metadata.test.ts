import { expect, test } from 'vitest';
import { readPhoto } from '../../../lib/edit/read.ts';
import { writeOutput } from '../../../lib/edit/write.ts';
import { sharp } from '../../../lib/image/codec/loaders.ts';
import { toOwnColours } from '../../../lib/image/codec/own-space.ts';
import { readCrop, readCropAsSrgb } from '../../../lib/image/codec/read.ts';
import { pipelineOf, wavePicture } from '../../support/pictures.ts';

const limits = { maxImageBytes: 1e7, maxImagePixels: 1e7 };
const box = { left: 20, top: 20, width: 16, height: 16 };

async function write(image: Uint8Array, isGenerated = false) {
  const photo = await readPhoto(image, limits);
  const { original } = await readCrop(photo, box);
  const edited = { ...original, data: original.data.map((value) => 255 - value) };
  return writeOutput({ photo, patches: [{ box, original, edited }], isGenerated, encoding: undefined });
}

/** EXIF with a description in the first directory, and a second directory that holds a thumbnail. */
function exifWithThumbnail(): Buffer {
  const thumbnail = Buffer.from('THUMBNAIL-OF-THE-REMOVED-OBJECT!');
  const tiff = Buffer.alloc(100 + thumbnail.length);
  tiff.write('II*\0', 'latin1');
  tiff.writeUInt32LE(8, 4);
  tiff.writeUInt16LE(1, 8);
  const entry = (at: number, tag: number, type: number, count: number, value: number) => {
    tiff.writeUInt16LE(tag, at);
    tiff.writeUInt16LE(type, at + 2);
    tiff.writeUInt32LE(count, at + 4);
    tiff.writeUInt32LE(value, at + 8);
  };
  entry(10, 0x010e, 2, 4, 0x00736579);
  tiff.writeUInt32LE(26, 22);
  tiff.writeUInt16LE(3, 26);
  entry(28, 0x0103, 3, 1, 6);
  entry(40, 0x0201, 4, 1, 100);
  entry(52, 0x0202, 4, 1, thumbnail.length);
  thumbnail.copy(tiff, 100);
  return tiff;
}

/** Puts an EXIF block behind SOI. */
function withExif(jpeg: Buffer): Buffer {
  const payload = Buffer.concat([Buffer.from('Exif\0\0'), exifWithThumbnail()]);
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(payload.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, payload, jpeg.subarray(2)]);
}

test('JPEG: the stale thumbnail goes, other tags, profile and density stay', async () => {
  const jpeg = withExif(
    await pipelineOf(wavePicture({ width: 64, height: 64 }))
      .withIccProfile('p3')
      .withMetadata({ density: 240 })
      .jpeg()
      .toBuffer(),
  );
  const { bytes, dropped, way } = await write(jpeg);
  expect({ way, dropped }).toEqual({ way: 'spliced', dropped: ['thumbnail'] });
  expect(Buffer.from(bytes).includes('THUMBNAIL')).toBe(false);
  const [before, after] = await Promise.all([sharp(jpeg).metadata(), sharp(bytes).metadata()]);
  expect(after.exif?.includes('yes')).toBe(true);
  expect(after.icc?.equals(before.icc!)).toBe(true);
  expect(after.density).toBe(before.density);
});

test.each(['png', 'webp'] as const)('%s: the thumbnail goes, profile stays', async (format) => {
  const jpeg = withExif(
    await pipelineOf(wavePicture({ width: 64, height: 64 }))
      .jpeg()
      .toBuffer(),
  );
  const image = await sharp(jpeg)
    .keepMetadata()
    .withIccProfile('p3')
    .toFormat(format, { lossless: true })
    .toBuffer();
  const { bytes } = await write(image);
  expect(Buffer.from(bytes).includes('THUMBNAIL')).toBe(false);
  const [before, after] = await Promise.all([sharp(image).metadata(), sharp(bytes).metadata()]);
  expect(after.icc?.equals(before.icc!)).toBe(true);
  expect(after.exif?.includes('yes')).toBe(before.exif?.includes('yes'));
  await sharp(bytes).raw().toBuffer();
});

test('what a model painted is marked so in XMP, what was copied from the picture is not', async () => {
  const jpeg = await pipelineOf(wavePicture({ width: 64, height: 64 }))
    .jpeg()
    .toBuffer();
  const marked = Buffer.from((await write(jpeg, true)).bytes);
  expect(marked.includes('compositeWithTrainedAlgorithmicMedia')).toBe(true);
  expect(Buffer.from((await write(jpeg)).bytes).includes('TrainedAlgorithmicMedia')).toBe(false);
});

test.each(['srgb', 'p3'] as const)(
  'colours go to the model as sRGB and come back in the profile of the picture: %s',
  async (profile) => {
    const image = await pipelineOf(wavePicture({ width: 64, height: 64 }))
      .withIccProfile(profile)
      .png()
      .toBuffer();
    const photo = await readPhoto(image, limits);
    const crop = await readCrop(photo, { left: 0, top: 0, width: 64, height: 64 });
    const back = await toOwnColours(await readCropAsSrgb(crop, photo.header, crop.box), photo.header);
    let worst = 0;
    for (let i = 0; i < back.data.length; i++)
      worst = Math.max(worst, Math.abs(back.data[i]! - crop.original.data[i]!));
    // The way there and back rounds twice.
    expect(worst).toBeLessThanOrEqual(3);
  },
);
