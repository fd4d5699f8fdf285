import { EditError } from '../errors.ts';
import { type Limits, readHeader } from '../image/codec/header.ts';
import type { Source } from '../image/codec/read.ts';
import { decodeMask } from '../image/codec/read-mask.ts';
import type { NormalisedMask } from '../image/mask.ts';
import { normaliseMask } from '../image/mask.ts';

/** The picture as uploaded, its header read and its limits checked; no pixel is decoded yet. */
export async function readPhoto(bytes: Uint8Array, limits: Limits): Promise<Source> {
  return { bytes, header: await readHeader(bytes, limits) };
}

/** The mask at the displayed size of the picture, 255 = edit, with what is suspicious about it in words. */
export async function readMask(
  { mask, polarity }: { readonly mask: Uint8Array | undefined; readonly polarity: 'white' | 'black' },
  photo: Source,
  limits: Limits,
): Promise<NormalisedMask> {
  if (mask === undefined) throw new EditError('MASK_MISSING', 'Expected a mask, got none');
  const decoded = await decodeMask(mask, { pictureSize: photo.header.displayed, limits });
  const { format, displayed } = decoded.header;
  const normalised = normaliseMask(decoded.mask, { polarity, isLossy: format === 'jpeg' });
  if (!decoded.isResized) return normalised;
  const { width, height } = photo.header.displayed;
  const resized = `The mask was scaled from ${displayed.width} x ${displayed.height} to ${width} x ${height}.`;
  return { ...normalised, warnings: [resized, ...normalised.warnings] };
}
