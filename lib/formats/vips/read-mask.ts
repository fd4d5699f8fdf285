import type { Sharp } from 'sharp';
import { EditError } from '../../errors.ts';
import type { Mask, Size } from '../../pixels/raster.ts';
import { rescale } from '../../pixels/resample.ts';
import { type Header, type Limits, readHeader } from './header.ts';
import { sharp } from './loaders.ts';
import { withChannels } from './read.ts';
import { decoded } from './samples.ts';

/** A decoded mask: one channel at the displayed size of its picture. Its values are not interpreted yet. */
export interface DecodedMask {
  readonly mask: Mask;
  readonly header: Header;
  /** The channel of the file that holds the selection. */
  readonly carrier: 'luma' | 'alpha';
  /** True when the file had another size of the same aspect. */
  readonly isResized: boolean;
}

interface MaskOptions {
  /** The displayed size of the picture the mask belongs to. */
  readonly pictureSize: Size;
  readonly limits: Limits;
}

/**
 * Decodes a mask of any format and kind: grey, colour (by luma), palette, or with the selection in its alpha.
 *
 * @throws {EditError} `MASK_UNREADABLE`, `MASK_SIZE_MISMATCH`, `FORMAT_UNSUPPORTED`, `IMAGE_TOO_LARGE`,
 * `IMAGE_TOO_MANY_PIXELS`.
 */
export async function decodeMask(
  bytes: Uint8Array,
  { pictureSize, limits }: MaskOptions,
): Promise<DecodedMask> {
  const header = await readHeader(bytes, limits, { role: 'mask' });
  const { width, height } = header.displayed;
  const isResized = width !== pictureSize.width || height !== pictureSize.height;
  if (isResized) assertSameAspect(header.displayed, pictureSize);
  try {
    const carrier = header.hasAlpha ? await carrierOf(bytes) : 'luma';
    const upright = sharp(bytes, { limitInputPixels: false, autoOrient: true });
    const grey = oneChannel(upright, carrier);
    const own = await firstChannel(grey);
    // Averaging does not overshoot: nothing outside the selection becomes selected.
    const mask: Mask = isResized ? { ...rescale(own, pictureSize, 'area'), channels: 1 } : own;
    return { mask, header, carrier, isResized };
  } catch (cause) {
    throw new EditError(
      'MASK_UNREADABLE',
      `Expected a whole ${header.format} mask, got one that cannot be decoded`,
      {
        cause,
      },
    );
  }
}

/** Editors that erase write transparent masks. Alpha is the selection when the colours are all the same. */
async function carrierOf(bytes: Uint8Array): Promise<'luma' | 'alpha'> {
  const { channels } = await sharp(bytes, { limitInputPixels: false }).stats();
  const alpha = channels.at(-1);
  if (alpha === undefined || alpha.min === alpha.max) return 'luma';
  const isFlat = channels.slice(0, -1).every(({ min, max }) => max - min <= flatRange);
  return isFlat ? 'alpha' : 'luma';
}

/** Colours that differ by no more than this, of 255, count as one colour. */
const flatRange = 8;

function oneChannel(pipeline: Sharp, carrier: 'luma' | 'alpha'): Sharp {
  if (carrier === 'alpha') return pipeline.extractChannel('alpha');
  // Transparent parts select nothing, whatever their colour.
  return pipeline.flatten({ background: '#000' }).toColourspace('b-w');
}

async function firstChannel(pipeline: Sharp): Promise<Mask> {
  const raster = await decoded(pipeline);
  const { width, height, data } = raster.channels === 1 ? raster : withChannels(raster, [0]);
  return { width, height, channels: 1, data: data as Uint8Array };
}

/** One side may differ by the pixel that a scaled export rounds. */
function assertSameAspect(mask: Size, picture: Size): void {
  const expectedHeight = (mask.width * picture.height) / picture.width;
  const expectedWidth = (mask.height * picture.width) / picture.height;
  const isClose = Math.abs(expectedHeight - mask.height) <= 1 || Math.abs(expectedWidth - mask.width) <= 1;
  if (isClose) return;
  const isTurned = mask.width === picture.height && mask.height === picture.width;
  throw new EditError(
    'MASK_SIZE_MISMATCH',
    `Expected a mask of ${picture.width} x ${picture.height} or the same aspect, got ${mask.width} x ${mask.height}` +
      (isTurned ? ': the mask lies on its side; paint it on the picture as it is displayed' : ''),
  );
}
