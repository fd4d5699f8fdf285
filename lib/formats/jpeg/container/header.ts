import { marker, readSegments, type Segment } from './segments.ts';

/** A JPEG taken apart before its first scan: segments may be dropped or replaced, all else is carried along. */
export interface HeaderDraft {
  readonly source: Uint8Array;
  readonly segments: readonly DraftSegment[];
  /** From the first scan header to EOI, and what follows EOI. */
  readonly image: Uint8Array;
  readonly trailer: Uint8Array;
}

export interface DraftSegment {
  readonly marker: number;
  /** Without marker and length. */
  readonly payload: Uint8Array;
  /** Of the payload in the source; `undefined` for a new or changed one. */
  readonly sourceOffset: number | undefined;
}

/** Longest payload: the length field counts its own 2 bytes. */
export const maxPayloadBytes = 65533;

/** @throws {EditError} as `readSegments`. */
export function openDraft(source: Uint8Array): HeaderDraft {
  const all = readSegments(source);
  const first = all.findIndex(({ marker: code }) => code === marker.sos);
  const header = all.slice(1, first < 0 ? all.length - 1 : first);
  const imageOffset = all[first < 0 ? all.length - 1 : first]!.offset;
  const end = all.at(-1)!.entropyEnd;
  return {
    source,
    segments: header.map((segment) => fromSource(source, segment)),
    image: source.subarray(imageOffset, end),
    trailer: source.subarray(end),
  };
}

const fromSource = (source: Uint8Array, { marker: code, dataOffset, end }: Segment): DraftSegment => ({
  marker: code,
  payload: source.subarray(dataOffset, end),
  sourceOffset: dataOffset,
});

/** The file again; segments that were not replaced have the bytes they had. */
export function closeDraft({ segments, image, trailer }: HeaderDraft): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0xff, marker.soi)];
  for (const { marker: code, payload } of segments) {
    const length = payload.length + 2;
    parts.push(Uint8Array.of(0xff, code, length >> 8, length & 0xff), payload);
  }
  parts.push(image, trailer);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
