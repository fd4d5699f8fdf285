import { type Chunk, joinParts } from '../../container.ts';
import { marker, readSegments } from './segments.ts';

/** A marker segment. Its name is the second byte of the marker, its data the payload. */
export type HeaderSegment = Chunk<number>;

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
    segments: all.slice(1, imageIndex).map(({ marker: code, dataOffset, end: dataEnd }) => ({
      name: code,
      data: source.subarray(dataOffset, dataEnd),
    })),
    image: source.subarray(all[imageIndex]!.offset, end),
    trailer: source.subarray(end),
  };
}

/** Writes the file. Segments that were not replaced keep their bytes. */
export function closeHeader({ segments, image, trailer }: JpegHeader): Uint8Array {
  const framed = segments.flatMap(({ name, data }) => {
    const length = data.length + 2;
    return [Uint8Array.of(0xff, name, length >> 8, length & 0xff), data];
  });
  return new Uint8Array(joinParts([Uint8Array.of(0xff, marker.soi), ...framed, image, trailer]).buffer);
}
