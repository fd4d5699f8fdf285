import { isC2pa, isFilmOrPicture, isGainMap, isMpf, trailerWithoutCompanions } from './companions.ts';
import { closeDraft, type DraftSegment, type HeaderDraft, openDraft } from './header.ts';
import { marker, startsWith } from './segments.ts';
import { withoutThumbnail } from './thumbnails.ts';
import {
  holdsPictures,
  isExtendedXmp,
  isXmp,
  newXmpSegment,
  withoutStaleXmp,
  withSourceType,
} from './xmp.ts';

/** What was taken out of a file because an edit makes it untrue. */
export type DroppedPart =
  | 'thumbnail'
  | 'multi-picture index'
  | 'companion pictures'
  | 'film or pictures behind the end'
  | 'gain map'
  | 'c2pa'
  | 'stale xmp'
  | 'pictures in extended xmp';

export interface CleanedMetadata {
  readonly bytes: Uint8Array;
  readonly dropped: readonly DroppedPart[];
  /** Bytes after EOI that were kept: a camera's own trailer. The caller should say so. */
  readonly trailerBytes: number;
}

/**
 * Takes out what an edit makes stale: small copies of the picture (EXIF, JFIF, Photoshop, XMP), gain maps, the multi-picture index
 * and the pictures it points to, the film of a motion photo, originals and depths in extended XMP, C2PA manifests.
 *
 * Exact: every other segment keeps its bytes and order; of EXIF only the second directory is unlinked and wiped in place, so no
 * tag moves; the scans are not looked at. A file with nothing to drop is returned as it is.
 *
 * @throws {EditError} `FORMAT_UNSUPPORTED`, `IMAGE_TRUNCATED` or `IMAGE_UNREADABLE` when the headers are not a JPEG's.
 */
export function dropStaleMetadata(bytes: Uint8Array): CleanedMetadata {
  const draft = openDraft(bytes);
  const dropped = new Set<DroppedPart>();
  const isExtensionStale = holdsPictures(draft.segments);
  if (isExtensionStale) dropped.add('pictures in extended xmp');
  const segments = draft.segments
    .filter((segment) => !isExtensionStale || !isExtendedXmp(segment))
    .flatMap((segment) => cleaned(segment, { dropped, isExtensionStale }));
  const trailer = currentTrailer(draft, dropped);
  if (dropped.size === 0) return { bytes, dropped: [], trailerBytes: trailer.length };
  return {
    bytes: closeDraft({ ...draft, segments, trailer }),
    dropped: [...dropped],
    trailerBytes: trailer.length,
  };
}

/** The bytes after EOI that do not show what was removed. */
function currentTrailer(draft: HeaderDraft, dropped: Set<DroppedPart>): Uint8Array {
  const rest = trailerWithoutCompanions(draft);
  if (rest.length < draft.trailer.length) dropped.add('companion pictures');
  if (!isFilmOrPicture(rest)) return rest;
  dropped.add('film or pictures behind the end');
  return new Uint8Array();
}

interface Cleaning {
  readonly dropped: Set<DroppedPart>;
  readonly isExtensionStale: boolean;
}

function cleaned(segment: DraftSegment, { dropped, isExtensionStale }: Cleaning): DraftSegment[] {
  const whole: readonly [DroppedPart, (segment: DraftSegment) => boolean][] = [
    ['multi-picture index', isMpf],
    ['gain map', isGainMap],
    ['c2pa', isC2pa],
  ];
  for (const [part, belongs] of whole) {
    if (!belongs(segment)) continue;
    dropped.add(part);
    return [];
  }
  const bare = withoutThumbnail(segment);
  if (bare !== segment) dropped.add('thumbnail');
  if (!bare) return [];
  const current = isXmp(bare) ? withoutStaleXmp(bare, isExtensionStale) : bare;
  if (current !== bare) dropped.add('stale xmp');
  return [current];
}

export interface MarkedFile {
  readonly bytes: Uint8Array;
  /** False when the file's XMP packet could not take it; the bytes are the input's then. */
  readonly isMarked: boolean;
}

/**
 * Sets XMP `Iptc4xmpExt:DigitalSourceType` to `compositeWithTrainedAlgorithmicMedia`: in the packet there is, else in a new one.
 *
 * @throws {EditError} as `dropStaleMetadata`.
 */
export function markAsComposite(bytes: Uint8Array): MarkedFile {
  const draft = openDraft(bytes);
  const index = draft.segments.findIndex(isXmp);
  if (index < 0) return { bytes: closeDraft(withNewXmp(draft)), isMarked: true };
  const marked = withSourceType(draft.segments[index]!);
  if (!marked) return { bytes, isMarked: false };
  return { bytes: closeDraft({ ...draft, segments: draft.segments.with(index, marked) }), isMarked: true };
}

/** JFIF must come first, EXIF next: the new packet goes behind them. */
function withNewXmp(draft: HeaderDraft): HeaderDraft {
  const isBefore = ({ marker: code, payload }: DraftSegment) =>
    code === marker.app0 || (code === marker.app1 && startsWith(payload, 0, 'Exif\0'));
  const at = draft.segments.findIndex((segment) => !isBefore(segment));
  const index = at < 0 ? draft.segments.length : at;
  return { ...draft, segments: draft.segments.toSpliced(index, 0, newXmpSegment()) };
}
