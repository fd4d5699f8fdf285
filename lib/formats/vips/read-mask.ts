import type { Sharp } from 'sharp';
import { EditError } from '../../errors.ts';
import { type SparseMask, sparseMask, wholeMask } from '../../pixels/boxed-mask.ts';
import { type Orientation, toDisplayed } from '../../pixels/orientation.ts';
import { eightBit, type Mask, type Size, withChannels } from '../../pixels/raster.ts';
import { release } from '../../pixels/release.ts';
import type { Limits } from './header.ts';
import { lateOr } from './loaders.ts';
import { type Carrier, carrierOf } from './mask-carrier.ts';
import { type MaskFile, openMask } from './mask-file.ts';
import type { Source } from './read.ts';
import { decoded } from './samples.ts';

/** A decoded mask: one channel of its own size, turned as its picture is displayed. Not interpreted yet. */
export interface DecodedMask {
  readonly mask: SparseMask;
  readonly format: string;
  readonly carrier: Carrier;
  /** One sentence for each thing about the file that was assumed. */
  readonly warnings: readonly string[];
}

interface MaskOptions {
  /** The picture the mask belongs to. */
  readonly photo: { readonly bytes: Uint8Array; readonly header: PhotoHeader };
  readonly limits: Limits;
  /** False: alpha is never taken for a hole. */
  readonly isGuessed: boolean;
}

type PhotoHeader = Pick<Source['header'], 'displayed' | 'stored' | 'orientation'>;

/**
 * Decodes a mask of any format and kind: grey, colour (by luma), palette, or with the selection in its alpha.
 *
 * @throws {EditError} `MASK_UNREADABLE`, `MASK_SIZE_MISMATCH`, `IMAGE_TOO_LARGE`, `IMAGE_TOO_MANY_PIXELS`.
 */
export async function decodeMask(
  bytes: Uint8Array,
  { photo, limits, isGuessed }: MaskOptions,
): Promise<DecodedMask> {
  const file = await openMask(bytes, limits);
  const { format, hasAlpha } = file.header;
  const { turn, warnings } = layOf(file.header, photo.header);
  try {
    const carrier: Carrier = hasAlpha
      ? await carrierOf(file, { photo: photo.bytes, isGuessed })
      : { channel: 'luma', isHole: false };
    const laid = await oneChannel(file, carrier);
    const mask = turn === 1 ? laid : sparseMask(toDisplayed(wholeMask(laid), turn));
    return { mask, format, carrier, warnings: carrier.isHole ? [...warnings, holeWarning] : warnings };
  } catch (cause) {
    const message = `Expected a whole ${format} mask, got one that cannot be decoded`;
    throw lateOr(new EditError('MASK_UNREADABLE', message, { cause }));
  }
}

const holeWarning =
  'The transparent part of the mask is edited, the opaque part is kept. ' +
  'Set polarity to have the mask read by its colours.';

async function oneChannel(file: MaskFile, carrier: Carrier): Promise<SparseMask> {
  const sparse = file.grey?.();
  if (sparse !== undefined) return sparse;
  const whole = await decodedChannel(file, carrier);
  const mask = sparseMask(whole);
  release(whole.data);
  return mask;
}

async function decodedChannel({ header, open }: MaskFile, { channel }: Carrier): Promise<Mask> {
  if (header.isGrey16) {
    const { width, height, data } = await decoded(inGrey16(open()), 16);
    return { width, height, channels: 1, data: eightBit(data, 65_535) };
  }
  const grey =
    channel === 'alpha'
      ? open().extractChannel('alpha')
      : // Transparent parts select nothing, whatever their colour.
        open().flatten({ background: '#000' }).toColourspace('b-w');
  const raster = await decoded(grey);
  const { width, height, data } = raster.channels === 1 ? raster : withChannels(raster, [0]);
  return { width, height, channels: 1, data: data as Uint8Array };
}

const inGrey16 = (pipeline: Sharp): Sharp => pipeline.pipelineColourspace('grey16').toColourspace('grey16');

/**
 * How to turn a mask so that it lies as its picture is displayed. A mask should be painted on the picture as
 * displayed; programs that ignore the orientation of a photo paint it on the pixels as stored.
 */
function layOf(mask: MaskFile['header'], photo: PhotoHeader) {
  const isUpright = isSameAspect(mask.displayed, photo.displayed);
  // A mask with an orientation of its own has been turned already.
  const fitsStored =
    photo.orientation !== 1 && mask.orientation === 1 && isSameAspect(mask.displayed, photo.stored);
  if (!isUpright && !fitsStored) throw sizeMismatch(mask.displayed, photo.displayed);
  const turn: Orientation = isUpright ? 1 : photo.orientation;
  const warnings = fitsStored ? [isUpright ? uprightWarning : storedWarning] : [];
  return { turn, warnings };
}

const uprightWarning =
  'The photo is stored turned or mirrored. The mask was taken as painted on the photo as displayed: its size ' +
  'does not tell.';
const storedWarning =
  'The mask has the size of the photo as stored, on its side, so it was turned like the photo.';

/** One side may differ by the pixel that a scaled export rounds. */
function isSameAspect(mask: Size, picture: Size): boolean {
  const expectedHeight = (mask.width * picture.height) / picture.width;
  const expectedWidth = (mask.height * picture.width) / picture.height;
  return Math.abs(expectedHeight - mask.height) <= 1 || Math.abs(expectedWidth - mask.width) <= 1;
}

function sizeMismatch(mask: Size, picture: Size): EditError {
  const isTurned = mask.width === picture.height && mask.height === picture.width;
  return new EditError(
    'MASK_SIZE_MISMATCH',
    `Expected a mask of ${picture.width} x ${picture.height} or the same aspect, got ${mask.width} x ${mask.height}` +
      (isTurned ? ': the mask lies on its side; paint it on the picture as it is displayed' : ''),
  );
}
