import { closeDraft, type DraftSegment, openDraft } from './header.ts';
import { marker } from './segments.ts';

/** APPn and comments, but not Adobe's segment: that says how the samples are coded. */
const isMetadata = ({ marker: code }: DraftSegment) =>
  code === marker.com || (code >= marker.app0 && code <= marker.app15 && code !== marker.app14);

/**
 * A JPEG encoded anew with the metadata segments and the trailer of the one it was made from, byte for byte and in their order:
 * libvips carries profile, EXIF, XMP and IPTC over, but no comments and no segments of cameras.
 *
 * @throws {EditError} as `readSegments`.
 */
export function withMetadataOf(source: Uint8Array, written: Uint8Array): Uint8Array {
  const from = openDraft(source);
  const to = openDraft(written);
  return closeDraft({
    ...to,
    segments: [...from.segments.filter(isMetadata), ...to.segments.filter((segment) => !isMetadata(segment))],
    trailer: from.trailer,
  });
}
