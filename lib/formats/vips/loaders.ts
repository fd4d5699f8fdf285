import { availableParallelism } from 'node:os';
import sharp from 'sharp';

/**
 * sharp with only the decoders this project offers.
 *
 * libvips opens everything it was built with, SVG and HEIF among them: every loader is blocked, then the
 * buffer loaders of the offered formats are opened again. This is process-wide and must come before the
 * first decode, hence at import.
 *
 * @see https://sharp.pixelplumbing.com/api-utility/#block
 */
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: [
    'VipsForeignLoadJpegBuffer',
    'VipsForeignLoadPngBuffer',
    'VipsForeignLoadWebpBuffer',
    'VipsForeignLoadTiffBuffer',
  ],
});
// Every picture is opened a handful of times in one edit and never again: a cache would only hold memory.
sharp.cache(false);
// sharp takes one thread with glibc's allocator, against fragmentation: two decoders of one pipeline then wait for each other.
sharp.concurrency(Math.min(2, availableParallelism()));

/** For those who ask for it by configuration: AV1 is decoded by a large library, and pictures take long to be written. */
export function openAvif(): void {
  sharp.unblock({ operation: ['VipsForeignLoadHeifBuffer'] });
}

export { sharp };
