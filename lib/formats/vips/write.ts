import { crc32 } from 'node:zlib';
import type { Raw, Sharp } from 'sharp';
import { storedBox, toStored } from '../../pixels/orientation.ts';
import type { Box, Raster } from '../../pixels/raster.ts';
import { exifBlock, exifWithoutThumbnail } from '../metadata/exif.ts';
import type { Header } from './header.ts';
import { sharp } from './loaders.ts';
import { inOwnSpace, photoInput, refusedDamage, type Source, undecodable } from './read.ts';
import { decoded } from './samples.ts';
import { type PlacedRaster, sparseCmyk } from './sparse-cmyk.ts';

/** New pixels for one box of a picture: displayed orientation, the picture's own space and depth. */
export interface Patch {
  readonly box: Box;
  readonly original: Raster;
  readonly edited: Raster;
}

/** An output format of sharp and its settings. */
export interface Encoder {
  readonly format: Parameters<Sharp['toFormat']>[0];
  readonly options: NonNullable<Parameters<Sharp['toFormat']>[1]>;
}

interface WriteOptions {
  readonly encoder: Encoder;
  /** What libvips copies of the metadata, with another XMP packet if one is given; or none at all. */
  readonly metadata?: 'none' | { readonly xmp?: string | undefined };
}

/**
 * Encodes the source with its patches applied, in the source's own space, depth and profile.
 *
 * `output = source XOR sparse`, where `sparse` is `original XOR edited` inside the patches and 0 elsewhere.
 * libvips streams it, any alpha stays as it was (its compositing would wipe colours under alpha 0), and where
 * nothing changed the XOR with 0 is exact by construction.
 */
export async function writePatched(
  source: Source,
  patches: readonly Patch[],
  { encoder, metadata = {} }: WriteOptions,
): Promise<Buffer> {
  const { bytes, header } = source;
  const sparse = await sparsePicture(header, patches);
  const isBare = metadata === 'none';
  const pipeline = sharp(bytes, { ...photoInput(header.format), ignoreIcc: isBare });
  if (!isBare) pipeline.keepMetadata();
  if (!isBare && metadata.xmp !== undefined) pipeline.withXmp(metadata.xmp);
  return inOwnSpace(pipeline, header)
    .boolean(sparse, 'eor')
    .toFormat(encoder.format, encoder.options)
    .toBuffer()
    .catch((cause: Error) => {
      // Only now is a PNG read to the checksum at its end.
      throw /read error|^timeout/.test(cause.message) ? undecodable(header, cause) : cause;
    });
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

/** `original XOR edited` of a patch, in stored orientation. */
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

/** XORs two pictures of one size and ORs the channels: H x W x 1, at the depth of the pictures; 0 = equal. */
export async function differenceMap(before: Source, after: Uint8Array): Promise<Raster> {
  const { header } = before;
  const operand = Buffer.from(after.buffer, after.byteOffset, after.length);
  // The types of sharp know one of the options that it reads: the warnings of an input are those of its
  // output.
  const operandOptions = { failOn: refusedDamage(header.format) } as unknown as { raw: Raw };
  const pipeline = sharp(before.bytes, { ...photoInput(header.format), ignoreIcc: true })
    .pipelineColourspace(header.space)
    .boolean(operand, 'eor', operandOptions)
    .bandbool('or')
    .toColourspace('b-w');
  return decoded(pipeline, header.depth);
}

/**
 * Wipes the EXIF thumbnail of a file of any format: it may show what was removed. No other byte moves, and a
 * PNG gets a new checksum.
 *
 * @returns the same buffer when there is no thumbnail.
 */
export async function withoutExifThumbnail(bytes: Buffer): Promise<Buffer> {
  const { exif, format } = await sharp(bytes, { limitInputPixels: false }).metadata();
  const block = exif && exifBlock(exif);
  const bare = block && exifWithoutThumbnail(block);
  const at = block === undefined ? -1 : bytes.indexOf(block);
  if (bare === undefined || at < 0) return bytes;
  const out = Buffer.from(bytes);
  out.set(bare, at);
  // A PNG chunk: length, name, data, then the checksum of name and data.
  if (format === 'png') out.writeUInt32BE(crc32(out.subarray(at - 4, at + bare.length)), at + bare.length);
  return out;
}
