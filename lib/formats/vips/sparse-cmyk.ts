import type { Box, Raster, Size } from '../../pixels/raster.ts';
import { joinParts } from '../container.ts';
import { encodeDirectory, type TiffValue, uint32 } from '../metadata/directory.ts';

/** A raster and its box in the stored picture. */
export interface PlacedRaster {
  readonly box: Box;
  readonly raster: Raster;
}

const headerBytes = 8;
const channels = 4;

/**
 * Writes a CMYK TIFF of 8 bit that is 0 everywhere except in the given rasters. Overlapping rasters are
 * XOR-ed.
 *
 * libvips has no other input for raw CMYK: it takes a raw buffer of four channels for RGBA. Every row is a
 * strip, and all empty rows share one strip of zeros: memory grows with the rasters, not with the picture.
 *
 * @see TIFF 6.0, section 16, "CMYK Images".
 */
export function sparseCmyk({ width, height }: Size, parts: readonly PlacedRaster[]): Buffer {
  const rows = paintedRows(width, parts);
  const rowBytes = width * channels;
  const offsets = new Uint32Array(height).fill(headerBytes);
  const strips: Uint8Array[] = [new Uint8Array(rowBytes)];
  for (const [y, row] of rows) {
    offsets[y] = headerBytes + strips.length * rowBytes;
    strips.push(row);
  }
  const directoryAt = headerBytes + strips.length * rowBytes;
  const directory = encodeDirectory(
    [
      longs(tag.imageWidth, [width]),
      longs(tag.imageLength, [height]),
      shorts(tag.bitsPerSample, [8, 8, 8, 8]),
      shorts(tag.compression, [1]),
      shorts(tag.photometric, [separated]),
      longs(tag.stripOffsets, offsets),
      shorts(tag.samplesPerPixel, [channels]),
      longs(tag.rowsPerStrip, [1]),
      longs(tag.stripByteCounts, new Uint32Array(height).fill(rowBytes)),
      shorts(tag.inkSet, [1]),
    ],
    directoryAt,
    true,
  );
  return joinParts([Buffer.from('II*\0', 'latin1'), uint32(directoryAt, true), ...strips, directory]);
}

/** The tags that TIFF 6.0 asks of a baseline CMYK picture. */
const tag = {
  imageWidth: 256,
  imageLength: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  stripOffsets: 273,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  inkSet: 332,
} as const;
const separated = 5;

/** Little-endian values of type SHORT. */
const shorts = (name: number, values: readonly number[]): TiffValue => ({
  tag: name,
  type: 3,
  count: values.length,
  data: Uint8Array.from(values.flatMap((value) => [value & 255, value >> 8])),
});

/** Little-endian values of type LONG. */
function longs(name: number, values: ArrayLike<number>): TiffValue {
  const data = new DataView(new ArrayBuffer(4 * values.length));
  for (let i = 0; i < values.length; i++) data.setUint32(4 * i, values[i]!, true);
  return { tag: name, type: 4, count: values.length, data: new Uint8Array(data.buffer) };
}

function paintedRows(width: number, parts: readonly PlacedRaster[]): Map<number, Uint8Array> {
  const rows = new Map<number, Uint8Array>();
  for (const { box, raster } of parts) {
    for (let y = 0; y < box.height; y++) {
      const row = rows.get(box.top + y) ?? new Uint8Array(width * channels);
      const from = y * box.width * channels;
      for (let i = 0; i < box.width * channels; i++) row[box.left * channels + i]! ^= raster.data[from + i]!;
      rows.set(box.top + y, row);
    }
  }
  return rows;
}
