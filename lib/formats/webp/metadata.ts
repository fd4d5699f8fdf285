import { EditError } from '../../errors.ts';
import type { Size } from '../../pixels/raster.ts';
import { type Carried, type CarryJob, type Fate, siftChunks } from '../container.ts';
import { exifWithoutThumbnail } from '../metadata/exif.ts';
import { readWebpChunks, type WebpChunk, webpFile } from './chunks.ts';

const pixelChunks: ReadonlySet<string> = new Set(['VP8X', 'VP8 ', 'VP8L', 'ALPH']);
const metadataChunks: ReadonlySet<string> = new Set(['ICCP', 'EXIF', 'XMP ']);
const staleNames: Readonly<Record<string, string>> = { C2PA: 'c2pa' };

/**
 * Gives a lossless WebP the profile, EXIF and XMP of its source, byte for byte but for the EXIF thumbnail.
 * libvips would write the EXIF anew.
 *
 * @param job `written` is lossless and of the size of the source.
 * @throws {EditError} as `readWebpChunks`.
 */
export function carryWebpChunks({ source, written, xmp }: CarryJob): Carried {
  const { chunks: before, trailerBytes } = readWebpChunks(source);
  const pixels = readWebpChunks(written).chunks.find(({ name }) => name === 'VP8L');
  if (pixels === undefined) throw new EditError('INTERNAL', 'Expected a lossless WebP, got none');
  const dropped = new Set<string>();
  const kept = siftChunks(before, fateOf, dropped);
  if (trailerBytes > 0) dropped.add('bytes behind the end of the WebP');
  // Only the first chunk of each name counts.
  const first = (name: string) => kept.find((chunk) => chunk.name === name);
  const bare = exifWithoutThumbnail(first('EXIF')?.data ?? new Uint8Array());
  if (bare !== undefined) dropped.add('thumbnail');
  const parts = {
    icc: first('ICCP'),
    exif: bare === undefined ? first('EXIF') : { name: 'EXIF', data: bare },
    xmp: xmp === undefined ? first('XMP ') : { name: 'XMP ', data: Buffer.from(xmp) },
  };
  const wasLossy = before.some(({ name }) => name === 'VP8 ');
  return {
    bytes: webpOf(pixels, parts),
    dropped: [...dropped],
    notes: wasLossy
      ? ['A lossy WebP became a lossless one: no second generation is lost, the file is larger.']
      : [],
  };
}

function fateOf(chunk: WebpChunk): Fate<WebpChunk> {
  const { name } = chunk;
  if (pixelChunks.has(name)) return { chunk: undefined };
  if (metadataChunks.has(name)) return { chunk };
  return { chunk: undefined, lost: staleNames[name] ?? `${name.trim()} (WebP chunk)` };
}

interface Parts {
  readonly icc: WebpChunk | undefined;
  readonly exif: WebpChunk | undefined;
  readonly xmp: WebpChunk | undefined;
}

function webpOf(pixels: WebpChunk, { icc, exif, xmp }: Parts): Buffer {
  const { size, usesAlpha } = vp8lHeader(pixels);
  const flags = (icc ? 0x20 : 0) | (usesAlpha ? 0x10 : 0) | (exif ? 0x08 : 0) | (xmp ? 0x04 : 0);
  const all = [vp8x(size, flags), icc, pixels, exif, xmp];
  return webpFile(all.filter((chunk) => chunk !== undefined));
}

/** @see RFC 9649, section 2.7, "Extended File Format". */
function vp8x({ width, height }: Size, flags: number): WebpChunk {
  const data = Buffer.alloc(10);
  data[0] = flags;
  data.writeUIntLE(width - 1, 4, 3);
  data.writeUIntLE(height - 1, 7, 3);
  return { name: 'VP8X', data };
}

/** Signature byte, then bits: 14 width - 1, 14 height - 1, 1 "alpha is used". @see RFC 9649, 3.4. */
function vp8lHeader({ data }: WebpChunk): { readonly size: Size; readonly usesAlpha: boolean } {
  const bits = Buffer.from(data.subarray(1, 5)).readUInt32LE();
  const size = { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  return { size, usesAlpha: (bits & 0x10000000) !== 0 };
}
