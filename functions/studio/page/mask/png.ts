import { factsOf, fullTile, readRow, type TileMask, tilePx } from './tiles.ts';

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crcTable[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function chunk(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let at = 0; at < 4; at++) bytes[4 + at] = type.charCodeAt(at);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

const tileBytes = tilePx / 8;

/** 8 pixels a byte, the first one in the highest bit; those behind the last one are 0. */
function packRow({ tiles, columns, width }: TileMask, y: number, packed: Uint8Array): void {
  const row = Math.floor(y / tilePx) * columns;
  const start = (y % tilePx) * tilePx;
  for (let column = 0; column < columns; column++) {
    const tile = tiles[row + column];
    const from = column * tileBytes;
    if (tile === fullTile) packed.fill(255, from, from + tileBytes);
    else if (tile !== undefined) packTile(tile.subarray(start, start + tilePx), packed.subarray(from));
  }
  const spare = packed.length * 8 - width;
  packed[packed.length - 1]! &= 0xff << spare;
}

function packTile(row: Uint8Array, packed: Uint8Array): void {
  for (let x = 0; x < row.length; x++) if (row[x] !== 0) packed[x >> 3]! |= 0x80 >> (x & 7);
}

/** The rows of up to 256 lines, each behind the number of its filter: none. */
function scanlines(mask: TileMask, [from, to]: readonly [number, number], bits: 1 | 8) {
  const rowBytes = Math.ceil((mask.width * bits) / 8);
  const bytes = new Uint8Array((rowBytes + 1) * (to - from));
  const row = new Uint8Array(mask.width);
  for (let y = from; y < to; y++) {
    const start = (y - from) * (rowBytes + 1) + 1;
    if (bits === 1) {
      packRow(mask, y, bytes.subarray(start, start + rowBytes));
      continue;
    }
    readRow(mask, y, row);
    bytes.set(row, start);
  }
  return bytes;
}

/**
 * The mask as a PNG of one channel, white = edit: 1 bit a pixel, or 8 bits where a value is neither 0 nor
 * 255.
 *
 * @see https://www.w3.org/TR/png-3/
 */
export async function encodeMask(mask: TileMask): Promise<Uint8Array<ArrayBuffer>> {
  const bits = factsOf(mask).isGrey ? 8 : 1;
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, mask.width);
  view.setUint32(4, mask.height);
  header[8] = bits;
  const data = await deflate(async (write) => {
    for (let y = 0; y < mask.height; y += tilePx) {
      await write(scanlines(mask, [y, Math.min(mask.height, y + tilePx)], bits));
    }
  });
  const parts = [
    Uint8Array.from(signature),
    chunk('IHDR', header),
    chunk('IDAT', data),
    chunk('IEND', new Uint8Array()),
  ];
  return joined(parts);
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

type Write = (bytes: Uint8Array<ArrayBuffer>) => Promise<void>;

async function deflate(produce: (write: Write) => Promise<void>): Promise<Uint8Array> {
  const stream = new CompressionStream('deflate');
  const writer = stream.writable.getWriter();
  const produced = produce((bytes) => writer.write(bytes)).then(() => writer.close());
  const [buffer] = await Promise.all([new Response(stream.readable).arrayBuffer(), produced]);
  return new Uint8Array(buffer);
}
