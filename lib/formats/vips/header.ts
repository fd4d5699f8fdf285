import type { Metadata } from 'sharp';
import { EditError } from '../../errors.ts';
import type { Orientation } from '../../pixels/orientation.ts';
import type { Size } from '../../pixels/raster.ts';
import { isAvif } from '../avif/boxes.ts';
import { isOffered, openAvif, sharp } from './loaders.ts';

/** Colour spaces that can be kept exactly, by their names in libvips. */
export type Space = 'b-w' | 'srgb' | 'grey16' | 'rgb16' | 'cmyk';

/** What the header of a file says, before any pixel is decoded. */
export interface Header {
  /** The name of a format in the table of formats. */
  readonly format: string;
  /** Size in pixels, as stored. */
  readonly stored: Size;
  /** Size in pixels, as displayed after the EXIF orientation. */
  readonly displayed: Size;
  /** EXIF orientation; 1 when absent. */
  readonly orientation: Orientation;
  readonly space: Space;
  /** Decoded samples per pixel, alpha included: 1 to 4. */
  readonly channels: number;
  /** Bits per sample. */
  readonly depth: 8 | 16;
  readonly hasAlpha: boolean;
  /** The embedded ICC profile. */
  readonly icc: Uint8Array | undefined;
  /** The XMP packet. */
  readonly xmp: Uint8Array | undefined;
  readonly isProgressive: boolean;
  /** JPEG only: `4:2:0`, `4:4:4`, ... */
  readonly chromaSubsampling: string | undefined;
}

export interface Limits {
  readonly maxImageBytes: number;
  readonly maxImagePixels: number;
  /** Photos may be AVIF, masks may not. The AVIF decoder is opened then. */
  readonly acceptsAvif?: boolean;
}

/** Errors of photo and mask have different codes, so that people look at the right file. */
export type Role = 'image' | 'mask';

interface HeaderOptions {
  readonly role?: Role;
  /** Checks the container before libvips reads it. */
  readonly inspect?: (bytes: Uint8Array) => void;
}

const spaces: ReadonlySet<string> = new Set<Space>(['b-w', 'srgb', 'grey16', 'rgb16', 'cmyk']);

/** JPEG stores at most 65,535 pixels a side. libvips would allow 10 million. */
const maxSidePx = 65_535;

/**
 * Reads a header and checks every limit before a pixel is decoded.
 *
 * @throws {EditError} `IMAGE_TOO_LARGE`, `IMAGE_TOO_MANY_PIXELS`, `IMAGE_UNREADABLE` / `MASK_UNREADABLE`,
 * `FORMAT_UNSUPPORTED` and `KIND_UNSUPPORTED` for photos.
 */
export async function readHeader(
  bytes: Uint8Array,
  limits: Limits,
  { role = 'image', inspect }: HeaderOptions = {},
): Promise<Header> {
  checkBytes(bytes, limits, role);
  inspect?.(bytes);
  const takesAvif = role === 'image' && limits.acceptsAvif === true && isAvif(bytes);
  if (takesAvif) openAvif();
  const metadata = await readMetadata(bytes, role, takesAvif);
  if (!takesAvif && !isOffered(metadata.format, role)) throw unsupportedFormat(role, metadata.format);
  checkSize(metadata, limits, role);
  const fault = role === 'image' ? kindFault(metadata) : undefined;
  if (fault !== undefined) throw new EditError('KIND_UNSUPPORTED', fault);
  return headerOf(metadata);
}

/** @throws {EditError} `IMAGE_TOO_LARGE`. */
export function checkBytes(bytes: Uint8Array, limits: Limits, role: Role): void {
  if (bytes.length <= limits.maxImageBytes) return;
  throw new EditError(
    'IMAGE_TOO_LARGE',
    `Expected ${theFile(role)} of at most ${limits.maxImageBytes} bytes, got ${bytes.length}`,
  );
}

/**
 * Checks the pixels of a picture of any kind before one is decoded.
 *
 * @returns what its header says.
 * @throws {EditError} `IMAGE_TOO_MANY_PIXELS`, `IMAGE_UNREADABLE`, `FORMAT_UNSUPPORTED`.
 */
export async function assertSize(bytes: Uint8Array, limits: Limits): Promise<Metadata> {
  const metadata = await readMetadata(bytes, 'image', false);
  checkSize(metadata, limits, 'image');
  return metadata;
}

async function readMetadata(bytes: Uint8Array, role: Role, takesAvif: boolean) {
  const other = takesAvif ? undefined : otherFormat(bytes);
  if (other !== undefined && !(other === 'GIF' && role === 'mask')) throw unsupportedFormat(role, other);
  try {
    return await sharp(bytes, { limitInputPixels: false }).metadata();
  } catch (cause) {
    throw new EditError(
      role === 'image' ? 'IMAGE_UNREADABLE' : 'MASK_UNREADABLE',
      `Expected ${theFile(role)} to be a ${formatsOf[role]} picture, got ${bytes.length} bytes that are none`,
      { cause },
    );
  }
}

/** Names a picture format that is not offered: a better answer than "unreadable". */
function otherFormat(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.subarray(0, 64)).toString('latin1');
  if (head.startsWith('GIF8')) return 'GIF';
  if (head.startsWith('BM') && bytes.length > 26) return 'BMP';
  if (head.startsWith('8BPS')) return 'PSD';
  if (head.startsWith('%PDF')) return 'PDF';
  if (head.slice(4, 8) === 'ftyp') return isAvif(bytes) ? 'AVIF' : 'HEIF';
  if (/^\s*(<\?xml|<svg)/.test(head)) return 'SVG';
  return undefined;
}

const formatsOf: Readonly<Record<Role, string>> = {
  image: 'JPEG, PNG, WebP or TIFF',
  mask: 'JPEG, PNG, WebP, TIFF, GIF, BMP or PGM',
};

function unsupportedFormat(role: Role, format: string): EditError {
  return new EditError(
    role === 'image' ? 'FORMAT_UNSUPPORTED' : 'MASK_UNREADABLE',
    `Expected ${theFile(role)} to be ${formatsOf[role]}, got ${format}`,
  );
}

/** @throws {EditError} `IMAGE_TOO_MANY_PIXELS`. */
export function checkSize({ width, height }: Size, limits: Limits, role: Role): void {
  if (width * height > limits.maxImagePixels || Math.max(width, height) > maxSidePx) {
    throw new EditError(
      'IMAGE_TOO_MANY_PIXELS',
      `Expected ${theFile(role)} of at most ${limits.maxImagePixels} pixels and ${maxSidePx} a side, ` +
        `got ${width} x ${height} = ${width * height}`,
    );
  }
}

/** Says why a kind of picture cannot be kept exactly; `undefined` when it can. */
function kindFault({
  format,
  space,
  depth,
  pages = 1,
  channels,
  bitsPerSample,
}: Metadata): string | undefined {
  if (pages > 1) return `Expected a picture of one page, got ${pages} pages or frames`;
  if (!spaces.has(space)) return `Expected an RGB, grey or CMYK picture, got colour space ${space}`;
  if (format === 'heif' && depth !== 'uchar') return `Expected an AVIF of 8 bit, got one of ${bitsPerSample}`;
  if (depth !== 'uchar' && depth !== 'ushort') return `Expected 8 or 16 bits a sample, got ${depth}`;
  if (space === 'cmyk') {
    if (depth === 'uchar' && channels === 4) return undefined;
    return `Expected CMYK of 4 channels of 8 bit, got ${channels} channels of ${depth}`;
  }
  const most = space === 'srgb' || space === 'rgb16' ? 4 : 2;
  if (channels <= most) return undefined;
  return `Expected at most ${most} channels of colour space ${space}, got ${channels}`;
}

function headerOf(metadata: Metadata): Header {
  const { width, height } = metadata;
  const orientation = orientationOf(metadata.orientation);
  return {
    format: metadata.format === 'heif' ? 'avif' : metadata.format,
    stored: { width, height },
    displayed: orientation >= 5 ? { width: height, height: width } : { width, height },
    orientation,
    space: metadata.space as Space,
    channels: metadata.channels,
    depth: metadata.depth === 'ushort' ? 16 : 8,
    hasAlpha: metadata.hasAlpha,
    icc: metadata.icc,
    xmp: metadata.xmp,
    isProgressive: metadata.isProgressive,
    chromaSubsampling: metadata.chromaSubsampling,
  };
}

function orientationOf(tag: number | undefined): Orientation {
  return tag !== undefined && tag >= 1 && tag <= 8 ? (tag as Orientation) : 1;
}

function theFile(role: Role): string {
  return role === 'image' ? 'an image' : 'a mask';
}
