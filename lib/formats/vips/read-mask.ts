import type { Sharp } from 'sharp';
import { EditError } from '../../errors.ts';
import type { Mask, Size } from '../../pixels/raster.ts';
import { rescale } from '../../pixels/resample.ts';
import { decoded } from './decoded.ts';
import { type Header, type Limits, readHeader } from './header.ts';
import { sharp } from './loaders.ts';

/** A mask as decoded: one channel at the displayed size of its picture, before any value is interpreted. */
export interface DecodedMask {
  readonly mask: Mask;
  readonly header: Header;
  /** Where the file keeps its selection. */
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
 * Decodes a mask of any format and kind: grey, colour (by luma), palette, or one whose selection is its alpha.
 *
 * @throws {EditError} `MASK_UNREADABLE`, `MASK_SIZE_MISMATCH`, `FORMAT_UNSUPPORTED`, `IMAGE_TOO_LARGE`,
 * `IMAGE_TOO_MANY_PIXELS`.
 */
export async function decodeMask(
  bytes: Uint8Array,
  { pictureSize, limits }: MaskOptions,
): Promise<DecodedMask> {
  const header = await readHeader(bytes, limits, 'mask');
  const isResized = !isEqual(header.displayed, pictureSize);
  if (isResized) assertSameAspect(header.displayed, pictureSize);
  try {
    const carrier = header.hasAlpha ? await carrierOf(bytes) : 'luma';
    const upright = sharp(bytes, { limitInputPixels: false, autoOrient: true });
    const grey = oneChannel(upright, carrier);
    const own = await firstChannel(grey);
    // No overshoot: nothing outside the selection becomes selected.
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

/** Transparent masks come from editors that erase or paint on nothing: if the colours say nothing, alpha does. */
async function carrierOf(bytes: Uint8Array): Promise<'luma' | 'alpha'> {
  const { channels } = await sharp(bytes, { limitInputPixels: false }).stats();
  const alpha = channels.at(-1);
  if (alpha === undefined || alpha.min === alpha.max) return 'luma';
  const isFlat = channels.slice(0, -1).every(({ min, max }) => max - min <= flatRange);
  return isFlat ? 'alpha' : 'luma';
}

/** Colours within this range of each other, 0..255, are one colour. */
const flatRange = 8;

function oneChannel(pipeline: Sharp, carrier: 'luma' | 'alpha'): Sharp {
  if (carrier === 'alpha') return pipeline.extractChannel('alpha');
  // Transparent parts select nothing, whatever colour lies under them.
  return pipeline.flatten({ background: '#000' }).toColourspace('b-w');
}

async function firstChannel(pipeline: Sharp): Promise<Mask> {
  const raster = await decoded(pipeline);
  const { width, height, channels } = raster;
  const data = raster.data as Uint8Array;
  if (channels === 1) return { width, height, channels: 1, data };
  const out = new Uint8Array(width * height);
  for (let i = 0; i < out.length; i++) out[i] = data[i * channels]!;
  return { width, height, channels: 1, data: out };
}

function isEqual(a: Size, b: Size): boolean {
  return a.width === b.width && a.height === b.height;
}

/** The mask's other side may be off by the one pixel that rounding a scaled export costs. */
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
