import { type Chunk, joinParts } from '../../container.ts';
import { marker, readSegments } from './segments.ts';

/** A marker segment. Its name is the second byte of the marker, its data the payload. */
export interface HeaderSegment extends Chunk<number> {
  /** The bytes between the segment before and the marker, such as fill bytes. */
  readonly lead?: Uint8Array;
}

/** A JPEG cut at its first scan, so that header segments can be dropped, replaced or inserted. */
export interface JpegHeader {
  readonly source: Uint8Array;
  /** The segments between SOI and the first scan. */
  readonly segments: readonly HeaderSegment[];
  /** From the first scan header to EOI. */
  readonly image: Uint8Array;
  /** The bytes after EOI. */
  readonly trailer: Uint8Array;
}

/** The longest payload: the length field has 16 bits and counts its own 2 bytes. */
export const maxPayloadBytes = 65533;

/** @throws {EditError} as `readSegments`. */
export function openHeader(source: Uint8Array): JpegHeader {
  const all = readSegments(source);
  const firstScan = all.findIndex(({ marker: code }) => code === marker.sos);
  const imageIndex = firstScan < 0 ? all.length - 1 : firstScan;
  const end = all.at(-1)!.entropyEnd;
  return {
    source,
    segments: all.slice(1, imageIndex).map((segment) => ({
      name: segment.marker,
      data: source.subarray(segment.dataOffset, segment.end),
      lead: source.subarray(segment.offset, segment.markerOffset),
    })),
    image: source.subarray(all[imageIndex]!.offset, end),
    trailer: source.subarray(end),
  };
}

const nothing = new Uint8Array();

/**
 * Writes the file. Segments that were not replaced keep their bytes.
 *
 * @param isOwn nothing else lies in the memory of the source: where the new header fits before the image it
 * is written there, and the source is void. A second file in memory would be the most that an edit takes.
 */
export function closeHeader({ segments, image, trailer }: JpegHeader, isOwn = false): Uint8Array {
  const framed = segments.flatMap(({ name, data, lead = nothing }) => {
    const length = data.length + 2;
    return [lead, Uint8Array.of(0xff, name, length >> 8, length & 0xff), data];
  });
  const head = joinParts([Uint8Array.of(0xff, marker.soi), ...framed]);
  const start = image.byteOffset - head.length;
  const isMoved = trailer.buffer !== image.buffer || trailer.byteOffset !== image.byteOffset + image.length;
  if (!isOwn || start < 0 || (trailer.length > 0 && isMoved))
    return new Uint8Array(joinParts([head, image, trailer]).buffer);
  const file = new Uint8Array(image.buffer, start, head.length + image.length + trailer.length);
  file.set(head);
  return file;
}
