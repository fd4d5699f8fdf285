import { crc32 } from 'node:zlib';
import { marker } from '../jpeg/segments.ts';
import { withoutThumbnail } from '../jpeg/thumbnails.ts';
import { sharp } from './loaders.ts';

/**
 * Takes the thumbnail out of the EXIF block of a PNG or WebP: it still shows what was edited away. The second
 * directory is unlinked and wiped in place, so no other byte moves; a PNG's checksum is renewed.
 *
 * @returns the same bytes when there is no thumbnail.
 */
export async function withoutExifThumbnail(bytes: Buffer): Promise<Buffer> {
  const { exif, format } = await sharp(bytes, { limitInputPixels: false }).metadata();
  if (exif === undefined) return bytes;
  // sharp gives the block as the file holds it: with the six bytes that introduce it in JPEG, or without.
  const block = exif.subarray(exif.indexOf(introduction) === 0 ? introduction.length : 0);
  const payload = Buffer.concat([introduction, block]);
  const bare = withoutThumbnail({ marker: marker.app1, payload, sourceOffset: undefined })?.payload;
  const at = bytes.indexOf(block);
  if (bare === undefined || Buffer.compare(bare, payload) === 0 || at < 0) return bytes;
  const out = Buffer.from(bytes);
  out.set(bare.subarray(introduction.length), at);
  // A PNG chunk: length, type, data, then the checksum of type and data.
  if (format === 'png') out.writeUInt32BE(crc32(out.subarray(at - 4, at + block.length)), at + block.length);
  return out;
}

const introduction = Buffer.from('Exif\0\0', 'latin1');
