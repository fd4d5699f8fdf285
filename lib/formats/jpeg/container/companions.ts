import { joinParts } from '../../container.ts';
import { openTiff } from '../../metadata/directory.ts';
import type { HeaderSegment, JpegHeader } from './header.ts';
import { marker, startsWith } from './segments.ts';

const mpfHeader = 'MPF\0';
const mpEntriesTag = 0xb002;
const mpEntryBytes = 16;

/** True for the multi-picture index, which lists gain maps, previews and second lenses. @see CIPA DC-007. */
export const isMpf = ({ name, data }: HeaderSegment) =>
  name === marker.app2 && startsWith(data, 0, mpfHeader);

/** True for the metadata of a gain map. @see ISO 21496-1, annex C. */
export const isGainMap = ({ name, data }: HeaderSegment) =>
  name === marker.app2 && startsWith(data, 0, 'urn:iso:std:iso:ts:21496:-1\0');

/** True for a JUMBF box with a C2PA manifest. The edit breaks its signature. @see C2PA 2.1, A.3.1. */
export const isC2pa = ({ name, data }: HeaderSegment) =>
  name === marker.app11 && startsWith(data, 0, 'JP') && startsWith(data, 12, 'jumb');

const fileSignatures = [
  Buffer.from([0xff, marker.soi, 0xff]),
  Buffer.from('ftyp'),
  Buffer.from('\x89PNG', 'latin1'),
];

/** True when the bytes hold a film (of a motion photo) or a picture: it may still show what was removed. */
export function holdsFilmOrPicture(bytes: Uint8Array): boolean {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return fileSignatures.some((signature) => file.includes(signature));
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** The bytes after EOI without the pictures of the multi-picture index. Other bytes stay. */
export function trailerWithoutCompanions({ source, segments, trailer }: JpegHeader): Uint8Array {
  const trailerAt = source.length - trailer.length;
  const ranges = segments
    .filter(isMpf)
    .flatMap((segment) => companionRanges(segment, source))
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
  return joinParts([...kept, source.subarray(at)]);
}

/** File ranges of the indexed pictures. The first picture has offset 0 and is left out. */
function companionRanges({ data }: HeaderSegment, source: Uint8Array): Range[] {
  const index = data.subarray(mpfHeader.length);
  const opened = openTiff(index);
  const entry = opened?.directory.entries.find(({ tag }) => tag === mpEntriesTag);
  if (!opened || !entry) return [];
  const { view, isLittle } = opened.tiff;
  // Offsets count from the TIFF header in the index.
  const base = index.byteOffset - source.byteOffset;
  const at = view.getUint32(entry.valueAt, isLittle);
  const ranges: Range[] = [];
  for (let i = at; i + mpEntryBytes <= Math.min(view.byteLength, at + entry.count); i += mpEntryBytes) {
    const size = view.getUint32(i + 4, isLittle);
    const offset = view.getUint32(i + 8, isLittle);
    if (offset > 0) ranges.push({ from: base + offset, to: base + offset + size });
  }
  return ranges;
}
