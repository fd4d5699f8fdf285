import { availableParallelism } from 'node:os';
import vips, { type Sharp, type SharpInput, type SharpOptions } from 'sharp';
import { EditError } from '../../errors.ts';

/** The decoders that are open for everybody, by format name. */
const bufferLoaders: Readonly<Record<string, string>> = {
  jpeg: 'VipsForeignLoadJpegBuffer',
  png: 'VipsForeignLoadPngBuffer',
  webp: 'VipsForeignLoadWebpBuffer',
  tiff: 'VipsForeignLoadTiffBuffer',
};

/** Further decoders, for masks. */
const maskLoaders: Readonly<Record<string, string>> = { gif: 'VipsForeignLoadNsgifBuffer' };

/** True for the name of a format whose decoder is open for everybody. */
export const isOffered = (name: string, role: 'image' | 'mask'): boolean =>
  Object.hasOwn(bufferLoaders, name) || (role === 'mask' && Object.hasOwn(maskLoaders, name));

/**
 * Only the decoders that this project offers are open.
 *
 * libvips opens every format it was built with, such as SVG and HEIF. So all loaders are blocked, and the
 * buffer loaders of the offered formats are opened again. This holds for the whole process and must happen
 * before the first decode, hence at import.
 *
 * @see https://sharp.pixelplumbing.com/api-utility/#block
 */
vips.block({ operation: ['VipsForeignLoad'] });
vips.unblock({ operation: [...Object.values(bufferLoaders), ...Object.values(maskLoaders)] });
// A picture is opened a few times in one edit and never again: a cache would only hold memory.
vips.cache(false);
// With glibc sharp uses one thread, against fragmentation. Two decoders of one pipeline would wait for each
// other.
vips.concurrency(Math.min(2, availableParallelism()));

/** Opens the AVIF decoder, when the configuration asks for it: a large library, and slow to write. */
export function openAvif(): void {
  vips.unblock({ operation: ['VipsForeignLoadHeifBuffer'] });
}

/**
 * Nothing else ends a decoder that does not come to an end. A little less than an edit has by default
 * (`EDIT_DEADLINE_MS`): the caller is still answered.
 */
export const maxPipelineSeconds = 480;

/** sharp with the decoders above; every pipeline ends in time. */
export function sharp(
  input: SharpInput | SharpInput[] | SharpOptions | undefined,
  options?: SharpOptions,
): Sharp {
  return vips(input as SharpInput, options).timeout({ seconds: maxPipelineSeconds });
}

/** What a failed pipeline is: too slow, which may pass, or else what the caller says. */
export function lateOr(error: EditError): EditError {
  const { cause } = error;
  if (!(cause instanceof Error && cause.message.startsWith('timeout:'))) return error;
  const message = `Expected a picture to be decoded within ${maxPipelineSeconds} s, got none`;
  return new EditError('DEADLINE_EXCEEDED', message, { cause });
}
