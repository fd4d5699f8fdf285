import type { Format } from './format.ts';
import { type LosslessWriter, patchLossless } from './lossless.ts';
import { proveLossless } from './proof.ts';
import { isLossyWebp, isWebp, readWebpChunks } from './webp/chunks.ts';
import { carryWebpChunks } from './webp/metadata.ts';

const writer: LosslessWriter = {
  name: 'webp',
  // `exact` keeps the colours under alpha 0.
  encoder: () => ({ format: 'webp', options: { lossless: true, exact: true, effort: 2 } }),
  metadataRoute: () => ({ carry: carryWebpChunks }),
};

export const webp: Format = {
  name: writer.name,
  mediaType: 'image/webp',
  extension: 'webp',
  isSignature: isWebp,
  inspect: readWebpChunks,
  // The alpha of a lossy WebP is in a lossless chunk of its own.
  isLossyMask: (bytes, carrier) => carrier === 'luma' && isLossyWebp(bytes),
  refusal: ({ space, depth }) => {
    if (space === 'cmyk') return 'Expected an RGB or grey picture for outputFormat webp, got CMYK';
    return depth === 16 ? 'Expected a picture of 8 bit for outputFormat webp, got 16 bit' : undefined;
  },
  reachPx: 0,
  patch: (job) => patchLossless(writer, job),
  prove: proveLossless,
};
