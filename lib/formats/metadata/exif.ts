import { numberAt, openTiff, readDirectory } from './directory.ts';

/** Introduces the EXIF block in JPEG, and by habit in other formats. */
const introduction = Buffer.from('Exif\0\0', 'latin1');

/** The EXIF block without its introduction: a TIFF structure. */
export const exifBlock = (exif: Uint8Array): Uint8Array =>
  introduction.equals(exif.subarray(0, introduction.length)) ? exif.subarray(introduction.length) : exif;

/** Offset and length of a thumbnail: as JPEG, and as one strip of samples. @see Exif 2.32, 4.6.2. */
const thumbnailTags = [
  [0x0201, 0x0202],
  [0x0111, 0x0117],
] as const;

/**
 * Unlinks the second directory of an EXIF block, and wipes the directory and its thumbnail with zeros. Length
 * and offsets stay, so every other tag, maker notes included, keeps its bytes and its place.
 *
 * @param exif with or without its introduction; it is not changed.
 * @returns a block of the same length, or `undefined` when there is no second directory.
 * @see Exif 2.32, 4.5.6.
 */
export function exifWithoutThumbnail(exif: Uint8Array): Uint8Array | undefined {
  // Not `slice`: a Buffer would share its memory with the copy.
  const copy = new Uint8Array(exif);
  const block = copy.subarray(exif.length - exifBlock(exif).length);
  const opened = openTiff(block);
  if (opened === undefined || opened.directory.next === 0) return undefined;
  const { tiff, directory: first } = opened;
  tiff.view.setUint32(first.nextAt, 0, tiff.isLittle);
  const second = readDirectory(tiff, first.next);
  if (second === undefined || second.offset < first.end) return copy;
  const numbers = thumbnailTags.map(([offset, length]) => [
    numberAt(tiff, second, offset),
    numberAt(tiff, second, length),
  ]);
  for (const [offset, length] of [...numbers, [second.offset, second.end - second.offset]]) {
    // A thumbnail over the first directory is a fault of the file. Unlinking it is enough.
    if (offset === undefined || length === undefined || offset < first.end) continue;
    block.fill(0, Math.min(offset, block.length), Math.min(offset + length, block.length));
  }
  return copy;
}
