import { availableParallelism } from 'node:os';
import sharp from 'sharp';

/** The decoders that are open for everybody, by format name. */
const bufferLoaders: Readonly<Record<string, string>> = {
  jpeg: 'VipsForeignLoadJpegBuffer',
  png: 'VipsForeignLoadPngBuffer',
  webp: 'VipsForeignLoadWebpBuffer',
  tiff: 'VipsForeignLoadTiffBuffer',
};

/** True for the name of a format whose decoder is open for everybody. */
export const isOffered = (name: string): boolean => Object.hasOwn(bufferLoaders, name);

/**
 * sharp with the decoders that this project offers, and no others.
 *
 * libvips opens every format it was built with, such as SVG and HEIF. So all loaders are blocked, and the
 * buffer loaders of the offered formats are opened again. This holds for the whole process and must happen
 * before the first decode, hence at import.
 *
 * @see https://sharp.pixelplumbing.com/api-utility/#block
 */
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: Object.values(bufferLoaders) });
// A picture is opened a few times in one edit and never again: a cache would only hold memory.
sharp.cache(false);
// With glibc sharp uses one thread, against fragmentation. Two decoders of one pipeline would wait for each
// other.
sharp.concurrency(Math.min(2, availableParallelism()));

/** Opens the AVIF decoder, when the configuration asks for it: a large library, and slow to write. */
export function openAvif(): void {
  sharp.unblock({ operation: ['VipsForeignLoadHeifBuffer'] });
}

export { sharp };
