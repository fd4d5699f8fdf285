import { readWebpChunks, webpFile } from '../../../lib/formats/webp/chunks.ts';
import { exifWithThumbnail } from '../exif-files.ts';
import { dressed, type Kinds, pipeline } from './pictures.ts';

export const webpKinds: Kinds = {
  'lossless RGB': () => pipeline(3).webp({ lossless: true }).toBuffer(),
  'lossless RGBA': () => pipeline(4).webp({ lossless: true, exact: true }).toBuffer(),
  'lossy RGB': () => pipeline(3).webp({ quality: 60 }).toBuffer(),
  'lossy RGBA': () => pipeline(4).webp({ quality: 60 }).toBuffer(),
  'Display P3, EXIF, XMP': () => dressed(pipeline(3)).webp({ lossless: true }).toBuffer(),
  'chunks that an edit makes untrue': async () => {
    const { chunks } = readWebpChunks(await dressed(pipeline(3)).webp({ lossless: true }).toBuffer());
    return webpFile([
      ...chunks.filter(({ name }) => name !== 'EXIF'),
      { name: 'EXIF', data: exifWithThumbnail() },
      { name: 'C2PA', data: Buffer.from('a manifest') },
      { name: 'priv', data: Buffer.from('odd') },
    ]);
  },
};
