import { type Fate, siftChunks } from '../../container.ts';
import { exifWithoutThumbnail } from '../../metadata/exif.ts';
import { withoutPhotoshopThumbnail } from '../../metadata/photoshop.ts';
import {
  holdsFilmOrPicture,
  holdsGainMap,
  isC2pa,
  isGainMap,
  isMpf,
  trailerWithoutCompanions,
} from './companions.ts';
import { closeHeader, type HeaderSegment, type JpegHeader, openHeader } from './header.ts';
import { marker, startsWith } from './segments.ts';
import {
  holdsPictures,
  isExtendedXmp,
  isXmp,
  newXmpSegment,
  withoutStaleXmp,
  withSourceType,
} from './xmp.ts';

export interface CleanedMetadata {
  readonly bytes: Uint8Array;
  /** What was removed, in the words of the report. */
  readonly dropped: readonly string[];
  /** Bytes kept after EOI, such as the trailer of a camera. The caller should mention them. */
  readonly trailerBytes: number;
}

/**
 * Removes what an edit makes untrue: thumbnails (EXIF, JFIF, Photoshop, XMP), gain maps, the multi-picture
 * index and its pictures, the film of a motion photo, originals and depth maps in extended XMP, C2PA
 * manifests.
 *
 * Exact: every other segment keeps its bytes and its order. An EXIF thumbnail is wiped in place, so no tag
 * moves. Scans are not read. A file with nothing to remove is returned as it is.
 *
 * @param isOwn as for `closeHeader`.
 * @throws {EditError} `FORMAT_UNSUPPORTED`, `IMAGE_TRUNCATED` or `IMAGE_UNREADABLE` when the headers are
 * damaged.
 */
export function dropStaleMetadata(bytes: Uint8Array, isOwn?: boolean): CleanedMetadata {
  const header = openHeader(bytes);
  const dropped = new Set<string>();
  const isExtensionStale = holdsPictures(header.segments);
  if (isExtensionStale) dropped.add('pictures in extended xmp');
  const segments = siftChunks(header.segments, (segment) => fateOf(segment, isExtensionStale), dropped);
  const trailer = currentTrailer(header, dropped);
  return {
    bytes: dropped.size === 0 ? bytes : closeHeader({ ...header, segments, trailer }, isOwn),
    dropped: [...dropped],
    trailerBytes: trailer.length,
  };
}

/** The bytes after EOI without films and pictures, which may show what was removed. */
function currentTrailer(header: JpegHeader, dropped: Set<string>): Uint8Array {
  const { trailer } = header;
  const rest = trailerWithoutCompanions(header);
  if (rest.length < trailer.length) dropped.add('companion pictures');
  const current = holdsFilmOrPicture(rest) ? new Uint8Array() : rest;
  if (current.length < rest.length) dropped.add('film or pictures behind the end');
  if (current.length < trailer.length && holdsGainMap(trailer)) dropped.add('gain map');
  return current;
}

function fateOf(segment: HeaderSegment, isExtensionStale: boolean): Fate<HeaderSegment> {
  if (isExtensionStale && isExtendedXmp(segment)) return { chunk: undefined };
  if (isMpf(segment)) return { chunk: undefined, lost: 'multi-picture index' };
  if (isGainMap(segment)) return { chunk: undefined, lost: 'gain map' };
  if (isC2pa(segment)) return { chunk: undefined, lost: 'c2pa' };
  if (isXmp(segment)) {
    const chunk = withoutStaleXmp(segment, isExtensionStale);
    return { chunk, lost: chunk === segment ? undefined : 'stale xmp' };
  }
  if (isJfxx(segment)) return { chunk: undefined, lost: 'thumbnail' };
  const data = withoutThumbnail(segment);
  return data === undefined ? { chunk: segment } : { chunk: { ...segment, data }, lost: 'thumbnail' };
}

const exifHeader = 'Exif\0\0';
const photoshopHeader = 'Photoshop 3.0\0';

/** True for a JFIF extension, which holds nothing but a thumbnail. */
const isJfxx = ({ name, data }: HeaderSegment) => name === marker.app0 && startsWith(data, 0, 'JFXX\0');

/** The payload without its thumbnail; `undefined` when it has none. */
function withoutThumbnail({ name, data }: HeaderSegment): Uint8Array | undefined {
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

export interface MarkedFile {
  readonly bytes: Uint8Array;
  /** False when the XMP packet of the file cannot hold the mark; the bytes are the input then. */
  readonly isMarked: boolean;
}

/**
 * Sets XMP `Iptc4xmpExt:DigitalSourceType` to `compositeWithTrainedAlgorithmicMedia`, in the packet of the
 * file or in a new one.
 *
 * @param isOwn as for `closeHeader`.
 * @throws {EditError} as `dropStaleMetadata`.
 */
export function markAsComposite(bytes: Uint8Array, isOwn?: boolean): MarkedFile {
  const header = openHeader(bytes);
  const index = header.segments.findIndex(isXmp);
  if (index < 0) return { bytes: closeHeader(withNewXmp(header), isOwn), isMarked: true };
  const marked = withSourceType(header.segments[index]!);
  if (!marked) return { bytes, isMarked: false };
  const segments = header.segments.with(index, marked);
  return { bytes: closeHeader({ ...header, segments }, isOwn), isMarked: true };
}

/** Inserts a packet after JFIF, which must come first, and EXIF, which comes next. */
function withNewXmp(header: JpegHeader): JpegHeader {
  const isBefore = ({ name, data }: HeaderSegment) =>
    name === marker.app0 || (name === marker.app1 && startsWith(data, 0, 'Exif\0'));
  const at = header.segments.findIndex((segment) => !isBefore(segment));
  const index = at < 0 ? header.segments.length : at;
  return { ...header, segments: header.segments.toSpliced(index, 0, newXmpSegment()) };
}

/** APPn and comments, without Adobe's APP14: it says how the samples are coded. */
const isMetadata = ({ name }: HeaderSegment) =>
  name === marker.com || (name >= marker.app0 && name <= marker.app15 && name !== marker.app14);

/**
 * Gives a re-encoded JPEG the metadata segments and the trailer of its source, byte for byte and in their
 * order. libvips itself copies profile, EXIF, XMP and IPTC, but no comments and no camera segments.
 *
 * @throws {EditError} as `readSegments`.
 */
export function withMetadataOf(source: Uint8Array, written: Uint8Array): Uint8Array {
  const from = openHeader(source);
  const to = openHeader(written);
  return closeHeader({
    ...to,
    segments: [...from.segments.filter(isMetadata), ...to.segments.filter((segment) => !isMetadata(segment))],
    trailer: from.trailer,
  });
}
