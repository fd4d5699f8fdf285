import { dressed, type Kinds, pipeline } from './pictures.ts';

const avif = (channels: 1 | 3 | 4) => pipeline(channels).avif({ quality: 70, effort: 0 }).toBuffer();

/** Primaries and transfer characteristics of BT.2020 and PQ. */
async function highDynamicRange(): Promise<Buffer> {
  const file = await pipeline(3).avif({ lossless: true, effort: 0 }).toBuffer();
  file.writeUInt16BE(9, file.indexOf('colrnclx') + 8);
  file.writeUInt16BE(16, file.indexOf('colrnclx') + 10);
  return file;
}

export const avifKinds: Kinds = {
  RGB: () => avif(3),
  RGBA: () => avif(4),
  grey: () => avif(1),
  'Display P3, EXIF, XMP, orientation 6': () =>
    dressed(pipeline(3)).withMetadata({ orientation: 6 }).avif({ quality: 70, effort: 0 }).toBuffer(),
  '10 bit': () => pipeline(3, 16).avif({ bitdepth: 10, effort: 0 }).toBuffer(),
  'BT.2020 and PQ without a profile': highDynamicRange,
};
