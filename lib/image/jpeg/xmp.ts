import { newPacket, packetText, packetWithoutStale, packetWithSourceType } from '../xmp.ts';
import { type DraftSegment, maxPayloadBytes } from './header-draft.ts';
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
export function withoutStaleXmp(segment: DraftSegment): DraftSegment {
  const packet = packetOf(segment);
  if (packet === undefined) return segment;
  const cleaned = packetWithoutStale(packet);
  return cleaned === packet ? segment : (xmpSegment(cleaned) ?? segment);
}
