import { exifWithoutThumbnail } from '../../metadata/exif.ts';
import { withoutPhotoshopThumbnail } from '../../metadata/photoshop.ts';
import type { HeaderSegment } from './header.ts';
import { marker, startsWith } from './segments.ts';

const exifHeader = 'Exif\0\0';
const photoshopHeader = 'Photoshop 3.0\0';

/** Removes the thumbnail of a segment. `undefined` drops the segment; the same object means it has no thumbnail. */
export function withoutThumbnail(segment: HeaderSegment): HeaderSegment | undefined {
  const { name, data } = segment;
  if (name === marker.app0 && startsWith(data, 0, 'JFXX\0')) return undefined;
  const cleaned = cleanedData(segment);
  return cleaned === undefined ? segment : { name, data: cleaned };
}

/** The payload without its thumbnail; `undefined` when it has none. */
function cleanedData({ name, data }: HeaderSegment): Uint8Array | undefined {
  if (name === marker.app1 && startsWith(data, 0, exifHeader)) return exifWithoutThumbnail(data);
  if (name === marker.app0 && startsWith(data, 0, 'JFIF\0')) return withoutJfifThumbnail(data);
  if (name !== marker.app13 || !startsWith(data, 0, photoshopHeader)) return undefined;
  const resources = withoutPhotoshopThumbnail(data.subarray(photoshopHeader.length));
  return resources && Buffer.concat([data.subarray(0, photoshopHeader.length), resources]);
}

const jfifHeaderBytes = 14;
/** Offsets of the thumbnail's width and height. */
const jfifThumbnailSize = [12, 13];

function withoutJfifThumbnail(data: Uint8Array): Uint8Array | undefined {
  if (data.length <= jfifHeaderBytes) return undefined;
  const header = new Uint8Array(data.subarray(0, jfifHeaderBytes));
  for (const at of jfifThumbnailSize) header[at] = 0;
  return header;
}
