import { EditError } from '../errors.ts';
import { formatNamed, inspectContainer } from '../formats/formats.ts';
import { type Limits, readHeader } from '../formats/vips/header.ts';
import type { Source } from '../formats/vips/read.ts';
import { type DecodedMask, decodeMask } from '../formats/vips/read-mask.ts';
import { release } from '../formats/vips/samples.ts';
import { type BoxedMask, boxedMask } from '../pixels/boxed-mask.ts';
import { type NormalisedMask, normaliseMask } from '../pixels/mask.ts';

/** The picture as uploaded, its header read and its limits checked; no pixel is decoded yet. */
export async function readPhoto(bytes: Uint8Array, limits: Limits): Promise<Source> {
  return { bytes, header: await readHeader(bytes, limits, { inspect: inspectContainer }) };
}

/** The user's mask: 255 = edit, in displayed pixels of the picture, with what is suspicious about it in words. */
export interface GivenMask extends Omit<NormalisedMask, 'mask'> {
  readonly mask: BoxedMask;
}

/** Decodes a mask at the size of the picture, and keeps the part that selects something. */
export async function readMask(
  { mask, polarity }: { readonly mask: Uint8Array | undefined; readonly polarity: 'white' | 'black' },
  photo: Source,
  limits: Limits,
): Promise<GivenMask> {
  if (mask === undefined) throw new EditError('MASK_MISSING', 'Expected a mask, got none');
  const decoded = await decodeMask(mask, { pictureSize: photo.header.displayed, limits });
  const { displayed } = decoded.header;
  const normalised = normaliseMask(decoded.mask, { polarity, isLossy: isLossy(mask, decoded) });
  // An empty one was refused.
  const given = { ...normalised, mask: boxedMask(normalised.mask)! };
  for (const { data } of [decoded.mask, normalised.mask]) release(data);
  if (!decoded.isResized) return given;
  const { width, height } = photo.header.displayed;
  const resized = `The mask was scaled from ${displayed.width} x ${displayed.height} to ${width} x ${height}.`;
  return { ...given, warnings: [resized, ...given.warnings] };
}

/** True when the selection went through a codec that adds noise around its edges. */
function isLossy(bytes: Uint8Array, { header, carrier }: DecodedMask): boolean {
  return formatNamed(header.format).isLossyMask?.(bytes, carrier) ?? false;
}
