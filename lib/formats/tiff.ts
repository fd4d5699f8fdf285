import { EditError } from '../errors.ts';
import type { Format } from './format.ts';
import { type LosslessWriter, patchLossless } from './lossless.ts';
import { openTiff } from './metadata/directory.ts';
import { proveLossless } from './proof.ts';
import { isJpegInside, losslessCompression, unknownColours } from './tiff/kind.ts';
import { carryTiffTags } from './tiff/metadata.ts';

const writer: LosslessWriter = {
  name: 'tiff',
  encoder: ({ bytes }) => ({
    format: 'tiff',
    options: { compression: losslessCompression(bytes) ?? 'lzw', predictor: 'horizontal' },
  }),
  // Only libvips reads the 64 bit directories of a BigTIFF.
  metadataRoute: (source) =>
    openTiff(source) === undefined ? { copied: fromBigTiff } : { carry: carryTiffTags },
};

const fromBigTiff = { dropped: ['tags of a BigTIFF but profile, XMP and IPTC'], notes: [] };

export const tiff: Format = {
  name: writer.name,
  mediaType: 'image/tiff',
  extension: 'tiff',
  isSignature: (bytes) => ['II', 'MM'].includes(Buffer.from(bytes.subarray(0, 2)).toString('latin1')),
  inspect: (bytes) => {
    const colours = unknownColours(bytes);
    if (colours === undefined) return;
    throw new EditError(
      'KIND_UNSUPPORTED',
      `Expected an RGB, grey or CMYK picture, got a TIFF of ${colours}`,
    );
  },
  isLossyMask: isJpegInside,
  reachPx: 0,
  patch: (job) => patchLossless(writer, job),
  prove: proveLossless,
};
