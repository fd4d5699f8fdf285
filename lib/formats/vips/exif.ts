import { crc32 } from 'node:zlib';
import { exifBlock, exifWithoutThumbnail } from '../metadata/exif.ts';
import { sharp } from './loaders.ts';

/**
 * Takes the thumbnail out of the EXIF block of a file in any format: it still shows what was edited away. It is wiped in
 * place, so no other byte moves; a PNG's checksum is renewed.
 *
 * @returns the same bytes when there is no thumbnail.
 */
export async function withoutExifThumbnail(bytes: Buffer): Promise<Buffer> {
  const { exif, format } = await sharp(bytes, { limitInputPixels: false }).metadata();
  const bare = exif && exifWithoutThumbnail(exifBlock(exif));
  // sharp gives the block as the file holds it: with its introduction, or without.
  const at = exif === undefined ? -1 : bytes.indexOf(exifBlock(exif));
  if (bare === undefined || at < 0) return bytes;
  const out = Buffer.from(bytes);
  out.set(bare, at);
  // A PNG chunk: length, type, data, then the checksum of type and data.
  if (format === 'png') out.writeUInt32BE(crc32(out.subarray(at - 4, at + bare.length)), at + bare.length);
  return out;
}
