import type { Sharp } from 'sharp';
import { storedBox, toStored } from '../../pixels/orientation.ts';
import type { Box, Raster } from '../../pixels/raster.ts';
import { losslessCompression } from '../tiff/kind.ts';
import { decoded } from './decoded.ts';
import type { Header } from './header.ts';
import { sharp } from './loaders.ts';
import { inOwnSpace, type Source } from './read.ts';
import { type PlacedRaster, sparseCmyk } from './sparse-cmyk.ts';

/** New pixels for one box of a picture, in displayed orientation and the picture's own space and depth. */
export interface Patch {
  readonly box: Box;
  readonly original: Raster;
  readonly edited: Raster;
}

/** How an output is encoded where it is not the source's own way. */
export interface Encoding {
  readonly format: Header['format'];
  /** 1..100, for JPEG. */
  readonly quality?: number;
}

interface WriteOptions {
  /** `undefined`: the source's own. */
  readonly encoding?: Encoding | undefined;
  /** The source's as far as libvips carries them over, with another XMP packet if one is given; or none at all. */
  readonly metadata?: 'none' | { readonly xmp?: string | undefined };
}

/**
 * Encodes the source with its patches applied, in the source's own format, space, depth and profile.
 *
 * `output = source XOR sparse`, where `sparse` is `original XOR edited` inside the patches and 0 elsewhere.
 * libvips streams it, any alpha stays as it was (its compositing would wipe colours under alpha 0), and where
 * nothing changed the XOR with 0 is exact by construction.
 */
export async function writePatched(
  source: Source,
  patches: readonly Patch[],
  { encoding = source.header, metadata = {} }: WriteOptions = {},
): Promise<Buffer> {
  const { bytes, header } = source;
  const sparse = await sparsePicture(header, patches);
  const isBare = metadata === 'none';
  const pipeline = sharp(bytes, { limitInputPixels: false, sequentialRead: true, ignoreIcc: isBare });
  if (!isBare) pipeline.keepMetadata();
  if (!isBare && metadata.xmp !== undefined) pipeline.withXmp(metadata.xmp);
  return encoded(inOwnSpace(pipeline, header).boolean(sparse, 'eor'), source, encoding).toBuffer();
}

async function sparsePicture(header: Header, patches: readonly Patch[]): Promise<Buffer> {
  if (header.space === 'cmyk')
    return sparseCmyk(
      header.stored,
      patches.map((patch) => difference(header, patch)),
    );
  let sparse: Buffer | undefined;
  for (const patch of patches) {
    const layer = inOwnSpace(await sparseLayer(header, patch), header);
    sparse = await (sparse === undefined ? layer : layer.boolean(sparse, 'eor'))
      .png({ compressionLevel: 1 })
      .toBuffer();
  }
  if (sparse === undefined) throw new RangeError('expected at least one patch');
  return sparse;
}

/** `original XOR edited` of a patch, as and where it is stored. */
function difference({ orientation, stored }: Header, { box, original, edited }: Patch): PlacedRaster {
  return { box: storedBox(box, orientation, stored), raster: toStored(xor(original, edited), orientation) };
}

async function sparseLayer(header: Header, patch: Patch): Promise<Sharp> {
  const { box: stored, raster } = difference(header, patch);
  const { width, height, channels, data } = raster;
  const raw = { width, height, channels: channels as 1 | 2 | 3 | 4 };
  const small = await inOwnSpace(sharp(data, { raw }), header).png({ compressionLevel: 1 }).toBuffer();
  return sharp(small, { ignoreIcc: true }).extend({
    left: stored.left,
    top: stored.top,
    right: header.stored.width - stored.left - width,
    bottom: header.stored.height - stored.top - height,
    // An opaque background adds no alpha channel; a transparent one is all zeros, as XOR needs it.
    background: { r: 0, g: 0, b: 0, alpha: header.hasAlpha ? 0 : 1 },
  });
}

function xor(a: Raster, b: Raster): Raster {
  const out = a.data.slice();
  for (let i = 0; i < out.length; i++) out[i] = a.data[i]! ^ b.data[i]!;
  return { ...a, data: out };
}

/** Encoder settings, each measured or needed for exactness. */
function encoded(pipeline: Sharp, { bytes, header }: Source, { format, quality }: Encoding): Sharp {
  switch (format) {
    case 'jpeg':
      return pipeline.jpeg({
        quality: quality ?? reencodedJpegQuality,
        chromaSubsampling: header.chromaSubsampling === '4:2:0' ? '4:2:0' : '4:4:4',
        progressive: header.isProgressive,
        // Optimised tables cost 2.6 x the time and 5 x the memory at 102 MP, for 1 % of the bytes.
        optimiseCoding: false,
      });
    case 'png':
      // 44 % smaller than sharp's default in the same time.
      return pipeline.png({
        compressionLevel: 2,
        adaptiveFiltering: true,
        progressive: header.isProgressive,
      });
    case 'webp':
      // `exact` keeps the colours under alpha 0.
      return pipeline.webp({ lossless: true, exact: true, effort: 2 });
    case 'avif':
      // Lossless is 4:4:4 with the identity matrix: exact. More effort takes 3 x the time and saves nothing.
      return pipeline.avif({ lossless: true, effort: 0 });
    case 'tiff':
      return pipeline.tiff({ compression: losslessCompression(bytes) ?? 'lzw', predictor: 'horizontal' });
  }
}

/** High enough that a second generation is not seen; the report says that the pixels were re-encoded. */
const reencodedJpegQuality = 95;

/** H x W x 1, of the pictures' depth: the XOR of two pictures of one size, all channels OR-ed. 0 = equal. */
export async function differenceMap(before: Source, after: Uint8Array): Promise<Raster> {
  const { header } = before;
  const operand = Buffer.from(after.buffer, after.byteOffset, after.length);
  const pipeline = sharp(before.bytes, { limitInputPixels: false, ignoreIcc: true, sequentialRead: true })
    .pipelineColourspace(header.space)
    .boolean(operand, 'eor')
    .bandbool('or')
    .toColourspace('b-w');
  return decoded(pipeline, header.depth);
}
