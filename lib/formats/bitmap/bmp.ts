import type { Raster } from '../../pixels/raster.ts';
import type { Bitmap } from './bitmap.ts';

/** Where a BMP has its pixels, and what they mean. */
interface Layout {
  readonly width: number;
  readonly height: number;
  readonly isTopDown: boolean;
  readonly bitsPerPixel: number;
  readonly pixelsAt: number;
  /** B, G, R of each index; `undefined` above 8 bit. */
  readonly palette: readonly (readonly number[])[] | undefined;
  /** Bytes of a pixel that hold R, G, B and perhaps alpha; `undefined` up to 8 bit. */
  readonly places: readonly number[] | undefined;
}

const coreHeaderBytes = 12;
const infoHeaderBytes = 40;
/** Up to this header the masks of the channels follow it; later headers contain them. */
const lastWithoutMasks = 52;
const uncompressed = 0;
const bitFields = 3;

/**
 * Reads an uncompressed BMP of 1, 4, 8, 24 or 32 bits a pixel, stored bottom-up or top-down.
 *
 * @returns `undefined` for other formats. @throws {Error} for kinds that are not read.
 * @see https://learn.microsoft.com/windows/win32/gdi/bitmap-storage
 */
export function readBmp(bytes: Uint8Array): Bitmap | undefined {
  if (bytes[0] !== 0x42 || bytes[1] !== 0x4d || bytes.length < 26) return undefined;
  const layout = layoutOf(new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
  const { width, height, palette, places } = layout;
  const isGrey = palette?.every(([b, g, r]) => b === g && g === r) ?? false;
  const channels = isGrey ? 1 : places?.length === 4 ? 4 : 3;
  return { format: 'bmp', width, height, channels, decode: () => decodeBmp(bytes, layout, channels) };
}

function layoutOf(view: DataView): Layout {
  const headerBytes = view.getUint32(14, true);
  const facts = headerBytes === coreHeaderBytes ? coreFacts(view) : infoFacts(view, headerBytes);
  const { width, height, bitsPerPixel, compression, colours, entryBytes } = facts;
  if (width <= 0 || height === 0) throw new Error(`BMP of ${width} x ${height}`);
  if (![1, 4, 8, 24, 32].includes(bitsPerPixel)) throw new Error(`BMP of ${bitsPerPixel} bits a pixel`);
  if (compression !== uncompressed && !(compression === bitFields && bitsPerPixel === 32))
    throw new Error(`BMP with compression ${compression}`);
  const pixelsAt = view.getUint32(10, true);
  const layout = { width, height: Math.abs(height), isTopDown: height < 0, bitsPerPixel, pixelsAt };
  if (bitsPerPixel > 8) {
    const places = compression === bitFields ? maskedPlaces(view, headerBytes) : [2, 1, 0];
    return { ...layout, palette: undefined, places };
  }
  const count = Math.min(colours || 1 << bitsPerPixel, 1 << bitsPerPixel);
  return {
    ...layout,
    palette: paletteAt(view, 14 + headerBytes, { count, entryBytes }),
    places: undefined,
  };
}

/** The header of OS/2, which a few programs write. */
const coreFacts = (view: DataView) => ({
  width: view.getUint16(18, true),
  height: view.getUint16(20, true),
  bitsPerPixel: view.getUint16(24, true),
  compression: uncompressed,
  colours: 0,
  entryBytes: 3,
});

function infoFacts(view: DataView, headerBytes: number) {
  if (headerBytes < infoHeaderBytes) throw new Error(`BMP header of ${headerBytes} bytes`);
  return {
    width: view.getInt32(18, true),
    height: view.getInt32(22, true),
    bitsPerPixel: view.getUint16(28, true),
    compression: view.getUint32(30, true),
    colours: view.getUint32(46, true),
    entryBytes: 4,
  };
}

function paletteAt(
  view: DataView,
  at: number,
  { count, entryBytes }: { readonly count: number; readonly entryBytes: number },
): number[][] {
  return Array.from({ length: count }, (_, i) =>
    [0, 1, 2].map((c) => view.getUint8(at + i * entryBytes + c)),
  );
}

/** The bytes that the channel masks select: R, G, B, and alpha where its mask is not 0. */
function maskedPlaces(view: DataView, headerBytes: number): number[] {
  const hasAlphaMask = headerBytes > lastWithoutMasks;
  const masks = [54, 58, 62, ...(hasAlphaMask ? [66] : [])].map((at) => view.getUint32(at, true));
  const used = masks.filter((mask, i) => i < 3 || mask !== 0);
  return used.map((mask) => {
    const place = [0, 1, 2, 3].find((byte) => mask === (0xff << (8 * byte)) >>> 0);
    if (place === undefined) throw new Error(`BMP with channel mask ${mask.toString(16)}`);
    return place;
  });
}

function decodeBmp(bytes: Uint8Array, layout: Layout, channels: 1 | 3 | 4): Raster {
  const { width, height, isTopDown, bitsPerPixel, pixelsAt } = layout;
  const rowBytes = Math.ceil((width * bitsPerPixel) / 32) * 4;
  if (pixelsAt + rowBytes * height > bytes.length) throw new Error('BMP ends early');
  const data = new Uint8Array(width * height * channels);
  const stride = width * channels;
  for (let y = 0; y < height; y++) {
    const at = pixelsAt + (isTopDown ? y : height - 1 - y) * rowBytes;
    const out = data.subarray(y * stride, (y + 1) * stride);
    const row = bytes.subarray(at, at + rowBytes);
    if (layout.places === undefined) copyIndexed(row, layout, out, channels);
    else copyDirect(row, layout, out, channels);
  }
  return { width, height, channels, data };
}

function copyIndexed(row: Uint8Array, layout: Layout, out: Uint8Array, channels: number): void {
  const { width, bitsPerPixel, palette = [] } = layout;
  const perByte = 8 / bitsPerPixel;
  const most = (1 << bitsPerPixel) - 1;
  for (let x = 0; x < width; x++) {
    const shift = 8 - bitsPerPixel * ((x % perByte) + 1);
    const colour = palette[(row[Math.floor(x / perByte)]! >> shift) & most];
    if (colour === undefined) throw new Error('BMP with an index beyond its palette');
    for (let c = 0; c < channels; c++) out[x * channels + c] = colour[2 - c]!;
  }
}

function copyDirect(row: Uint8Array, layout: Layout, out: Uint8Array, channels: number): void {
  const { width, bitsPerPixel, places = [] } = layout;
  for (let x = 0; x < width; x++) {
    for (let c = 0; c < channels; c++) out[x * channels + c] = row[(x * bitsPerPixel) / 8 + places[c]!]!;
  }
}
