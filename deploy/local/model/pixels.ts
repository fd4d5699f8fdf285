import sharp from 'sharp';
import type { Mask, Raster, Size } from '../../../lib/pixels/raster.ts';
import { rescale } from '../../../lib/pixels/resample.ts';

/** H x W x 3, 8 bit: the only kind of picture the emulator works on. */
export interface Rgb extends Raster {
  readonly channels: 3;
  readonly data: Uint8Array;
}

/** More than any phone's camera. */
const limitInputPixels = 100_000_000;

/** @throws {Error} when the bytes are no whole picture. */
export async function decodeRgb(bytes: Uint8Array): Promise<Rgb> {
  const { data, info } = await sharp(bytes, { limitInputPixels, failOn: 'truncated' })
    .flatten({ background: 'white' })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  if (info.channels !== 3) throw new Error(`Expected 3 channels, got ${info.channels}`);
  return { width, height, channels: 3, data };
}

/** Decodes a mask as the APIs read it: whatever is not black is edited. */
export async function decodeMask(bytes: Uint8Array): Promise<Mask> {
  const { width, height, data: rgb } = await decodeRgb(bytes);
  const data = new Uint8Array(width * height);
  for (let i = 0; i < data.length; i++) {
    data[i] = (rgb[i * 3]! | rgb[i * 3 + 1]! | rgb[i * 3 + 2]!) > 0 ? 255 : 0;
  }
  return { width, height, channels: 1, data };
}

const rawOf = ({ width, height, channels }: Raster) => ({
  raw: { width, height, channels: channels as 1 | 3 },
});

/** Scales to `size`; `cover` cuts what another ratio leaves over, `fill` distorts. */
export async function resizeRgb(raster: Rgb, size: Size, fit: 'fill' | 'cover' = 'fill'): Promise<Rgb> {
  const { width, height } = size;
  if (raster.width === width && raster.height === height) return raster;
  // libvips would move it by half a pixel.
  if (fit === 'fill' && (raster.width < width || raster.height < height)) {
    return { width, height, channels: 3, data: rescale(raster, size).data };
  }
  const data = await sharp(raster.data, rawOf(raster)).resize({ width, height, fit }).raw().toBuffer();
  return { width, height, channels: 3, data };
}

/** Scales a mask; what is half covered or more counts as edited. */
export async function resizeMask(mask: Mask, size: Size, fit: 'fill' | 'cover' = 'fill'): Promise<Mask> {
  const { width, height } = size;
  if (mask.width === width && mask.height === height) return mask;
  const data = await sharp(mask.data, rawOf(mask))
    .resize({ width, height, fit })
    .toColourspace('b-w')
    .raw()
    .toBuffer();
  return { width, height, channels: 1, data: data.map((value) => (value >= 128 ? 255 : 0)) };
}

interface OutputFormat {
  readonly mimeType: string;
  /** JPEG only, 0..100. */
  readonly compressionQuality: number | undefined;
}

/** Encodes a picture; as PNG where libvips cannot write the format (BMP, ICO). */
export async function encodeRgb(raster: Rgb, format: OutputFormat): Promise<Buffer> {
  const picture = sharp(raster.data, rawOf(raster));
  if (format.mimeType === 'image/jpeg') {
    return picture.jpeg({ quality: Math.max(1, format.compressionQuality ?? 75) }).toBuffer();
  }
  if (format.mimeType === 'image/webp') return picture.webp().toBuffer();
  if (format.mimeType === 'image/gif') return picture.gif().toBuffer();
  if (format.mimeType === 'image/tiff') return picture.tiff().toBuffer();
  // Level 1: the answer is read once, on this machine.
  return picture.png({ compressionLevel: 1 }).toBuffer();
}

/** The largest size of the same ratio whose longer side is `sidePx`; smaller pictures grow to it. */
export function fitSide({ width, height }: Size, sidePx: number): Size {
  const scale = sidePx / Math.max(width, height);
  return {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
}

/** Blur of the edge of a soft mask, px. */
const softEdgePx = 1;

/** A mask as a grey PNG, white = found; soft ones end in grey. */
export function encodeMask(mask: Mask, isSoft: boolean): Promise<Buffer> {
  const grey = sharp(mask.data, rawOf(mask)).toColourspace('b-w');
  return (isSoft ? grey.blur(softEdgePx) : grey).png().toBuffer();
}
