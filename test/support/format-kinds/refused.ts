import { sharp } from '../../../lib/formats/vips/loaders.ts';
import { withChunks } from '../png-files.ts';
import { type Kinds, pipeline } from './pictures.ts';

const twoFrames = async () => [
  await pipeline(3).png().toBuffer(),
  await pipeline(3).negate().png().toBuffer(),
];

export const refusedKinds: Kinds = {
  'TIFF of two pages': async () =>
    sharp(await twoFrames(), { join: { animated: true } })
      .tiff()
      .toBuffer(),
  'animated WebP': async () =>
    sharp(await twoFrames(), { join: { animated: true } })
      .webp()
      .toBuffer(),
  'animated PNG': async () =>
    withChunks(await pipeline(3).png().toBuffer(), [['acTL', Buffer.from([0, 0, 0, 2, 0, 0, 0, 0])]]),
  AVIF: () => pipeline(3).avif({ effort: 0 }).toBuffer(),
  HEIC: async () => Buffer.from('\0\0\0\x20ftypheic\0\0\0\0mif1heic', 'latin1'),
  GIF: () => pipeline(3).gif().toBuffer(),
  SVG: async () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="80" height="64"/>'),
};
