import { newPacket, packetText, packetWithoutStale, packetWithSourceType } from '../../metadata/xmp.ts';
import { type HeaderSegment, maxPayloadBytes } from './header.ts';
import { marker, startsWith } from './segments.ts';

const xmpHeader = 'http://ns.adobe.com/xap/1.0/\0';

export const isXmp = ({ name, data }: HeaderSegment) =>
  name === marker.app1 && startsWith(data, 0, xmpHeader);

const packetOf = ({ data }: HeaderSegment) => packetText(data.subarray(xmpHeader.length));

/** A segment with this packet; `undefined` when the packet is too long for one. */
function xmpSegment(packet: string): HeaderSegment | undefined {
  const data = new TextEncoder().encode(xmpHeader + packet);
  return data.length > maxPayloadBytes ? undefined : { name: marker.app1, data };
}

/** A segment whose packet holds the source type only. */
export const newXmpSegment = (): HeaderSegment => xmpSegment(newPacket())!;

/** Sets the source type; `undefined` when the packet is not UTF-8 RDF or becomes too long. */
export function withSourceType(segment: HeaderSegment): HeaderSegment | undefined {
  const packet = packetOf(segment);
  const marked = packet === undefined ? undefined : packetWithSourceType(packet);
  return marked === undefined ? undefined : xmpSegment(marked);
}

/** Removes stale properties from the packet. The same object when it has none. */
export function withoutStaleXmp(segment: HeaderSegment, isExtensionGone: boolean): HeaderSegment {
  const packet = packetOf(segment);
  if (packet === undefined) return segment;
  const current = packetWithoutStale(packet);
  const cleaned = isExtensionGone ? current.replace(extensionNote, '') : current;
  return cleaned === packet ? segment : (xmpSegment(cleaned) ?? segment);
}

const extensionHeader = 'http://ns.adobe.com/xmp/extension/\0';
/** Header, checksum in hexadecimal, length of the whole extension, offset of this part. */
const extensionFrameBytes = extensionHeader.length + 32 + 4 + 4;
const extensionNote =
  /\sxmpNote:HasExtendedXMP\s*=\s*(?:"[^"<]*"|'[^'<]*')|<xmpNote:HasExtendedXMP>[^<]*<\/xmpNote:HasExtendedXMP>/g;

/** True for a part of an extended packet. @see XMP specification part 3, 1.1.3.1. */
export const isExtendedXmp = ({ name, data }: HeaderSegment) =>
  name === marker.app1 && startsWith(data, 0, extensionHeader);

/** Properties that hold the picture before its effects, its depth map or thumbnails. */
const pictureProperties = ['GImage:Data', 'GDepth:Data', 'GDepth:Image', 'xmpGImg:image'];

/** True when the extended XMP holds a copy of the picture. */
export function holdsPictures(segments: readonly HeaderSegment[]): boolean {
  const parts = segments.filter(isExtendedXmp).map(({ data }) => data.subarray(extensionFrameBytes));
  if (parts.length === 0) return false;
  const extension = Buffer.concat(parts);
  return pictureProperties.some((property) => extension.includes(property));
}
