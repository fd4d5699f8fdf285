import { describe, expect, test } from 'vitest';
import { readPhoto } from '../../../lib/edit/read.ts';
import { sharp } from '../../../lib/formats/vips/loaders.ts';
import { toOwnColours } from '../../../lib/formats/vips/own-space.ts';
import { readCrop, readCropAsSrgb } from '../../../lib/formats/vips/read.ts';
import { exifWithThumbnail } from '../../support/exif-files.ts';
import { segment, withSegments } from '../../support/jpeg-segments.ts';
import { invertBox, limits } from '../../support/patched-photo.ts';
import { pipelineOf, wavePicture } from '../../support/pictures.ts';

const box = { left: 20, top: 20, width: 16, height: 16 };

const write = async (image: Uint8Array, isGenerated = false) =>
  (await invertBox(image, box, { isGenerated })).written;

const withExif = (jpeg: Buffer): Buffer =>
  withSegments(jpeg, [segment(0xe1, 'Exif\0\0', exifWithThumbnail())]);

test('JPEG: the stale thumbnail goes, other tags, profile and density stay', async () => {
  const jpeg = withExif(
    await pipelineOf(wavePicture({ width: 64, height: 64 }))
      .withIccProfile('p3')
      .withMetadata({ density: 240 })
      .jpeg()
      .toBuffer(),
  );
  const { bytes, dropped, isSpliced } = await write(jpeg);
  expect({ isSpliced, dropped }).toEqual({ isSpliced: true, dropped: ['thumbnail'] });
  expect(Buffer.from(bytes).includes('THUMBNAIL')).toBe(false);
  const [before, after] = await Promise.all([sharp(jpeg).metadata(), sharp(bytes).metadata()]);
  expect(after.exif?.includes('yes')).toBe(true);
  expect(after.icc?.equals(before.icc!)).toBe(true);
  expect(after.density).toBe(before.density);
});

test('JPEG: what libjpeg forgives in the headers costs the segments it does not carry, and is told', async () => {
  const jpeg = await pipelineOf(wavePicture({ width: 64, height: 64 }))
    .jpeg()
    .toBuffer();
  // A marker "for temporary use in arithmetic coding", and a comment.
  const odd = Buffer.from('\xff\x01\xff\xfe\0\x06mine', 'latin1');
  const { isSpliced, bytes, dropped } = await write(
    Buffer.concat([jpeg.subarray(0, 2), odd, jpeg.subarray(2)]),
  );
  expect({ isSpliced, dropped }).toEqual({
    isSpliced: false,
    dropped: ['metadata but profile, EXIF and XMP, for the headers of the JPEG are damaged'],
  });
  expect(Buffer.from(bytes).includes('mine')).toBe(false);
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

describe.each(['jpeg', 'png', 'webp', 'tiff'] as const)('%s', (format) => {
  const encode = (xmp?: string) => {
    const picture = pipelineOf(wavePicture({ width: 64, height: 64 }));
    return (xmp === undefined ? picture : picture.withXmp(xmp))
      .toFormat(format, { lossless: true, compression: 'lzw' })
      .toBuffer();
  };
  const xmpOf = async (bytes: Uint8Array) => (await sharp(bytes).metadata()).xmp?.toString();
  const packet = (attributes: string) =>
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
    `<rdf:Description ${attributes}/></rdf:RDF></x:xmpmeta>`;
  const mark = 'digitalsourcetype/compositeWithTrainedAlgorithmicMedia"';
  const artist = packet('xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="camera"');
  const gainMap = packet('xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"');

  test('what a model painted is marked in a packet of its own, what was copied is not', async () => {
    expect(await xmpOf((await write(await encode(), true)).bytes)).toContain(mark);
    expect(await xmpOf((await write(await encode())).bytes)).toBeUndefined();
  });

  test('a packet there was gets the mark and keeps the rest', async () => {
    const xmp = await xmpOf((await write(await encode(artist), true)).bytes);
    expect(xmp).toContain(mark);
    expect(xmp).toContain('dc:source="camera"');
    expect(await xmpOf((await write(await encode(artist))).bytes)).toBe(artist);
  });

  test('of a packet goes what speaks of a gain map, and is told', async () => {
    const { bytes, dropped } = await write(await encode(gainMap));
    expect(await xmpOf(bytes)).not.toContain('hdrgm:Version');
    expect(dropped).toEqual(['stale xmp']);
  });

  test('a packet nobody can read stays, and it is told that nothing marks the picture', async () => {
    const { bytes, notes } = await write(await encode('<other/>'), true);
    expect(await xmpOf(bytes)).toBe('<other/>');
    expect(notes).toContain(
      'The XMP packet of the picture could not be read: nothing marks what a model painted.',
    );
  });
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
