import type { Sharp } from 'sharp';
import { EditError } from '../../errors.ts';
import { storedBox, toDisplayed } from '../orientation.ts';
import type { Box, Raster, Size } from '../raster.ts';
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

/**
 * The crop as a model sees it: displayed orientation, 8 bit sRGB, no alpha (transparent on white), at `size`.
 *
 * @returns `size.height` x `size.width` x 3.
 */
export async function readCropAsSrgb({ file }: Crop, { orientation }: Header, size: Size): Promise<Raster> {
  const turned = turnedUpright(sharp(file, { limitInputPixels: false }), orientation);
  const upright =
    orientation === 1
      ? turned
      : sharp(await turned.keepIccProfile().tiff({ compression: 'none' }).toBuffer());
  const { data, info } = await upright
    .flatten({ background: '#fff' })
    .resize({ ...size, fit: 'fill', kernel: 'lanczos3' })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return asRgb({ width: info.width, height: info.height, channels: info.channels, data });
}

/** An encoded answer of a model -> H x W x 3, 8 bit sRGB, at its own size. */
export async function decodeAnswer(bytes: Uint8Array): Promise<Raster> {
  try {
    const { data, info } = await sharp(bytes, { limitInputPixels: maxAnswerPixels, failOn: 'truncated' })
      .flatten({ background: '#fff' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return asRgb({ width: info.width, height: info.height, channels: info.channels, data });
  } catch (cause) {
    throw new EditError(
      'ENGINE_BAD_REPLY',
      `Expected the model to answer a whole picture, got ${bytes.length} bytes that are none`,
      {
        cause,
      },
    );
  }
}

/** The largest model answer known is 6,336 x 2,688 (21:9 at 4K). */
const maxAnswerPixels = 64_000_000;

/** Keeps the pipeline in the picture's own colour space: sharp would otherwise convert to sRGB, 8 bit. */
export function inOwnSpace(pipeline: Sharp, { space }: Pick<Header, 'space'>): Sharp {
  return pipeline.pipelineColourspace(space).toColourspace(space);
}

/** Every sample of an encoded picture in stored orientation, exact. */
export async function rawPixels(
  file: Uint8Array,
  header: Pick<Header, 'space' | 'channels' | 'depth'>,
): Promise<Raster> {
  // sharp drops the alpha of 8 bit grey in raw output; as RGBA nothing is lost.
  const isGreyAlpha = header.space === 'b-w' && header.channels === 2;
  const space = isGreyAlpha ? 'srgb' : header.space;
  const { data, info } = await inOwnSpace(sharp(file, { limitInputPixels: false, ignoreIcc: true }), {
    space,
  })
    .raw({ depth: header.depth === 16 ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const samples = header.depth === 16 ? asUint16(data) : data;
  const raster = { width: info.width, height: info.height, channels: info.channels, data: samples };
  return isGreyAlpha ? withChannels(raster, [0, 3]) : raster;
}

function asUint16(bytes: Uint8Array): Uint16Array {
  return bytes.byteOffset % 2 === 0
    ? new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)
    : new Uint16Array(bytes.slice().buffer);
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

function asRgb(raster: Raster): Raster {
  if (raster.channels === 3) return raster;
  return withChannels(raster, raster.channels >= 3 ? [0, 1, 2] : [0, 0, 0]);
}

/** sharp's own turning of stored pixels, for pictures that go on in a sharp pipeline. */
function turnedUpright(pipeline: Sharp, orientation: Header['orientation']): Sharp {
  const turns: Record<Header['orientation'], (s: Sharp) => Sharp> = {
    1: (s) => s,
    2: (s) => s.flop(),
    3: (s) => s.rotate(180),
    4: (s) => s.flip(),
    5: (s) => s.rotate(90).flop(),
    6: (s) => s.rotate(90),
    7: (s) => s.rotate(270).flop(),
    8: (s) => s.rotate(270),
  };
  return turns[orientation](pipeline);
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
