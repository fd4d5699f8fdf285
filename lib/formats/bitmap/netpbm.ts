import { eightBit, type Raster } from '../../pixels/raster.ts';
import type { Bitmap } from './bitmap.ts';

interface Layout {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly isText: boolean;
  /** 1 for bitmaps, where 1 is black. */
  readonly most: number;
  readonly isBits: boolean;
  readonly pixelsAt: number;
}

/** The digit after `P`: text or binary; bits, grey or colours. */
const kinds: Readonly<Record<string, Pick<Layout, 'channels' | 'isText' | 'isBits'>>> = {
  1: { channels: 1, isText: true, isBits: true },
  2: { channels: 1, isText: true, isBits: false },
  3: { channels: 3, isText: true, isBits: false },
  4: { channels: 1, isText: false, isBits: true },
  5: { channels: 1, isText: false, isBits: false },
  6: { channels: 3, isText: false, isBits: false },
};

/** A header with comments fits in this; a longer one is refused. */
const maxHeaderBytes = 4096;

/**
 * Reads PBM, PGM and PPM, text or binary. More than 8 bits a sample are reduced to 8.
 *
 * @returns `undefined` for other formats. @throws {Error} for a header that cannot be read.
 * @see https://netpbm.sourceforge.net/doc/
 */
export function readNetpbm(bytes: Uint8Array): Bitmap | undefined {
  const head = Buffer.from(bytes.subarray(0, maxHeaderBytes)).toString('latin1');
  const digit = /^P([1-6])[\s#]/.exec(head)?.[1];
  const kind = digit === undefined ? undefined : kinds[digit];
  if (kind === undefined) return undefined;
  const space = String.raw`(?:\s|#[^\n]*\n)+`;
  const numbers = Array.from({ length: kind.isBits ? 2 : 3 }, () => `${space}(\\d{1,5})`).join('');
  const found = new RegExp(`^P\\d${numbers}\\s`).exec(head);
  const [width = 0, height = 0, most = 1] = (found ?? []).slice(1).map(Number);
  if (found === null || width < 1 || height < 1 || most < 1 || most > 65_535)
    throw new Error('Netpbm header');
  const layout = { ...kind, width, height, most, pixelsAt: found[0].length };
  return { format: 'pgm', width, height, channels: kind.channels, decode: () => decodeNetpbm(bytes, layout) };
}

function decodeNetpbm(bytes: Uint8Array, layout: Layout): Raster {
  const { width, height, channels, isText, isBits, pixelsAt, most } = layout;
  const count = width * height * channels;
  const leastBytes = isText || !isBits ? count : count / 8;
  if (bytes.length - pixelsAt < leastBytes) throw ended();
  const data = most > 255 ? new Uint16Array(count) : new Uint8Array(count);
  const pixels = bytes.subarray(pixelsAt);
  if (isText) readText(pixels, data, isBits);
  else if (isBits) readBits(pixels, data, layout);
  else readSamples(pixels, data);
  if (isBits) for (let i = 0; i < count; i++) data[i] = data[i] === 0 ? 255 : 0;
  return { width, height, channels, data: isBits ? data : eightBit(data, most) };
}

const ended = () => new Error('Netpbm file ends early');

/** Numbers apart by space; the digits of a bitmap need none between them. */
function readText(bytes: Uint8Array, data: Raster['data'], isBits: boolean): void {
  let at = 0;
  const isDigit = () => bytes[at]! >= 0x30 && bytes[at]! <= 0x39;
  for (let i = 0; i < data.length; i++) {
    while (at < bytes.length && !isDigit()) at++;
    if (at >= bytes.length) throw ended();
    let value = 0;
    do value = value * 10 + bytes[at++]! - 0x30;
    while (!isBits && at < bytes.length && isDigit());
    data[i] = value;
  }
}

/** Eight pixels a byte, the leftmost in the highest bit; rows begin at a byte. */
function readBits(bytes: Uint8Array, data: Raster['data'], { width, height }: Layout): void {
  const rowBytes = Math.ceil(width / 8);
  if (bytes.length < rowBytes * height) throw ended();
  for (let i = 0; i < data.length; i++) {
    const x = i % width;
    data[i] = (bytes[((i - x) / width) * rowBytes + (x >> 3)]! >> (7 - (x & 7))) & 1;
  }
}

/** Reads samples of one byte, or of two with the higher one first. */
function readSamples(bytes: Uint8Array, data: Raster['data']): void {
  const sampleBytes = data.BYTES_PER_ELEMENT;
  if (bytes.length < data.length * sampleBytes) throw ended();
  for (let i = 0; i < data.length; i++) {
    data[i] = sampleBytes === 1 ? bytes[i]! : bytes[2 * i]! * 256 + bytes[2 * i + 1]!;
  }
}
