import { EditError } from '../../../errors.ts';
import { useKernels } from '../../../kernels/kernels.ts';

/** The second bytes of JPEG markers. @see ITU-T T.81, table B.1. */
export const marker = {
  tem: 0x01,
  sof0: 0xc0,
  sof1: 0xc1,
  sof2: 0xc2,
  dht: 0xc4,
  rst0: 0xd0,
  rst7: 0xd7,
  soi: 0xd8,
  eoi: 0xd9,
  sos: 0xda,
  dqt: 0xdb,
  dnl: 0xdc,
  dri: 0xdd,
  app0: 0xe0,
  app1: 0xe1,
  app2: 0xe2,
  app11: 0xeb,
  app13: 0xed,
  app14: 0xee,
  app15: 0xef,
  com: 0xfe,
} as const;

/** A marker segment. Offsets count bytes of the file. */
export interface Segment {
  /** The second byte of the marker. */
  readonly marker: number;
  /** Offset of the first byte behind the segment before. */
  readonly offset: number;
  /** Offset of the marker's 0xFF. Decoders pass over the bytes before it. */
  readonly markerOffset: number;
  /** Offset of the payload, after the length field. */
  readonly dataOffset: number;
  /** Offset after the payload. The entropy-coded data of a SOS begins here. */
  readonly end: number;
  /**
   * For SOS: offset of the next marker that begins a segment: the entropy-coded data ends here. Else `end`.
   */
  readonly entropyEnd: number;
}

/**
 * Reads the marker segments of the first image of a file, SOI and EOI included.
 *
 * Bytes after EOI are not read. A missing EOI after a scan is accepted, as decoders do.
 *
 * @throws {EditError} `FORMAT_UNSUPPORTED` without SOI, `IMAGE_TRUNCATED` when a segment runs past the end,
 * `IMAGE_UNREADABLE` otherwise.
 */
export const readSegments = (bytes: Uint8Array): Segment[] => [...walkSegments(bytes)];

/** Yields the segments one by one, so that a caller can stop early. @throws {EditError} as `readSegments`. */
export function* walkSegments(bytes: Uint8Array): Generator<Segment, void, void> {
  if (bytes[0] !== 0xff || bytes[1] !== marker.soi) {
    throw new EditError('FORMAT_UNSUPPORTED', 'Expected a JPEG file to begin with FF D8');
  }
  let last = standalone(marker.soi, 0, 2);
  yield last;
  while (last.entropyEnd < bytes.length) {
    last = readSegment(bytes, last.entropyEnd);
    yield last;
    if (last.marker === marker.eoi) return;
  }
  if (last.marker === marker.sos) return;
  throw new EditError('IMAGE_TRUNCATED', `Expected a scan, got the end of the file at byte ${bytes.length}`);
}

const standalone = (code: number, offset: number, end: number): Segment => ({
  marker: code,
  offset,
  markerOffset: end - 2,
  dataOffset: end,
  end,
  entropyEnd: end,
});

function readSegment(bytes: Uint8Array, offset: number): Segment {
  const markerOffset = findMarker(bytes, offset);
  if (markerOffset === bytes.length) throw truncated(bytes);
  const code = bytes[markerOffset + 1]!;
  const at = markerOffset + 2;
  if (code === marker.eoi) return standalone(code, offset, at);
  if (code < marker.sof0 || code === marker.soi) {
    throw new EditError(
      'IMAGE_UNREADABLE',
      `Expected a marker segment at byte ${markerOffset}, got FF ${code.toString(16)}`,
    );
  }
  if (at + 2 > bytes.length) throw truncated(bytes);
  const length = uint16(bytes, at);
  const end = at + length;
  if (length < 2)
    throw new EditError('IMAGE_UNREADABLE', `Expected a length of 2 or more at byte ${at}, got ${length}`);
  if (end > bytes.length) throw truncated(bytes);
  const entropyEnd = code === marker.sos ? findMarker(bytes, end) : end;
  return { marker: code, offset, markerOffset, dataOffset: at + 2, end, entropyEnd };
}

/** Bytes that are looked at at once. */
const chunkBytes = 64 * 1024;

const truncated = (bytes: Uint8Array) =>
  new EditError('IMAGE_TRUNCATED', `Expected more bytes, got the end of the file at byte ${bytes.length}`);

/**
 * Finds the next marker that begins a segment; the end of the file when there is none.
 *
 * Like decoders it passes over entropy-coded data, fill bytes, restart markers and TEM, and bytes that do not
 * belong there. @see ITU-T T.81, B.1.1.2, and libjpeg, jdmarker.c, next_marker.
 */
function findMarker(bytes: Uint8Array, from: number): number {
  // Mostly one segment follows the other.
  if (bytes[from] === 0xff && isSegment(bytes[from + 1] ?? 0)) return from;
  return useKernels(({ kernels, arena }) => {
    const buffer = arena.reserve(chunkBytes);
    for (let at = from; at < bytes.length; ) {
      const end = Math.min(at + chunkBytes, bytes.length);
      arena.view(Uint8Array, buffer, end - at).set(bytes.subarray(at, end));
      const next = at + kernels.findMarker(buffer, end - at);
      if (next < end - 1) return next;
      // A last FF is looked at again with the byte behind it.
      at = end === bytes.length ? end : next;
    }
    return bytes.length;
  });
}

const isSegment = (code: number) =>
  code > marker.tem && code !== 0xff && (code < marker.rst0 || code > marker.rst7);

/** Reads a big-endian number, the byte order of JPEG headers. */
export function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/** True when the bytes at `at` are the characters of `text` (Latin-1). */
export function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  if (at + text.length > bytes.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}
