import { matrixProfile } from '../icc-profiles.ts';
import { type TagList, tiffFile } from '../tiff-files.ts';
import { dressed, type Kinds, kindSize, pipeline, withProfile } from './pictures.ts';

const tiff = (channels: 1 | 2 | 3 | 4, depth: 8 | 16, compression: 'none' | 'lzw' | 'deflate' | 'packbits') =>
  pipeline(channels, depth).tiff({ compression }).toBuffer();

/** Diagonal waves, one byte a sample. */
function samples(channels: number, bytes = 1): Uint8Array {
  const { width, height } = kindSize;
  return Uint8Array.from({ length: width * height * channels * bytes }, (_, i) => {
    const p = Math.trunc(i / channels / bytes);
    return 128 + 90 * Math.sin(((p % width) + 2 * Math.trunc(p / width)) / 9 + (i % channels));
  });
}

const plain = { ...kindSize, bits: 8, channels: 3, photometric: 2 };

/** Metadata of cameras, editors and surveyors. */
const description: TagList = {
  270: 'a test',
  271: 'maker',
  306: '2026:01:02 03:04:05',
  315: 'me',
  33432: 'mine',
  33550: [100000, 200000, 300000],
  33723: Buffer.from('\x1c\x02\x78\0\x05hello', 'latin1'),
  34377: Buffer.from('8BIM\x03\xed\0\0\0\0\0\x02hi', 'latin1'),
  34665: { tags: { 33434: [1, 60], 36867: '2026:01:02', 40965: { tags: { 1: 'R98' } } } },
  34853: { tags: { 1: 'N', 2: [52, 1, 30] } },
};

const preview = '8BIM\x04\x0c\0\0\0\0\0\x06PREVIEW';
const stale: TagList = {
  330: { tags: { 254: 1, 256: 1, 257: 1, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 1, 279: 1 } },
  34377: Buffer.from(preview.slice(0, 18), 'latin1'),
  37724: Buffer.from('layers'),
  52545: Buffer.from('a manifest'),
  65000: 'nobody knows',
};

/** Values 0 to 255 as a ramp from red to blue. */
const colourMap = [65535, 0, 40000].flatMap((from) =>
  Array.from({ length: 256 }, (_, i) => Math.abs(from - i * 257)),
);

const handmade: Kinds = {
  'description, EXIF, GPS, IPTC, GeoTIFF': async () =>
    tiffFile({ ...plain, samples: samples(3), tags: description }),
  'the same, big-endian': async () =>
    tiffFile({ ...plain, samples: samples(3), tags: description, isBig: true }),
  'tags that an edit makes untrue': async () => tiffFile({ ...plain, samples: samples(3), tags: stale }),
  'palette 8 bit': async () =>
    tiffFile({ ...plain, channels: 1, photometric: 3, samples: samples(1), tags: { 320: colourMap } }),
  'grey where 0 is white': async () =>
    tiffFile({ ...plain, channels: 1, photometric: 0, samples: samples(1) }),
  'RGB with a fourth sample of no meaning': async () =>
    tiffFile({ ...plain, channels: 4, samples: samples(4), tags: { 338: 0 } }),
  'RGB multiplied with alpha': async () =>
    tiffFile({ ...plain, channels: 4, samples: samples(4), tags: { 338: 1 } }),
  tiled: () => pipeline(3).tiff({ tile: true, tileWidth: 32, tileHeight: 32, compression: 'lzw' }).toBuffer(),
  BigTIFF: () => pipeline(3).tiff({ bigtiff: true, compression: 'lzw' }).toBuffer(),
};

/** Kinds whose values cannot be kept. */
export const refusedTiffs: Kinds = {
  'TIFF, RGB and two more samples': async () =>
    tiffFile({ ...plain, channels: 5, samples: samples(5), tags: { 338: [0, 0] } }),
  'TIFF, grey and two more samples': async () =>
    tiffFile({ ...plain, channels: 3, photometric: 1, samples: samples(3), tags: { 338: [0, 0] } }),
  'TIFF, CIE Lab': async () => tiffFile({ ...plain, photometric: 8, samples: samples(3) }),
  'TIFF, 32 bit floating point': async () =>
    tiffFile({ ...plain, bits: 32, samples: samples(3, 4), tags: { 339: [3, 3, 3] } }),
  'TIFF, 32 bit whole numbers': async () => tiffFile({ ...plain, bits: 32, samples: samples(3, 4) }),
  'TIFF, CMYK 16 bit': async () =>
    tiffFile({ ...plain, bits: 16, channels: 4, photometric: 5, samples: samples(4, 2) }),
};

export const tiffKinds: Kinds = {
  'grey 8 bit': () => tiff(1, 8, 'lzw'),
  'grey 16 bit': () => tiff(1, 16, 'lzw'),
  'grey and alpha 8 bit': () => tiff(2, 8, 'lzw'),
  'RGB 8 bit, not compressed': () => tiff(3, 8, 'none'),
  'RGB 8 bit, LZW': () => tiff(3, 8, 'lzw'),
  'RGB 8 bit, Deflate': () => tiff(3, 8, 'deflate'),
  'RGB 8 bit, PackBits': () => tiff(3, 8, 'packbits'),
  'RGB 8 bit, JPEG inside': () => pipeline(3).tiff({ compression: 'jpeg' }).toBuffer(),
  'RGB 16 bit': () => tiff(3, 16, 'lzw'),
  'RGBA 8 bit': () => tiff(4, 8, 'lzw'),
  'RGBA 16 bit': () => tiff(4, 16, 'deflate'),
  'grey 1 bit': () => pipeline(1).threshold().tiff({ bitdepth: 1, compression: 'ccittfax4' }).toBuffer(),
  'Display P3, XMP, density, orientation 6': () =>
    dressed(pipeline(3))
      .withMetadata({ density: 240, orientation: 6 })
      .tiff({ xres: 9.44, yres: 9.44, compression: 'lzw' })
      .toBuffer(),
  'AdobeRGB 16 bit': () =>
    withProfile(
      (path) => pipeline(3, 16).withIccProfile(path).tiff({ compression: 'lzw' }).toBuffer(),
      matrixProfile('adobeRgb'),
    ),
  'CMYK with a profile': () => pipeline(3).withIccProfile('cmyk').tiff({ compression: 'lzw' }).toBuffer(),
  'CMYK without a profile': () =>
    pipeline(3).toColourspace('cmyk').tiff({ compression: 'deflate' }).toBuffer(),
  ...handmade,
};
