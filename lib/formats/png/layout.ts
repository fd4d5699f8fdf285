import type { Box, Raster } from '../../pixels/raster.ts';

/** How a PNG stores its pixels. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly sampleBytes: number;
  readonly pixelBytes: number;
  /** Bytes of a row before compression, with the filter number at its head. */
  readonly rowBytes: number;
}

/** Channels by colour type; a palette is left out. @see https://www.w3.org/TR/png-3/#table111 */
export const channelsOfType: Readonly<Record<number, number>> = { 0: 1, 2: 3, 4: 2, 6: 4 };

/**
 * Reads the layout; `undefined` for a palette, less than 8 bit, and interlaced rows.
 *
 * @param header the data of IHDR.
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

/** True when a raster has the channels and the depth of the picture. */
export function fits({ channels, data }: Raster, layout: Layout): boolean {
  return channels === layout.channels && data.BYTES_PER_ELEMENT === layout.sampleBytes;
}

/**
 * The filtered bytes that change with the pixels of a box: those of the box, and of the row below and the
 * column on the right, which are predicted from it.
 */
export interface FilteredBox {
  readonly box: Box;
  readonly rows: number;
  /** Bytes of one of its rows. */
  readonly bytes: number;
  /** Offset of the picture's row, at its filter number. */
  readonly rowAt: number;
  /** Offset of the first byte in a row. */
  readonly columnAt: number;
}

export function filteredBox(box: Box, { width, height, pixelBytes, rowBytes }: Layout): FilteredBox {
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

/**
 * The bytes that may change with some boxes; the first row counts from its filter number on. Without boxes
 * those of no byte, at the beginning.
 */
export function changeOf(boxes: readonly FilteredBox[], { rowBytes }: Layout) {
  if (boxes.length === 0) return { from: 0, to: 0 };
  return {
    from: Math.min(...boxes.map(({ rowAt }) => rowAt)),
    to: Math.max(
      ...boxes.map(({ rowAt, rows, columnAt, bytes }) => rowAt + (rows - 1) * rowBytes + columnAt + bytes),
    ),
  };
}

/** Rows of pixels as PNG stores them: interleaved samples, those of 16 bit with the high byte first. */
export interface RowBytes {
  readonly data: Uint8Array;
  /** Bytes from one row to the next. */
  readonly stride: number;
}

/**
 * The pixels of a filtered box, with the row above and the column on the left that predict them. Outside the
 * picture there are zeros, as the filters define.
 *
 * @param raster the box with one more pixel on each side, clipped to the picture.
 */
export function rowBytesOf(
  raster: Raster,
  { box, rows, bytes }: FilteredBox,
  { pixelBytes }: Layout,
): RowBytes {
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
