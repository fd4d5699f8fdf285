import { EditError } from '../../../errors.ts';

/** Second byte of the JPEG markers this code names. @see ITU-T T.81, table B.1. */
export const marker = {
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
  app14: 0xee,
  app15: 0xef,
  com: 0xfe,
} as const;

/** One marker segment. All offsets count bytes of the file. */
export interface Segment {
  readonly marker: number;
  /** Of the 0xFF (or its first fill byte). */
  readonly offset: number;
  /** After the length field. */
  readonly dataOffset: number;
  /** After the payload; for SOS the entropy-coded data begins here. */
  readonly end: number;
  /** For SOS: where the entropy-coded data ends, at the next marker that is no RST. Else `end`. */
  readonly entropyEnd: number;
}

/**
 * The marker segments of the first image of a file, SOI to EOI, the markers themselves included.
 *
 * Bytes after EOI belong to nobody and are not looked at. A missing EOI after a scan is tolerated, as every decoder does.
 *
 * @throws {EditError} `FORMAT_UNSUPPORTED` no SOI, `IMAGE_TRUNCATED` a segment runs past the end, `IMAGE_UNREADABLE` else.
 */
export function readSegments(bytes: Uint8Array): Segment[] {
  if (bytes[0] !== 0xff || bytes[1] !== marker.soi) {
    throw new EditError('FORMAT_UNSUPPORTED', 'Expected a JPEG file to begin with FF D8');
  }
  const segments: Segment[] = [standalone(marker.soi, 0, 2)];
  let at = 2;
  while (at < bytes.length) {
    const segment = readSegment(bytes, at);
    segments.push(segment);
    if (segment.marker === marker.eoi) return segments;
    at = segment.entropyEnd;
  }
  if (segments.at(-1)?.marker !== marker.sos) {
    throw new EditError(
      'IMAGE_TRUNCATED',
      `Expected a scan, got the end of the file at byte ${bytes.length}`,
    );
  }
  return segments;
}

const standalone = (code: number, offset: number, end: number): Segment => ({
  marker: code,
  offset,
  dataOffset: end,
  end,
  entropyEnd: end,
});

function readSegment(bytes: Uint8Array, offset: number): Segment {
  let at = offset;
  if (bytes[at] !== 0xff) {
    throw new EditError('IMAGE_UNREADABLE', `Expected a marker at byte ${offset}, got ${bytes[at]}`);
  }
  while (bytes[at] === 0xff) at++;
  const code = bytes[at++];
  if (code === undefined) throw truncated(bytes);
  if (code === marker.eoi) return standalone(code, offset, at);
  if (code < marker.sof0 || (code >= marker.rst0 && code <= marker.soi)) {
    throw new EditError(
      'IMAGE_UNREADABLE',
      `Expected a marker segment at byte ${offset}, got FF ${code.toString(16)}`,
    );
  }
  if (at + 2 > bytes.length) throw truncated(bytes);
  const length = uint16(bytes, at);
  const end = at + length;
  if (length < 2)
    throw new EditError('IMAGE_UNREADABLE', `Expected a length of 2 or more at byte ${at}, got ${length}`);
  if (end > bytes.length) throw truncated(bytes);
  const entropyEnd = code === marker.sos ? findEntropyEnd(bytes, end) : end;
  return { marker: code, offset, dataOffset: at + 2, end, entropyEnd };
}

const truncated = (bytes: Uint8Array) =>
  new EditError('IMAGE_TRUNCATED', `Expected more bytes, got the end of the file at byte ${bytes.length}`);

/** Offset of the next marker that is neither a stuffed FF 00 nor a restart, or the end of the file. */
function findEntropyEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  for (;;) {
    at = bytes.indexOf(0xff, at);
    if (at < 0) return bytes.length;
    const next = bytes[at + 1];
    if (next === undefined) return bytes.length;
    if (next === 0xff) at += 1;
    else if (next === 0 || (next >= marker.rst0 && next <= marker.rst7)) at += 2;
    else return at;
  }
}

/** Big-endian, as everything in a JPEG header. */
export function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/** True when the bytes at `at` are the characters of `text` (Latin-1). */
export function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  if (at + text.length > bytes.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}
