import { EditError } from '../errors.ts';
import type { Format } from './format.ts';
import { type LosslessWriter, patchLossless } from './lossless.ts';
import { openTiff } from './metadata/directory.ts';
import { proveLossless } from './proof.ts';
import { isJpegInside, losslessCompression, undecodableCoding, unknownColours } from './tiff/kind.ts';
import { carryTiffTags } from './tiff/metadata.ts';
import { assertDecodes } from './vips/read.ts';

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
    if (colours !== undefined) {
      throw new EditError(
        'KIND_UNSUPPORTED',
        `Expected an RGB, grey or CMYK picture, got a TIFF of ${colours}`,
      );
    }
    const coding = undecodableCoding(bytes);
    if (coding === undefined) return;
    throw new EditError(
      'KIND_UNSUPPORTED',
      `Expected a TIFF that is plain or compressed by LZW, Deflate or JPEG, got ${coding}: save it as one of these`,
    );
  },
  check: async (photo) => {
    const isPlain = await assertDecodes(photo, 'warning').then(
      () => true,
      () => false,
    );
    // sharp gives no words to one picture: its warnings are one queue for the whole process.
    if (isPlain) return { notes: [] };
    await assertDecodes(photo, 'error');
    return { notes: ['Decoders warn of this TIFF, and read it all the same.'] };
  },
  isLossyMask: isJpegInside,
  reachPx: 0,
  patch: (job) => patchLossless(writer, job),
  prove: proveLossless,
};
