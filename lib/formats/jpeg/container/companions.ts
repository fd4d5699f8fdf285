import { firstDirectory, openTiff } from '../../metadata/directory.ts';
import type { DraftSegment, HeaderDraft } from './header.ts';
import { marker, startsWith } from './segments.ts';

const mpfHeader = 'MPF\0';
const mpEntriesTag = 0xb002;
const mpEntryBytes = 16;

/** An index of the other pictures in the file: gain maps, previews, second lenses. @see CIPA DC-007. */
export const isMpf = ({ marker: code, payload }: DraftSegment) =>
  code === marker.app2 && startsWith(payload, 0, mpfHeader);

/** Metadata of a gain map. @see ISO 21496-1, annex C. */
export const isGainMap = ({ marker: code, payload }: DraftSegment) =>
  code === marker.app2 && startsWith(payload, 0, 'urn:iso:std:iso:ts:21496:-1\0');

/** A JUMBF box, which holds a C2PA manifest: signed over bytes that have changed. @see C2PA 2.1, A.3.1. */
export const isC2pa = ({ marker: code, payload }: DraftSegment) =>
  code === marker.app11 && startsWith(payload, 0, 'JP') && startsWith(payload, 12, 'jumb');

const beginnings = [
  Buffer.from([0xff, marker.soi, 0xff]),
  Buffer.from('ftyp'),
  Buffer.from('\x89PNG', 'latin1'),
];

/** Bytes that hold an ISO film, as motion photos do, or a picture that no index names: it shows what it showed. */
export function isFilmOrPicture(bytes: Uint8Array): boolean {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return beginnings.some((beginning) => file.includes(beginning));
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** The bytes after EOI without the pictures the MPF index points to; what it does not mention stays. */
export function trailerWithoutCompanions({ source, segments, trailer }: HeaderDraft): Uint8Array {
  const trailerAt = source.length - trailer.length;
  const ranges = segments
    .filter(isMpf)
    .flatMap(companionRanges)
    .map(({ from, to }) => ({ from: Math.max(from, trailerAt), to: Math.min(to, source.length) }))
    .filter(({ from, to }) => from < to)
    .sort((a, b) => a.from - b.from);
  if (ranges.length === 0) return trailer;
  const kept: Uint8Array[] = [];
  let at = trailerAt;
  for (const { from, to } of ranges) {
    if (from > at) kept.push(source.subarray(at, from));
    at = Math.max(at, to);
  }
  kept.push(source.subarray(at));
  return Buffer.concat(kept);
}

/** File ranges of all pictures but the first, whose offset is 0 by definition. */
function companionRanges({ payload, sourceOffset }: DraftSegment): Range[] {
  const tiff = openTiff(payload.subarray(mpfHeader.length));
  const entry = tiff && firstDirectory(tiff)?.entries.find(({ tag }) => tag === mpEntriesTag);
  if (!tiff || !entry || sourceOffset === undefined) return [];
  const { view, isLittle } = tiff;
  const base = sourceOffset + mpfHeader.length;
  const at = view.getUint32(entry.valueAt, isLittle);
  const ranges: Range[] = [];
  for (let i = at; i + mpEntryBytes <= Math.min(view.byteLength, at + entry.count); i += mpEntryBytes) {
    const size = view.getUint32(i + 4, isLittle);
    const offset = view.getUint32(i + 8, isLittle);
    if (offset > 0) ranges.push({ from: base + offset, to: base + offset + size });
  }
  return ranges;
}
