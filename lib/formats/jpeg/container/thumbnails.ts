import {
  firstDirectory,
  openTiff,
  readDirectory,
  readNumber,
  type TiffDirectory,
} from '../../metadata/directory.ts';
import { withoutPhotoshopThumbnail } from '../../metadata/photoshop.ts';
import type { DraftSegment } from './header.ts';
import { marker, startsWith } from './segments.ts';

const exifHeader = 'Exif\0\0';

/** The segment without the small picture it carries; `undefined` drops it; the same object when it carries none. */
export function withoutThumbnail(segment: DraftSegment): DraftSegment | undefined {
  const { marker: code, payload } = segment;
  if (code === marker.app1 && startsWith(payload, 0, exifHeader)) return withoutExifThumbnail(segment);
  if (code === marker.app0 && startsWith(payload, 0, 'JFXX\0')) return undefined;
  if (code === marker.app0 && startsWith(payload, 0, 'JFIF\0')) return withoutJfifThumbnail(segment);
  if (code === marker.app0 + 13 && startsWith(payload, 0, photoshopHeader))
    return withoutPhotoshopPreview(segment);
  return segment;
}

/**
 * Unlinks the second directory and wipes it and its picture with zeros. Length and offsets stay, so every other tag, maker notes
 * included, keeps its bytes and its place.
 *
 * @see Exif 2.32, 4.5.6 and 4.6.2.
 */
function withoutExifThumbnail(segment: DraftSegment): DraftSegment {
  // Not `slice`: a Buffer would share its memory with the copy.
  const payload = new Uint8Array(segment.payload);
  const bytes = payload.subarray(exifHeader.length);
  const tiff = openTiff(bytes);
  const first = tiff && firstDirectory(tiff);
  if (!tiff || !first || first.next === 0) return segment;
  const second = readDirectory(tiff, first.next);
  tiff.view.setUint32(first.nextAt, 0, tiff.isLittle);
  if (second && second.offset >= first.end) {
    const wipe = (offset: number | undefined, length: number | undefined) => {
      // A picture said to lie over the main directory is a fault of the file: unlinked is enough then.
      if (offset === undefined || length === undefined || offset < first.end) return;
      bytes.fill(0, Math.min(offset, bytes.length), Math.min(offset + length, bytes.length));
    };
    const number = (directory: TiffDirectory, tag: number) =>
      readNumber(
        tiff,
        directory.entries.find((entry) => entry.tag === tag),
      );
    const jpegOffset = number(second, 0x0201);
    const jpegLength = number(second, 0x0202);
    const stripOffset = number(second, 0x0111);
    const stripLength = number(second, 0x0117);
    wipe(jpegOffset, jpegLength);
    wipe(stripOffset, stripLength);
    wipe(second.offset, second.end - second.offset);
  }
  return { ...segment, payload, sourceOffset: undefined };
}

const jfifHeaderBytes = 14;

function withoutJfifThumbnail(segment: DraftSegment): DraftSegment {
  if (segment.payload.length <= jfifHeaderBytes) return segment;
  const payload = new Uint8Array(segment.payload.subarray(0, jfifHeaderBytes));
  payload[12] = 0;
  payload[13] = 0;
  return { ...segment, payload, sourceOffset: undefined };
}

const photoshopHeader = 'Photoshop 3.0\0';

function withoutPhotoshopPreview(segment: DraftSegment): DraftSegment {
  const header = segment.payload.subarray(0, photoshopHeader.length);
  const resources = withoutPhotoshopThumbnail(segment.payload.subarray(photoshopHeader.length));
  if (resources === undefined) return segment;
  return { ...segment, payload: Buffer.concat([header, resources]), sourceOffset: undefined };
}
