import { newPacket, packetText, packetWithoutStale, packetWithSourceType } from '../../metadata/xmp.ts';
import { type DraftSegment, maxPayloadBytes } from './header.ts';
import { marker, startsWith } from './segments.ts';

const xmpHeader = 'http://ns.adobe.com/xap/1.0/\0';

export const isXmp = ({ marker: code, payload }: DraftSegment) =>
  code === marker.app1 && startsWith(payload, 0, xmpHeader);

const packetOf = ({ payload }: DraftSegment) => packetText(payload.subarray(xmpHeader.length));

/** A segment with a packet; `undefined` when it is too long for one. */
function xmpSegment(packet: string): DraftSegment | undefined {
  const payload = new TextEncoder().encode(xmpHeader + packet);
  return payload.length > maxPayloadBytes
    ? undefined
    : { marker: marker.app1, payload, sourceOffset: undefined };
}

/** A packet that says nothing but the source type. */
export const newXmpSegment = (): DraftSegment => xmpSegment(newPacket())!;

/** The packet with the source type set; `undefined` when it is no UTF-8 RDF, or there is no room. */
export function withSourceType(segment: DraftSegment): DraftSegment | undefined {
  const packet = packetOf(segment);
  const marked = packet === undefined ? undefined : packetWithSourceType(packet);
  return marked === undefined ? undefined : xmpSegment(marked);
}

/** The packet without gain map, container directory and thumbnails; the same object when it has none of them. */
export function withoutStaleXmp(segment: DraftSegment, isExtensionGone: boolean): DraftSegment {
  const packet = packetOf(segment);
  if (packet === undefined) return segment;
  const current = packetWithoutStale(packet);
  const cleaned = isExtensionGone ? current.replace(extensionNote, '') : current;
  return cleaned === packet ? segment : (xmpSegment(cleaned) ?? segment);
}

const extensionHeader = 'http://ns.adobe.com/xmp/extension/\0';
/** After the header: a checksum in hexadecimal, the length of the whole, the offset of this part. */
const extensionFrameBytes = extensionHeader.length + 32 + 4 + 4;
const extensionNote =
  /\sxmpNote:HasExtendedXMP\s*=\s*(?:"[^"<]*"|'[^'<]*')|<xmpNote:HasExtendedXMP>[^<]*<\/xmpNote:HasExtendedXMP>/g;

/** What does not fit into one packet. @see XMP specification part 3, 1.1.3.1. */
export const isExtendedXmp = ({ marker: code, payload }: DraftSegment) =>
  code === marker.app1 && startsWith(payload, 0, extensionHeader);

/** Properties that hold the picture before its effects, its depths, or small copies. */
const pictureProperties = ['GImage:Data', 'GDepth:Data', 'GDepth:Image', 'xmpGImg:image'];

/** True when the extension shows what the picture showed. */
export function holdsPictures(segments: readonly DraftSegment[]): boolean {
  const parts = segments.filter(isExtendedXmp).map(({ payload }) => payload.subarray(extensionFrameBytes));
  if (parts.length === 0) return false;
  const extension = Buffer.concat(parts);
  return pictureProperties.some((property) => extension.includes(property));
}
