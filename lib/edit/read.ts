import { EditError } from '../errors.ts';
import type { Checked } from '../formats/format.ts';
import { formatNamed, inspectContainer, isLossyMask } from '../formats/formats.ts';
import { type Limits, readHeader } from '../formats/vips/header.ts';
import { type Crop, readCrop, type Source } from '../formats/vips/read.ts';
import { decodeMask } from '../formats/vips/read-mask.ts';
import { sizeOf } from '../pixels/box.ts';
import { type BoxedMask, boxedMask, type SparseMask, wholeMask } from '../pixels/boxed-mask.ts';
import { countAbove0 } from '../pixels/mask.ts';
import { type NormalisedMask, normaliseMask, percent, suspiciousCoverage } from '../pixels/normalise-mask.ts';
import { storedBox } from '../pixels/orientation.ts';
import type { Box, Mask, Size } from '../pixels/raster.ts';
import { release } from '../pixels/release.ts';
import { rescale } from '../pixels/resample.ts';
import type { EditRequest } from '../requests/edit-request.ts';

/** Reads the header of a picture and checks its limits; decodes no pixel. */
export async function readPhoto(bytes: Uint8Array, limits: Limits): Promise<Source> {
  return { bytes, header: await readHeader(bytes, limits, { inspect: inspectContainer }) };
}

/**
 * Reads a photo to its end where its format can be damaged unseen.
 *
 * @throws {EditError} `IMAGE_TRUNCATED` or `IMAGE_UNREADABLE`.
 */
export async function checkPhoto(photo: Source): Promise<Checked> {
  return (await formatNamed(photo.header.format).check?.(photo)) ?? { notes: [] };
}

/** Decodes a box of a photo, from a smaller file where its format can cut one out. @throws as `readCrop`. */
export async function readCropOf(photo: Source, box: Box): Promise<Crop> {
  const { format, orientation, stored } = photo.header;
  return readCrop(photo, box, formatNamed(format).cut?.(photo, storedBox(box, orientation, stored)));
}

/** What is known of a mask beside the file. */
export interface MaskTrust {
  /** True when the request names its polarity itself: then nothing is guessed. */
  readonly isPolarityGiven?: boolean;
  /** True where nobody looks at the result at once: a mask that is probably inverted is refused. */
  readonly refusesSuspicious?: boolean;
}

interface MaskInput extends MaskTrust {
  readonly mask: Uint8Array | undefined;
  readonly request: Pick<EditRequest, 'maskMode' | 'polarity' | 'mode'>;
}

/** As much of a photo as a mask is read with. */
interface MaskedPhoto {
  readonly bytes: Uint8Array;
  readonly header: Pick<Source['header'], 'displayed' | 'stored' | 'orientation'>;
}

/** The user's mask: 255 = edit, in displayed pixels of the picture. */
export type GivenMask = NormalisedMask;

/**
 * Decodes the user's mask at the size of the picture, and keeps the part that selects something.
 *
 * @returns `undefined` when the request lets the model choose the mask.
 * @throws {EditError} `MASK_MISSING`, `MASK_SUSPICIOUS`, or what is wrong with the mask.
 */
export async function readMask(
  input: MaskInput,
  photo: MaskedPhoto,
  limits: Limits,
): Promise<GivenMask | undefined> {
  const { mask: bytes, request } = input;
  if (request.maskMode !== 'user') return undefined;
  // Browsers send an empty file for a field that was left out.
  if (bytes === undefined || bytes.length === 0)
    throw new EditError('MASK_MISSING', `Expected a mask, got ${bytes ? 'an empty file' : 'none'}`);
  const isGiven = isPolarityGiven(input);
  const decoded = await decodeMask(bytes, { photo, limits, isGuessed: !isGiven });
  const { mask, coverage, warnings } = normaliseMask(decoded.mask, {
    polarity: decoded.carrier.isHole ? 'black' : isGiven ? request.polarity : undefined,
    isLossy: isLossyMask(decoded.format, bytes, decoded.carrier.channel),
  });
  if (coverage > suspiciousCoverage && request.mode === 'removal' && input.refusesSuspicious && !isGiven)
    throw suspicious(coverage);
  const given = sizedTo(photo.header.displayed, { ...sizeOf(decoded.mask), part: mask });
  return {
    coverage,
    ...given,
    warnings: [...decoded.warnings, ...(given.warnings ?? []), ...warnings],
  };
}

/** Black is never a default. */
const isPolarityGiven = ({ isPolarityGiven, request }: MaskInput): boolean =>
  isPolarityGiven === true || request.polarity === 'black';

function suspicious(coverage: number): EditError {
  return new EditError(
    'MASK_SUSPICIOUS',
    `Expected a mask of at most ${percent(suspiciousCoverage)} of the picture, got ${percent(coverage)}: ` +
      'it may be inverted',
    { details: { maskCoverage: coverage } },
  );
}

function sizedTo(
  size: Size,
  own: SparseMask & { readonly part: BoxedMask },
): Pick<GivenMask, 'mask'> & Partial<Pick<GivenMask, 'coverage' | 'warnings'>> {
  if (own.width === size.width && own.height === size.height) return { mask: own.part };
  const whole = wholeMask(own);
  // Averaging does not overshoot: nothing outside the selection becomes selected.
  const scaled: Mask = { ...rescale(whole, size, 'area'), channels: 1 };
  const mask = boxedMask(scaled);
  for (const { data } of [whole, scaled]) release(data);
  const [from, to] = [own, size].map(({ width, height }) => `${width} x ${height}`);
  if (mask === undefined)
    throw new EditError('MASK_EMPTY', `Expected a white area that is left at ${to}, got none`);
  const coverage = countAbove0(mask.mask) / (size.width * size.height);
  return { mask, coverage, warnings: [`The mask was scaled from ${from} to ${to}.`] };
}
