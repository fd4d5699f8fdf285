import { EditError } from '../errors.ts';
import type { EncodedImage, EngineCodec, InpaintOutcome, InpaintRequest } from './engine.ts';
import type { StoredOutcome } from './picture-engines.ts';

/**
 * A raster encoded for a model API that takes at most `maxBytes`.
 *
 * @throws {EditError} `IMAGE_TOO_LARGE` when not even a JPEG is small enough.
 */
export async function encodeWithin(
  codec: EngineCodec,
  raster: InpaintRequest['crop'],
  maxBytes: number,
): Promise<EncodedImage> {
  const encoded = await codec.encode(raster, { maxBytes });
  if (encoded.bytes.length <= maxBytes) return encoded;
  throw new EditError(
    'IMAGE_TOO_LARGE',
    `Expected at most ${maxBytes} bytes for the model, got ${encoded.bytes.length}`,
  );
}

export function base64({ bytes }: EncodedImage): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** `outputOptions` of a request: lossless PNG by default, since every answer is composited. */
export function outputOptions(
  format: { readonly mediaType: string; readonly quality: number | undefined } | undefined,
): Readonly<Record<string, unknown>> {
  const { mediaType = 'image/png', quality } = format ?? {};
  return { mimeType: mediaType, ...(quality !== undefined && { compressionQuality: quality }) };
}

/** First bytes of the formats models answer in; the `mimeType` beside them has been wrong before. */
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

/** The media type by the first bytes; `undefined` when they are those of no picture format. */
export function sniffMediaType(bytes: Uint8Array): string | undefined {
  return signatures.find(({ at, bytes: magic }) => magic.every((byte, i) => bytes[at + i] === byte))
    ?.mediaType;
}

/**
 * True when a PNG or JPEG ends before its end marker: such an answer was seen, labelled as complete.
 * Other formats are not judged.
 */
function isTruncated(bytes: Uint8Array, mediaType: string): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (mediaType === 'image/png') return buffer.subarray(-8, -4).toString('latin1') !== 'IEND';
  // Encoders may pad after the end marker; the marker itself cannot occur inside the scan.
  if (mediaType === 'image/jpeg') return buffer.lastIndexOf('\xff\xd9', -1, 'latin1') < 2;
  return false;
}

/** One base64 answer of a model -> an image, or why it cannot be used. */
export const imageOutcome = (text: string): InpaintOutcome =>
  pictureOutcome(new Uint8Array(Buffer.from(text, 'base64')));

/** The bytes of one answer -> an image, or why they cannot be used. */
export function pictureOutcome(bytes: Uint8Array): InpaintOutcome {
  const mediaType = sniffMediaType(bytes);
  if (mediaType === undefined) {
    return { kind: 'unusable', reason: `${bytes.length} bytes that are no picture` };
  }
  if (isTruncated(bytes, mediaType)) return { kind: 'unusable', reason: `a truncated ${mediaType}` };
  return { kind: 'image', image: { bytes, mediaType } };
}

/**
 * Returns the outcomes when one of them is an image; else throws what all of them together mean.
 *
 * @throws {EditError} `ENGINE_EMPTY` for no outcome at all; `ENGINE_FILTERED` or `ENGINE_REFUSED` with the
 *   reasons (permanent); `ENGINE_BAD_REPLY` when nothing that came is a picture (passing).
 */
export function requireImage<Outcome extends InpaintOutcome | StoredOutcome>(
  outcomes: readonly Outcome[],
  { model, calls }: { readonly model: string; readonly calls: number },
): readonly Outcome[] {
  if (outcomes.some(({ kind }) => kind === 'image' || kind === 'stored')) return outcomes;
  const failures = outcomes.flatMap((outcome) => ('reason' in outcome ? [outcome] : []));
  const reasons = [...new Set(failures.map(({ reason }) => reason))];
  const list = reasons.join('; ');
  const fault = (code: EditError['code'], got: string) =>
    new EditError(code, `Expected a picture from ${model}, got ${got}`, {
      details: { model, reasons },
      billing: { calls },
    });
  if (failures.length === 0) throw fault('ENGINE_EMPTY', 'nothing and no reason');
  if (failures.some(({ kind }) => kind === 'filtered'))
    throw fault('ENGINE_FILTERED', `all filtered: ${list}`);
  if (failures.some(({ kind }) => kind === 'refused')) throw fault('ENGINE_REFUSED', `refused: ${list}`);
  throw fault('ENGINE_BAD_REPLY', list);
}
