import { EditError } from '../errors.ts';
import { formatNamed, inspectContainer } from '../formats/formats.ts';
import { type Limits, readHeader } from '../formats/vips/header.ts';
import type { Source } from '../formats/vips/read.ts';
import { type DecodedMask, decodeMask } from '../formats/vips/read-mask.ts';
import { release } from '../formats/vips/samples.ts';
import { type BoxedMask, boxedMask } from '../pixels/boxed-mask.ts';
import { type NormalisedMask, normaliseMask } from '../pixels/normalise-mask.ts';
import type { EditRequest } from '../requests/edit-request.ts';

/** Reads the header of a picture and checks its limits; decodes no pixel. */
export async function readPhoto(bytes: Uint8Array, limits: Limits): Promise<Source> {
  return { bytes, header: await readHeader(bytes, limits, { inspect: inspectContainer }) };
}

type MaskOptions = Pick<EditRequest, 'maskMode' | 'polarity'>;

/** The user's mask: 255 = edit, in displayed pixels of the picture. */
export interface GivenMask extends Omit<NormalisedMask, 'mask'> {
  readonly mask: BoxedMask;
}

/**
 * Decodes the user's mask at the size of the picture, and keeps the part that selects something.
 *
 * @returns `undefined` when the request lets the model choose the mask.
 * @throws {EditError} `MASK_MISSING`, or what is wrong with the mask.
 */
export async function readMask(
  { mask, request }: { readonly mask: Uint8Array | undefined; readonly request: MaskOptions },
  photo: Source,
  limits: Limits,
): Promise<GivenMask | undefined> {
  if (request.maskMode !== 'user') return undefined;
  if (mask === undefined) throw new EditError('MASK_MISSING', 'Expected a mask, got none');
  const decoded = await decodeMask(mask, { pictureSize: photo.header.displayed, limits });
  const { displayed } = decoded.header;
  const normalised = normaliseMask(decoded.mask, {
    polarity: request.polarity,
    isLossy: isLossy(mask, decoded),
  });
  // normaliseMask refuses an empty mask.
  const given = { ...normalised, mask: boxedMask(normalised.mask)! };
  for (const { data } of [decoded.mask, normalised.mask]) release(data);
  if (!decoded.isResized) return given;
  const { width, height } = photo.header.displayed;
  const from = `${displayed.width} x ${displayed.height}`;
  const resized = `The mask was scaled from ${from} to ${width} x ${height}.`;
  return { ...given, warnings: [resized, ...given.warnings] };
}

/** True when the file's codec adds noise around the edges of the selection. */
function isLossy(bytes: Uint8Array, { header, carrier }: DecodedMask): boolean {
  return formatNamed(header.format).isLossyMask?.(bytes, carrier) ?? false;
}
