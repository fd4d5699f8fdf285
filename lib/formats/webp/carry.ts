import { EditError } from '../../errors.ts';
import type { Size } from '../../pixels/raster.ts';
import type { Carried, CarryJob } from '../container.ts';
import { exifWithoutThumbnail } from '../metadata/exif.ts';
import { readWebpChunks, type WebpChunk, webpFile } from './chunks.ts';

const known: ReadonlySet<string> = new Set(['VP8X', 'VP8 ', 'VP8L', 'ALPH', 'ICCP', 'EXIF', 'XMP ']);
const staleNames: Readonly<Record<string, string>> = { C2PA: 'c2pa' };

/**
 * A lossless WebP with profile, EXIF and XMP of the one it was made from, byte for byte but for the thumbnail: libvips writes
 * EXIF anew.
 *
 * @param job `written` is lossless and of the size of the source.
 * @throws {EditError} as `readWebpChunks`.
 */
export function carryWebpChunks({ source, written, xmp }: CarryJob): Carried {
  const { chunks: before, trailerBytes } = readWebpChunks(source);
  const pixels = readWebpChunks(written).chunks.find(({ type }) => type === 'VP8L');
  if (pixels === undefined) throw new EditError('INTERNAL', 'Expected a lossless WebP, got none');
  const dropped = before
    .filter(({ type }) => !known.has(type))
    .map(({ type }) => staleNames[type] ?? `${type.trim()} (WebP chunk)`);
  if (trailerBytes > 0) dropped.push('bytes behind the end of the WebP');
  // Only the first of each counts.
  const first = (type: string) => before.find((chunk) => chunk.type === type);
  const icc = first('ICCP');
  const exif = first('EXIF');
  const bare = exif && exifWithoutThumbnail(exif.data);
  if (bare !== undefined) dropped.push('thumbnail');
  const parts = {
    icc,
    exif: bare === undefined ? exif : { type: 'EXIF', data: bare },
    xmp: xmp === undefined ? first('XMP ') : { type: 'XMP ', data: Buffer.from(xmp) },
  };
  const wasLossy = before.some(({ type }) => type === 'VP8 ');
  return {
    bytes: webpOf(pixels, parts),
    dropped: [...new Set(dropped)],
    notes: wasLossy
      ? ['A lossy WebP became a lossless one: no second generation is lost, the file is larger.']
      : [],
  };
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
  return { type: 'VP8X', data };
}

/** After a signature byte: 14 bits of width - 1, 14 of height - 1, then one that says whether alpha is used. @see RFC 9649, 3.4. */
function vp8lHeader({ data }: WebpChunk): { readonly size: Size; readonly usesAlpha: boolean } {
  const bits = Buffer.from(data.subarray(1, 5)).readUInt32LE();
  const size = { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  return { size, usesAlpha: (bits & 0x10000000) !== 0 };
}
