import type { Sharp } from 'sharp';
import { EditError } from '../../errors.ts';
import { storedBox, toDisplayed } from '../../pixels/orientation.ts';
import type { Box, Raster, Size } from '../../pixels/raster.ts';
import { rescale } from '../../pixels/resample.ts';
import type { Header } from './header.ts';
import { lateOr, sharp } from './loaders.ts';
import { decoded } from './samples.ts';

/** An encoded picture and its header. */
export interface Source {
  readonly bytes: Uint8Array;
  readonly header: Header;
}

/** A part of a photo as a picture of its own: same space, depth and profile. */
export interface Crop {
  /** In displayed coordinates of the source. */
  readonly box: Box;
  /** H x W x C in the source's own space and depth, as displayed. */
  readonly original: Raster;
  /** The same pixels as an uncompressed TIFF with the source's profile, in stored orientation. */
  readonly file: Uint8Array;
}

/**
 * Decodes one box of the picture, and only the rows down to its lower edge. Exact: no profile is applied and
 * the depth stays.
 *
 * @throws {EditError} `IMAGE_TRUNCATED` when the pixels cannot be decoded.
 */
export async function readCrop({ bytes, header }: Source, box: Box): Promise<Crop> {
  try {
    const cut = sharp(bytes, { limitInputPixels: false, ignoreIcc: false, sequentialRead: true })
      .extract(storedBox(box, header.orientation, header.stored))
      .keepIccProfile();
    const file = await inOwnSpace(cut, header).tiff({ compression: 'none' }).toBuffer();
    return { box, original: toDisplayed(await rawPixels(file, header), header.orientation), file };
  } catch (cause) {
    throw undecodable(header, cause);
  }
}

/** Decodes the pixels of one box, as displayed; otherwise like {@link readCrop}. */
export async function readPixels({ bytes, header }: Source, box: Box): Promise<Raster> {
  const { orientation, stored } = header;
  try {
    return toDisplayed(await rawPixels(bytes, header, storedBox(box, orientation, stored)), orientation);
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

/** Keeps the pipeline in the picture's own colour space: sharp would otherwise convert to sRGB, 8 bit. */
export function inOwnSpace(pipeline: Sharp, { space }: Pick<Header, 'space'>): Sharp {
  return pipeline.pipelineColourspace(space).toColourspace(space);
}

/** Decodes every sample of a picture, or of one part, in stored orientation. Exact. */
export async function rawPixels(
  file: Uint8Array,
  header: Pick<Header, 'space' | 'channels' | 'depth'>,
  part?: Box,
): Promise<Raster> {
  // sharp drops the alpha of 8 bit grey in raw output; as RGBA nothing is lost.
  const isGreyAlpha = header.space === 'b-w' && header.channels === 2;
  const space = isGreyAlpha ? 'srgb' : header.space;
  const whole = sharp(file, { limitInputPixels: false, ignoreIcc: true, sequentialRead: true });
  const raster = await decoded(inOwnSpace(part ? whole.extract(part) : whole, { space }), header.depth);
  return isGreyAlpha ? withChannels(raster, [0, 3]) : raster;
}

/** Picks channels of a raster. */
export function withChannels({ width, height, channels, data }: Raster, picks: readonly number[]): Raster {
  const count = picks.length;
  const out = new (data.constructor as Uint8ArrayConstructor)(width * height * count);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < count; c++) out[i * count + c] = data[i * channels + picks[c]!]!;
  }
  return { width, height, channels: count, data: out };
}

/** Converts to three channels: repeats grey, drops alpha. */
export function asRgb(raster: Raster): Raster {
  if (raster.channels === 3) return raster;
  return withChannels(raster, raster.channels >= 3 ? [0, 1, 2] : [0, 0, 0]);
}

function undecodable({ format }: Header, cause: unknown): EditError {
  const message = `Expected a whole ${format} picture, got one whose pixels end early or are damaged`;
  return lateOr(new EditError('IMAGE_TRUNCATED', message, { cause }));
}
