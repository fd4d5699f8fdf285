import type { Sharp } from 'sharp';
import { EditError } from '../../errors.ts';
import { storedBox, toDisplayed } from '../../pixels/orientation.ts';
import { type Box, type Raster, type Size, withChannels } from '../../pixels/raster.ts';
import { release } from '../../pixels/release.ts';
import { rescale } from '../../pixels/resample.ts';
import type { Header } from './header.ts';
import { lateOr, sharp } from './loaders.ts';
import { decoded, samplesIn } from './samples.ts';

/**
 * What of a photo's damage libvips refuses.
 *
 * A warning is no damage: the report names it. `error` refuses pixels that end early. Of a JPEG libvips would
 * refuse a missing end and accept damaged blocks: its scans are read by our own code before.
 */
export const refusedDamage = (format: string | undefined): 'none' | 'error' | 'warning' => {
  if (format === 'jpeg') return 'none';
  return format === 'avif' ? 'warning' : 'error';
};

/** Whole files are read once, from top to bottom. */
export const photoInput = (format: string | undefined) =>
  ({ limitInputPixels: false, sequentialRead: true, failOn: refusedDamage(format) }) as const;

/** An encoded picture and its header. */
export interface Source {
  readonly bytes: Uint8Array;
  readonly header: Header;
}

/** A small file that holds a part of a photo. */
export interface Cut {
  /** In memory of its own, which is free once the part is decoded. */
  readonly bytes: Uint8Array;
  /** Where the part lies in it. */
  readonly box: Box;
}

/** A part of a photo as a picture of its own: same space, depth and profile. */
export interface Crop {
  /** In displayed coordinates of the source. */
  readonly box: Box;
  /** H x W x C in the source's own space and depth, as displayed. */
  readonly original: Raster;
  /**
   * The same pixels as an uncompressed TIFF with the source's profile, in stored orientation. Where nothing
   * is turned, `original` lies in its memory.
   */
  readonly file: Uint8Array;
}

/**
 * Decodes one box of the picture, and only the rows down to its lower edge. Exact: no profile is applied and
 * the depth stays.
 *
 * @param cut a smaller file to read the box from.
 * @throws {EditError} `IMAGE_TRUNCATED` when the pixels cannot be decoded.
 */
export async function readCrop({ bytes, header }: Source, box: Box, cut?: Cut): Promise<Crop> {
  const from = cut ?? { bytes, box: storedBox(box, header.orientation, header.stored) };
  try {
    const part = sharp(from.bytes, { ...photoInput(header.format), ignoreIcc: false })
      .extract(from.box)
      .keepIccProfile();
    const file = await inOwnSpace(part, header).tiff({ compression: 'none' }).toBuffer();
    if (cut !== undefined) release(cut.bytes);
    return { box, original: toDisplayed(pixelsIn(file, from.box, header), header.orientation), file };
  } catch (cause) {
    throw undecodable(header, cause);
  }
}

/** Where libvips puts the samples of an uncompressed TIFF, all in one piece. */
const samplesAt = 8;

function pixelsIn(file: Buffer, { width, height }: Size, { channels, depth }: Header): Raster {
  const end = samplesAt + (width * height * channels * depth) / 8;
  return { width, height, channels, data: samplesIn(file.subarray(samplesAt, end), depth) };
}

/** Decodes the pixels of one box, as displayed; otherwise like {@link readCrop}. */
export async function readPixels({ bytes, header }: Source, box: Box, cut?: Cut): Promise<Raster> {
  const { orientation, stored } = header;
  const from = cut ?? { bytes, box: storedBox(box, orientation, stored) };
  try {
    const pixels = await rawPixels(from.bytes, header, from.box);
    if (cut !== undefined) release(cut.bytes);
    return toDisplayed(pixels, orientation);
  } catch (cause) {
    throw undecodable(header, cause);
  }
}

/**
 * Converts a crop for a model: displayed orientation, 8 bit sRGB, transparency on white, at `size`.
 *
 * @returns `size.height` x `size.width` x 3.
 */
export async function readCropAsSrgb(
  { file, box }: Crop,
  { orientation }: Header,
  size: Size,
): Promise<Raster> {
  const isLarger = size.width > box.width || size.height > box.height;
  const { width, height } = isLarger ? box : size;
  const isTurned = orientation >= 5;
  const sized = sharp(file, { limitInputPixels: false })
    .flatten({ background: '#fff' })
    .resize({
      width: isTurned ? height : width,
      height: isTurned ? width : height,
      fit: 'fill',
      kernel: 'lanczos3',
    })
    .toColourspace('srgb');
  const seen = toDisplayed(asRgb(await decoded(sized)), orientation);
  return isLarger ? rescale(seen, size) : seen;
}

/**
 * Converts a whole photo for a finder of masks: upright, 8 bit sRGB, transparency on white, at a size that is
 * at most its own.
 *
 * @returns `size.height` x `size.width` x 3.
 * @throws {EditError} `IMAGE_TRUNCATED` when the pixels cannot be decoded.
 */
export async function readWholeAsSrgb({ bytes, header }: Source, { width, height }: Size): Promise<Raster> {
  const isTurned = header.orientation >= 5;
  try {
    const sized = sharp(bytes, photoInput(header.format))
      .flatten({ background: '#fff' })
      .resize({ width: isTurned ? height : width, height: isTurned ? width : height, fit: 'fill' })
      .toColourspace('srgb');
    return toDisplayed(asRgb(await decoded(sized)), header.orientation);
  } catch (cause) {
    throw undecodable(header, cause);
  }
}

/** The brightness of one box, as displayed: H x W x 1, 8 bit. Not exact: it only guides. */
export async function readLuma({ bytes, header }: Source, box: Box): Promise<Raster> {
  const { orientation, stored } = header;
  try {
    const cut = sharp(bytes, photoInput(header.format))
      .extract(storedBox(box, orientation, stored))
      .flatten({ background: '#fff' })
      .toColourspace('b-w');
    return toDisplayed(withChannels(await decoded(cut), [0]), orientation);
  } catch (cause) {
    throw undecodable(header, cause);
  }
}

/** Keeps the pipeline in the picture's own colour space: sharp would otherwise convert to sRGB, 8 bit. */
export function inOwnSpace(pipeline: Sharp, { space }: Pick<Header, 'space'>): Sharp {
  return pipeline.pipelineColourspace(space).toColourspace(space);
}

/** Decodes every sample of a picture, or of one part, in stored orientation. Exact. */
export async function rawPixels(
  file: Uint8Array,
  header: Pick<Header, 'space' | 'channels' | 'depth'> & Partial<Header>,
  part?: Box,
): Promise<Raster> {
  // sharp drops the alpha of 8 bit grey in raw output; as RGBA nothing is lost.
  const isGreyAlpha = header.space === 'b-w' && header.channels === 2;
  const space = isGreyAlpha ? 'srgb' : header.space;
  const whole = sharp(file, { ...photoInput(header.format), ignoreIcc: true });
  const raster = await decoded(inOwnSpace(part ? whole.extract(part) : whole, { space }), header.depth);
  return isGreyAlpha ? withChannels(raster, [0, 3]) : raster;
}

/** Converts to three channels: repeats grey, drops alpha. */
export function asRgb(raster: Raster): Raster {
  if (raster.channels === 3) return raster;
  return withChannels(raster, raster.channels >= 3 ? [0, 1, 2] : [0, 0, 0]);
}

/**
 * Decodes a picture to its last row.
 *
 * @param refused the least that is refused: `warning` takes every word of the decoder for damage.
 * @throws {EditError} `IMAGE_TRUNCATED`.
 */
export async function assertDecodes({ bytes, header }: Source, refused: 'error' | 'warning'): Promise<void> {
  const lastPixel = { left: 0, top: header.stored.height - 1, width: 1, height: 1 };
  const strict = { ...photoInput(header.format), failOn: refused, ignoreIcc: true } as const;
  try {
    await decoded(inOwnSpace(sharp(bytes, strict).extract(lastPixel), header), header.depth);
  } catch (cause) {
    throw undecodable(header, cause);
  }
}

/** What the failed decoding of a picture means. */
export function undecodable({ format }: Pick<Header, 'format'>, cause: unknown): EditError {
  const message = `Expected a whole ${format} picture, got one whose pixels end early or are damaged`;
  return lateOr(new EditError('IMAGE_TRUNCATED', message, { cause }));
}
