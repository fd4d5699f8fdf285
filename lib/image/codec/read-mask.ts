import type { Sharp } from 'sharp';
import { EditError } from '../../errors.ts';
import type { Box, Mask, Raster, Size } from '../raster.ts';
import { type Header, type Limits, readHeader } from './header.ts';
import { sharp } from './loaders.ts';

/** Where a mask file keeps its selection. */
export type MaskCarrier = 'luma' | 'alpha';

/** A mask file that has been opened, not yet decoded: only the parts asked for ever are. */
export interface MaskFile {
  /** The size of the displayed picture; the file itself may differ by a rounding of its scale. */
  readonly size: Size;
  /** True when the file had another size and is scaled to the picture's. */
  readonly isResized: boolean;
  readonly header: Header;
  readonly carrier: MaskCarrier;
  /** 255 = edit, at 1/`overviewScale` of the size, averaged: anything visible is above 0. */
  readonly overview: Mask;
  /** 255 = edit, exact, for one box in displayed coordinates. */
  region(box: Box): Promise<Mask>;
}

export const overviewScale = 8;

export interface MaskOptions {
  /** The displayed size of the picture the mask belongs to. */
  readonly pictureSize: Size;
  /** `black`: black is edited, white kept. */
  readonly polarity: 'white' | 'black';
  readonly limits: Limits;
}

/**
 * Opens a mask of any format and kind: grey, colour (by luma), palette, or one whose selection is its alpha.
 *
 * @throws {EditError} `MASK_UNREADABLE`, `MASK_SIZE_MISMATCH`, and those of {@link readHeader}.
 */
export async function openMask(bytes: Uint8Array, options: MaskOptions): Promise<MaskFile> {
  const { pictureSize, polarity, limits } = options;
  const header = await readHeader(bytes, limits, 'mask');
  const isResized = !isEqual(header.displayed, pictureSize);
  if (isResized) assertSameAspect(header.displayed, pictureSize);
  try {
    const carrier = header.hasAlpha ? await carrierOf(bytes) : 'luma';
    const decode = (): Sharp =>
      oneChannel(sharp(bytes, { limitInputPixels: false, autoOrient: true }), carrier);
    const small = {
      width: Math.ceil(pictureSize.width / overviewScale),
      height: Math.ceil(pictureSize.height / overviewScale),
    };
    return {
      size: pictureSize,
      isResized,
      header,
      carrier,
      // `linear` rounds the shrunken average: never below the darkest or above the brightest pixel.
      overview: await grey(decode().resize({ ...small, fit: 'fill', kernel: 'linear' }), polarity),
      region: async (box) => {
        const whole = isResized
          ? decode().resize({ ...pictureSize, fit: 'fill', kernel: 'linear' })
          : decode();
        return grey(whole.extract(box), polarity);
      },
    };
  } catch (cause) {
    throw new EditError(
      'MASK_UNREADABLE',
      `Expected a whole ${header.format} mask, got one that cannot be decoded`,
      { cause },
    );
  }
}

/** Transparent masks come from editors that erase or paint on nothing: if the colours say nothing, alpha does. */
async function carrierOf(bytes: Uint8Array): Promise<MaskCarrier> {
  const { channels } = await sharp(bytes, { limitInputPixels: false }).stats();
  const alpha = channels.at(-1);
  if (alpha === undefined || alpha.min === alpha.max) return 'luma';
  const isFlat = channels.slice(0, -1).every(({ min, max }) => max - min <= flatRange);
  return isFlat ? 'alpha' : 'luma';
}

/** Colours within this range of each other, 0..255, are one colour. */
const flatRange = 8;

function oneChannel(pipeline: Sharp, carrier: MaskCarrier): Sharp {
  if (carrier === 'alpha') return pipeline.extractChannel('alpha');
  // Transparent parts select nothing, whatever colour lies under them.
  return pipeline.flatten({ background: '#000' }).toColourspace('b-w');
}

async function grey(pipeline: Sharp, polarity: 'white' | 'black'): Promise<Mask> {
  const { data, info } = await pipeline.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  const mask = firstChannel({ width: info.width, height: info.height, channels: info.channels, data });
  if (polarity === 'black') for (let i = 0; i < mask.data.length; i++) mask.data[i] = 255 - mask.data[i]!;
  return mask;
}

function firstChannel({ width, height, channels, data }: Raster): Mask {
  const bytes = data as Uint8Array;
  if (channels === 1) return { width, height, channels: 1, data: bytes };
  const out = new Uint8Array(width * height);
  for (let i = 0; i < out.length; i++) out[i] = bytes[i * channels]!;
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
