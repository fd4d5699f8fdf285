import { marker } from '../jpeg/container/segments.ts';
import { withoutThumbnail } from '../jpeg/container/thumbnails.ts';

/** Introduces the block in JPEG, and by habit elsewhere. */
const introduction = Buffer.from('Exif\0\0', 'latin1');

/** The block without the six bytes that introduce it in JPEG: a TIFF structure. */
export const exifBlock = (exif: Uint8Array): Uint8Array =>
  introduction.equals(exif.subarray(0, introduction.length)) ? exif.subarray(introduction.length) : exif;

/**
 * Unlinks the second directory of an EXIF block and wipes it in place with the thumbnail, so no other byte moves.
 *
 * @param exif with or without its introduction; left as it is.
 * @returns a block of the same length; `undefined` when there is no thumbnail.
 */
export function exifWithoutThumbnail(exif: Uint8Array): Uint8Array | undefined {
  const block = exifBlock(exif);
  const payload = Buffer.concat([introduction, block]);
  const bare = withoutThumbnail({ marker: marker.app1, payload, sourceOffset: undefined })?.payload;
  if (bare === undefined || payload.equals(bare)) return undefined;
  return bare.subarray(block.length === exif.length ? introduction.length : 0);
}
