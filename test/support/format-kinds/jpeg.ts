import type { Sharp } from 'sharp';
import { exifWithThumbnail } from '../exif-files.ts';
import { matrixProfile } from '../icc-profiles.ts';
import { jpegFixture } from '../jpeg-fixtures.ts';
import { segment, withSegments } from '../jpeg-segments.ts';
import { lateTablesJpeg } from '../late-tables.ts';
import { dressed, jpegSize, type Kinds, pipeline, withProfile } from './pictures.ts';

const picture = (channels: 1 | 3) => pipeline(channels, 8, jpegSize);
const jpeg = (options = {}) =>
  picture(3)
    .jpeg({ quality: 88, ...options })
    .toBuffer();

/** Metadata of cameras and editors. */
const described = async () =>
  withSegments(await jpeg(), [
    segment(0xed, 'Photoshop 3.0\0' + '8BIM\x04\x04\0\0\0\0\0\x0a\x1c\x02\x78\0\x05hello'),
    segment(0xe2, 'FPXR\0of some camera'),
    segment(0xfe, 'a comment'),
  ]);

const gainMapXmp =
  '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
  '<rdf:Description xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"/></rdf:RDF></x:xmpmeta>';

const staleJpeg = async () =>
  withSegments(await jpeg(), [
    segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0'), exifWithThumbnail()])),
    segment(0xe1, `http://ns.adobe.com/xap/1.0/\0${gainMapXmp}`),
    segment(0xe2, 'MPF\0II*\0\x08\0\0\0\0\0\0\0\0\0'),
    segment(0xe2, 'urn:iso:std:iso:ts:21496:-1\0map'),
    segment(0xeb, 'JP\0\x01\0\0\0\x01\0\0\0\x14jumb a manifest'),
  ]);

const extension = (data: string) =>
  `http://ns.adobe.com/xmp/extension/\0${'0'.repeat(32)}${'\0'.repeat(8)}${data}`;

const motionPhoto = async () =>
  withSegments(
    await jpeg(),
    [
      segment(
        0xe1,
        `http://ns.adobe.com/xap/1.0/\0${gainMapXmp.replace('hdrgm:Version', 'GCamera:MotionPhoto')}`,
      ),
      segment(0xe1, extension('<x GIma')),
      segment(0xe1, extension('ge:Data="of the original"/>')),
    ],
    '\0\0\0\x18ftypmp42 a film',
  );

/** Says 12 bit in its frame header. */
const twelveBit = async () => {
  const file = await jpeg();
  const frame = file.indexOf(Buffer.from([0xff, 0xc0]));
  file[frame + 4] = 12;
  return file;
};

export const refusedJpegs: Kinds = {
  'JPEG, 12 bit': twelveBit,
};

export const jpegKinds: Kinds = {
  '4:4:4': () => jpeg({ chromaSubsampling: '4:4:4' }),
  '4:2:2': async () => jpegFixture('halfAcross'),
  '4:2:0': () => jpeg(),
  grey: () => picture(1).jpeg({ quality: 88 }).toBuffer(),
  RGB: async () => jpegFixture('rgb'),
  progressive: () => jpeg({ progressive: true }),
  'restart markers': async () => jpegFixture('restartMarkers'),
  'Display P3, EXIF, XMP, density': () => dressed(picture(3)).jpeg({ quality: 88 }).toBuffer(),
  AdobeRGB: () =>
    withProfile((path) => picture(3).withIccProfile(path).jpeg().toBuffer(), matrixProfile('adobeRgb')),
  'IPTC, comment, a segment of a camera': described,
  'motion photo with its original in extended XMP': motionPhoto,
  'bytes of a camera behind the end': async () => withSegments(await jpeg(), [], 'SEFT'),
  'thumbnail, gain map, MPF, C2PA': staleJpeg,
  CMYK: () => picture(3).withIccProfile('cmyk').jpeg({ quality: 88 }).toBuffer(),
  'CMYK progressive': () =>
    picture(3).withIccProfile('cmyk').jpeg({ quality: 88, progressive: true }).toBuffer(),
  'arithmetic coding': async () => jpegFixture('arithmetic'),
  'tables between scans': async () => lateTablesJpeg(await rasterOf(picture(3))),
};

async function rasterOf(picture: Sharp) {
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: 3, data: Uint8Array.from(data) };
}
