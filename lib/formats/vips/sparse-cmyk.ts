import type { Box, Raster, Size } from '../../pixels/raster.ts';

/** A raster and where it lies in a stored picture. */
export interface PlacedRaster {
  readonly box: Box;
  readonly raster: Raster;
}

/** Tags of TIFF 6.0 that a baseline CMYK picture needs, in ascending order as the format asks. */
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
const short = 3;
const long = 4;
const headerBytes = 8;
const entryBytes = 12;
const channels = 4;
const separated = 5;

/**
 * A CMYK TIFF of 8 bit that is 0 everywhere but in the given rasters; overlapping ones are XOR-ed.
 *
 * libvips has no other way in for raw CMYK: a raw buffer of four channels counts as RGBA. Every row is a strip, and all
 * rows without a raster are the same strip of zeros: memory goes with the rows of the rasters, not with the picture.
 *
 * @see TIFF 6.0, section 16, "CMYK Images".
 */
export function sparseCmyk({ width, height }: Size, parts: readonly PlacedRaster[]): Buffer {
  const rows = paintedRows(width, parts);
  const rowBytes = width * channels;
  const tables = 2 * height * 4;
  const directoryAt = headerBytes + 8 + tables;
  const dataAt = directoryAt + 2 + Object.keys(tag).length * entryBytes + 4;
  const out = Buffer.alloc(dataAt + (rows.size + 1) * rowBytes);
  out.write('II*\0', 'latin1');
  out.writeUInt32LE(directoryAt, 4);
  for (let i = 0; i < channels; i++) out.writeUInt16LE(8, headerBytes + 2 * i);

  const offsetsAt = headerBytes + 8;
  const countsAt = offsetsAt + 4 * height;
  let next = dataAt + rowBytes;
  for (let y = 0; y < height; y++) {
    const row = rows.get(y);
    out.writeUInt32LE(row === undefined ? dataAt : next, offsetsAt + 4 * y);
    out.writeUInt32LE(rowBytes, countsAt + 4 * y);
    if (row === undefined) continue;
    out.set(row, next);
    next += rowBytes;
  }
  writeDirectory(out, directoryAt, [
    [tag.imageWidth, long, 1, width],
    [tag.imageLength, long, 1, height],
    [tag.bitsPerSample, short, channels, headerBytes],
    [tag.compression, short, 1, 1],
    [tag.photometric, short, 1, separated],
    // A single value stands in the entry itself.
    [tag.stripOffsets, long, height, height === 1 ? out.readUInt32LE(offsetsAt) : offsetsAt],
    [tag.samplesPerPixel, short, 1, channels],
    [tag.rowsPerStrip, long, 1, 1],
    [tag.stripByteCounts, long, height, height === 1 ? rowBytes : countsAt],
    [tag.inkSet, short, 1, 1],
  ]);
  return out;
}

type Entry = readonly [tag: number, type: number, count: number, value: number];

function writeDirectory(out: Buffer, at: number, entries: readonly Entry[]): void {
  out.writeUInt16LE(entries.length, at);
  entries.forEach(([name, type, count, value], i) => {
    const entry = at + 2 + i * entryBytes;
    out.writeUInt16LE(name, entry);
    out.writeUInt16LE(type, entry + 2);
    out.writeUInt32LE(count, entry + 4);
    // Little-endian: a SHORT in the first two bytes of the field reads the same.
    out.writeUInt32LE(value, entry + 8);
  });
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
