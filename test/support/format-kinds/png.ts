import { deflateSync } from 'node:zlib';
import { exifWithThumbnail } from '../exif-files.ts';
import { greyProfile, matrixProfile } from '../icc-profiles.ts';
import { type Chunk, lowDepthPng, withChunks } from '../png-files.ts';
import { dressed, type Kinds, kindSize, pipeline } from './pictures.ts';

const png = (channels: 1 | 2 | 3 | 4, depth: 8 | 16 = 8) => pipeline(channels, depth).png().toBuffer();

const words = (type: string, text: string): Chunk => [type, Buffer.from(text, 'latin1')];
const iccp = (profile: Buffer): Chunk => [
  'iCCP',
  Buffer.concat([Buffer.from('test\0\0'), deflateSync(profile)]),
];

/** One chunk of every ancillary kind. */
const manyChunks = async () =>
  withChunks(
    await png(3),
    [
      ['gAMA', Buffer.from([0, 0, 0xb1, 0x8f])],
      ['cHRM', Buffer.from('00007a26000080840000fa00000080e8000075300000ea6000003a9800001770', 'hex')],
      ['sBIT', Buffer.from([8, 8, 8])],
      ['bKGD', Buffer.from([0, 1, 0, 2, 0, 3])],
      ['pHYs', Buffer.from([0, 0, 0x24, 0xe8, 0, 0, 0x24, 0xe9, 1])],
      ['oFFs', Buffer.from([0, 0, 0, 1, 0, 0, 0, 2, 0])],
      words('tEXt', 'Title\0a test'),
      ['zTXt', Buffer.concat([Buffer.from('Comment\0\0'), deflateSync('compressed')])],
      words('iTXt', 'Description\0\0\0en\0\0words'),
      words('prVt', 'private and safe'),
    ],
    [words('tEXt', 'Author\0behind the pixels')],
  );

const stalePng = async () =>
  withChunks(await png(3), [
    words('caBX', 'a manifest'),
    ['tIME', Buffer.from([7, 0xea, 1, 1, 0, 0, 0])],
    words('iDOT', 'offsets'),
    ['eXIf', exifWithThumbnail()],
    words('tEXt', 'Raw profile type exif\0\nexif\n 4\n45786966'),
  ]);

export const pngKinds: Kinds = {
  'grey 8 bit': () => png(1),
  'grey 16 bit': () => png(1, 16),
  'grey 1 bit': async () => lowDepthPng({ ...kindSize, depth: 1, kind: 'grey' }),
  'grey 2 bit': async () => lowDepthPng({ ...kindSize, depth: 2, kind: 'grey' }),
  'grey 4 bit': async () => lowDepthPng({ ...kindSize, depth: 4, kind: 'grey' }),
  'grey and alpha 8 bit': () => png(2),
  'grey and alpha 16 bit': () => png(2, 16),
  'RGB 8 bit': () => png(3),
  'RGB 16 bit': () => png(3, 16),
  'RGBA 8 bit': () => png(4),
  'RGBA 16 bit': () => png(4, 16),
  'RGB with a transparent colour': async () =>
    withChunks(await png(3), [['tRNS', Buffer.from([0, 128, 0, 128, 0, 128])]]),
  'palette 1 bit': async () => lowDepthPng({ ...kindSize, depth: 1, kind: 'palette' }),
  'palette 4 bit': async () => lowDepthPng({ ...kindSize, depth: 4, kind: 'palette' }),
  'palette 8 bit': () => pipeline(3).png({ palette: true, colours: 200 }).toBuffer(),
  'palette 8 bit with alpha': () => pipeline(4).png({ palette: true, colours: 200 }).toBuffer(),
  interlaced: () => pipeline(3).png({ progressive: true }).toBuffer(),
  'interlaced RGBA 16 bit': () => pipeline(4, 16).png({ progressive: true }).toBuffer(),
  'Display P3, EXIF, XMP, density': () => dressed(pipeline(3)).png().toBuffer(),
  AdobeRGB: async () => withChunks(await png(3), [iccp(matrixProfile('adobeRgb'))]),
  'ProPhoto 16 bit': async () => withChunks(await png(3, 16), [iccp(matrixProfile('proPhoto'))]),
  'ProPhoto RGBA 16 bit': async () => withChunks(await png(4, 16), [iccp(matrixProfile('proPhoto'))]),
  'grey gamma 2.2 profile': async () => withChunks(await png(1), [iccp(greyProfile(2.2))]),
  'grey gamma 1.8 profile 16 bit': async () => withChunks(await png(1, 16), [iccp(greyProfile(1.8))]),
  'ancillary chunks of every kind': manyChunks,
  'chunks that an edit makes untrue': stalePng,
};
