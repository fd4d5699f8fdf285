import type { InpaintOutcome } from './engine.ts';

/** Formats models answer in, told by their first bytes: the `mimeType` beside them has been wrong before. */
const signatures: readonly {
  readonly mediaType: string;
  readonly at: number;
  readonly bytes: readonly number[];
}[] = [
  { mediaType: 'image/png', at: 0, bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
  { mediaType: 'image/jpeg', at: 0, bytes: [0xff, 0xd8, 0xff] },
  { mediaType: 'image/webp', at: 8, bytes: [0x57, 0x45, 0x42, 0x50] },
  { mediaType: 'image/gif', at: 0, bytes: [0x47, 0x49, 0x46, 0x38] },
  { mediaType: 'image/bmp', at: 0, bytes: [0x42, 0x4d] },
  { mediaType: 'image/tiff', at: 0, bytes: [0x49, 0x49, 0x2a, 0x00] },
  { mediaType: 'image/tiff', at: 0, bytes: [0x4d, 0x4d, 0x00, 0x2a] },
  { mediaType: 'image/vnd.microsoft.icon', at: 0, bytes: [0x00, 0x00, 0x01, 0x00] },
];

/** The media type the magic bytes tell; `undefined` when they tell none. */
export function sniffMediaType(bytes: Uint8Array): string | undefined {
  return signatures.find(({ at, bytes: magic }) => magic.every((byte, i) => bytes[at + i] === byte))
    ?.mediaType;
}

/**
 * True when a PNG or JPEG ends before its end marker: such an answer was seen, labelled as complete.
 * Other formats are not judged.
 */
export function isTruncated(bytes: Uint8Array, mediaType: string): boolean {
  if (mediaType === 'image/png') {
    const tail = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).subarray(-8, -4);
    return tail.toString('latin1') !== 'IEND';
  }
  if (mediaType === 'image/jpeg') {
    // Encoders may pad after the end marker; the marker itself cannot occur inside the scan.
    return (
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).lastIndexOf('\xff\xd9', -1, 'latin1') < 2
    );
  }
  return false;
}

/** One answer of a model in base64 -> an image, or why it cannot be used. */
export function imageOutcome(base64: string): InpaintOutcome {
  const bytes = new Uint8Array(Buffer.from(base64, 'base64'));
  const mediaType = sniffMediaType(bytes);
  if (mediaType === undefined) {
    return { kind: 'unusable', reason: `${bytes.length} bytes that are no picture` };
  }
  if (isTruncated(bytes, mediaType)) return { kind: 'unusable', reason: `a truncated ${mediaType}` };
  return { kind: 'image', image: { bytes, mediaType } };
}
