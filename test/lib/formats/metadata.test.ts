import { describe, expect, test } from 'vitest';
import { readPhoto } from '../../../lib/edit/read.ts';
import { formatNamed } from '../../../lib/formats/formats.ts';
import { isIntact, readPngChunks } from '../../../lib/formats/png/chunks.ts';
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

test('a JPEG with bytes between its header segments is spliced, and they stay', async () => {
  const jpeg = await pipelineOf(wavePicture({ width: 64, height: 64 }))
    .jpeg()
    .toBuffer();
  // A marker "for temporary use in arithmetic coding", and a comment.
  const odd = Buffer.from('\xff\x01\xff\xfe\0\x06mine', 'latin1');
  const { isSpliced, bytes, dropped } = await write(
    Buffer.concat([jpeg.subarray(0, 2), odd, jpeg.subarray(2)]),
  );
  expect({ isSpliced, dropped }).toEqual({ isSpliced: true, dropped: [] });
  expect(Buffer.from(bytes).includes(odd)).toBe(true);
});

test.each(['png', 'webp'] as const)(
  'a JPEG converted to %s loses its thumbnail, and keeps EXIF',
  async (name) => {
    const picture = await pipelineOf(wavePicture({ width: 64, height: 64 }))
      .jpeg()
      .toBuffer();
    const image = withSegments(picture, [segment(0xe1, 'Exif\0\0', exifWithThumbnail())]);
    const { photo, patches } = await invertBox(image, box);
    const job = { photo, patches, isGenerated: false, encoding: {} };
    const { bytes, dropped } = await formatNamed(name).patch(job);
    expect(dropped).toContain('thumbnail');
    expect(Buffer.from(bytes).includes('THUMBNAIL')).toBe(false);
    expect((await sharp(bytes).metadata()).exif?.includes('yes')).toBe(true);
    await sharp(bytes, { failOn: 'warning' }).raw().toBuffer();
    if (name === 'png') expect(readPngChunks(bytes).chunks.every(isIntact)).toBe(true);
  },
);

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

  test('a generated picture is marked in a new packet, other pictures are not', async () => {
    expect(await xmpOf((await write(await encode(), true)).bytes)).toContain(mark);
    expect(await xmpOf((await write(await encode())).bytes)).toBeUndefined();
  });

  test('an existing packet gets the mark and keeps the rest', async () => {
    const xmp = await xmpOf((await write(await encode(artist), true)).bytes);
    expect(xmp).toContain(mark);
    expect(xmp).toContain('dc:source="camera"');
    expect(await xmpOf((await write(await encode(artist))).bytes)).toBe(artist);
  });

  test('gain map properties are removed from the packet and reported', async () => {
    const { bytes, dropped } = await write(await encode(gainMap));
    expect(await xmpOf(bytes)).not.toContain('hdrgm:Version');
    expect(dropped).toEqual(['stale xmp']);
  });

  test('an unreadable packet stays, and the report says that nothing marks the picture', async () => {
    const { bytes, notes } = await write(await encode('<other/>'), true);
    expect(await xmpOf(bytes)).toBe('<other/>');
    expect(notes).toContain(
      'The XMP packet of the picture could not be read: nothing marks what a model painted.',
    );
  });
});

test.each(['srgb', 'p3'] as const)(
  'colours are sRGB for the model and return to the profile of the picture: %s',
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
    // Both conversions round.
    expect(worst).toBeLessThanOrEqual(3);
  },
);
