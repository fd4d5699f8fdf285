import type { Box, Raster } from '../../pixels/raster.ts';

/** How a PNG stores its pixels. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly sampleBytes: number;
  readonly pixelBytes: number;
  /** Of a row before compression, its filter's number included. */
  readonly rowBytes: number;
}

const channelsOfType: Readonly<Record<number, number>> = { 0: 1, 2: 3, 4: 2, 6: 4 };

/**
 * @param header the data of IHDR.
 * @returns `undefined` for a palette, less than 8 bit and interlaced rows.
 * @see https://www.w3.org/TR/png-3/#11IHDR
 */
export function layoutOf(header: Uint8Array): Layout | undefined {
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, type, compression, filters, interlace] = header.subarray(8);
  const channels = channelsOfType[type!];
  if ((depth !== 8 && depth !== 16) || channels === undefined) return undefined;
  if (compression !== 0 || filters !== 0 || interlace !== 0) return undefined;
  const sampleBytes = depth / 8;
  const pixelBytes = channels * sampleBytes;
  return { width, height, channels, sampleBytes, pixelBytes, rowBytes: 1 + width * pixelBytes };
}

export function fits({ channels, data }: Raster, layout: Layout): boolean {
  return channels === layout.channels && data.BYTES_PER_ELEMENT === layout.sampleBytes;
}

/**
 * What a change of the pixels in a box may change of the bytes before compression: the box, and the row below and the column
 * on the right, which are predicted from it.
 */
export interface Place {
  readonly box: Box;
  readonly rows: number;
  /** Of those of a row. */
  readonly bytes: number;
  /** Where the first of these rows begins, at its filter's number. */
  readonly rowAt: number;
  /** Of the first byte in its row. */
  readonly columnAt: number;
}

export function placeOf(box: Box, { width, height, pixelBytes, rowBytes }: Layout): Place {
  const rows = box.height + (box.top + box.height < height ? 1 : 0);
  const columns = box.width + (box.left + box.width < width ? 1 : 0);
  return {
    box,
    rows,
    bytes: columns * pixelBytes,
    rowAt: box.top * rowBytes,
    columnAt: 1 + box.left * pixelBytes,
  };
}

/** Rows of pixels as PNG stores them: samples of a pixel in a row, 16 bit ones with the high byte first. */
export interface RowBytes {
  readonly data: Uint8Array;
  /** Bytes from one row to the next. */
  readonly stride: number;
}

/**
 * The pixels of a place with the row above and the column on the left that they are predicted from; beyond the picture there
 * are zeros, as the filters take it.
 *
 * @param raster the box and the pixels beside it, one on each side as far as the picture goes.
 */
export function rowBytesOf(raster: Raster, { box, rows, bytes }: Place, { pixelBytes }: Layout): RowBytes {
  const stride = pixelBytes + bytes;
  const data = new Uint8Array((1 + rows) * stride);
  const source = storedBytes(raster);
  const [missingRows, missingBytes] = [box.top > 0 ? 0 : 1, box.left > 0 ? 0 : pixelBytes];
  for (let y = missingRows; y <= rows; y++) {
    const start = (y - missingRows) * raster.width * pixelBytes;
    data.set(source.subarray(start, start + stride - missingBytes), y * stride + missingBytes);
  }
  return { data, stride };
}

function storedBytes({ data }: Raster): Uint8Array {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return data.BYTES_PER_ELEMENT === 1 ? bytes : Buffer.from(bytes).swap16();
}
