import type { Sharp } from 'sharp';
import { EditError } from '../../errors.ts';
import { storedBox, toDisplayed } from '../../pixels/orientation.ts';
import type { Box, Raster, Size } from '../../pixels/raster.ts';
import { rescale } from '../../pixels/resample.ts';
import { decoded } from './decoded.ts';
import type { Header } from './header.ts';
import { sharp } from './loaders.ts';

/** An encoded picture with its header: all that reading and writing need. */
export interface Source {
  readonly bytes: Uint8Array;
  readonly header: Header;
}

/** A part of a source as a small picture of its own: same space, depth and profile, nothing compressed. */
export interface Crop {
  /** In displayed coordinates of the source. */
  readonly box: Box;
  /** H x W x C in the source's own space and depth, as displayed. */
  readonly original: Raster;
  /** The same pixels as an uncompressed TIFF with the source's profile, in stored orientation. */
  readonly file: Uint8Array;
}

/**
 * Decodes one box of the picture, only the rows down to its lower edge. Exact: no profile is applied, no
 * depth reduced.
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

/** The pixels of one box alone, as displayed; otherwise like {@link readCrop}. */
export async function readPixels({ bytes, header }: Source, box: Box): Promise<Raster> {
  const { orientation, stored } = header;
  try {
    return toDisplayed(await rawPixels(bytes, header, storedBox(box, orientation, stored)), orientation);
  } catch (cause) {
    throw undecodable(header, cause);
  }
}

/**
 * The crop as a model sees it: displayed orientation, 8 bit sRGB, no alpha (transparent on white), at `size`.
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

/** Every sample of an encoded picture, or of one part, in stored orientation, exact. */
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

/** A raster of the named channels only. */
function withChannels({ width, height, channels, data }: Raster, picks: readonly number[]): Raster {
  const count = picks.length;
  const out = new (data.constructor as Uint8ArrayConstructor)(width * height * count);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < count; c++) out[i * count + c] = data[i * channels + picks[c]!]!;
  }
  return { width, height, channels: count, data: out };
}

/** Grey is repeated, alpha dropped. */
export function asRgb(raster: Raster): Raster {
  if (raster.channels === 3) return raster;
  return withChannels(raster, raster.channels >= 3 ? [0, 1, 2] : [0, 0, 0]);
}

function undecodable({ format }: Header, cause: unknown): EditError {
  return new EditError(
    'IMAGE_TRUNCATED',
    `Expected a whole ${format} picture, got one whose pixels end early or are damaged`,
    {
      cause,
    },
  );
}
