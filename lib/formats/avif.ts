import { EditError } from '../errors.ts';
import { foreignColours, isAvif, otherItems } from './avif/boxes.ts';
import type { Format } from './format.ts';
import { type LosslessWriter, patchLossless } from './lossless.ts';
import { proveLossless } from './proof.ts';

const writer: LosslessWriter = {
  name: 'avif',
  // Lossless is 4:4:4 with the identity matrix: exact. More effort takes 3 x the time and saves nothing.
  encoder: () => ({ format: 'avif', options: { lossless: true, effort: 0 } }),
  metadataRoute: (source) => ({ copied: { dropped: otherItems(source), notes: [writtenAnew] } }),
};

const writtenAnew =
  'An AVIF was written anew without loss, upright and with its EXIF sorted: decoded values are the same, the file is larger.';

export const avif: Format = {
  name: writer.name,
  mediaType: 'image/avif',
  extension: 'avif',
  isSignature: isAvif,
  inspect: (bytes) => {
    const foreign = foreignColours(bytes);
    if (foreign === undefined) return;
    throw new EditError('KIND_UNSUPPORTED', `Expected an AVIF of sRGB or with a profile, got ${foreign}`);
  },
  reachPx: 0,
  patch: (job) => patchLossless(writer, job),
  prove: proveLossless,
};
