import { crc32, deflateSync } from 'node:zlib';
import { pngSignature, readPngChunks } from '../../lib/formats/png/chunks.ts';

export type Chunk = readonly [type: string, data: Uint8Array];

function encodedChunk([type, data]: Chunk): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

export const pngFile = (chunks: readonly Chunk[]): Buffer =>
  Buffer.concat([pngSignature, ...chunks.map(encodedChunk)]);

/** Inserts chunks after IHDR, and others before IEND. */
export function withChunks(png: Uint8Array, head: readonly Chunk[], tail: readonly Chunk[] = []): Buffer {
  const { chunks } = readPngChunks(png);
  return Buffer.concat([
    pngSignature,
    chunks[0]!.raw,
    ...head.map(encodedChunk),
    ...chunks.slice(1, -1).map(({ raw }) => raw),
    ...tail.map(encodedChunk),
    chunks.at(-1)!.raw,
  ]);
}

interface LowDepth {
  readonly width: number;
  readonly height: number;
  readonly depth: 1 | 2 | 4;
  /** Grey, or a palette of all values the depth allows. */
  readonly kind: 'grey' | 'palette';
}

/** Diagonal stripes of every value. */
export function lowDepthPng({ width, height, depth, kind }: LowDepth): Buffer {
  const values = 1 << depth;
  const rowBytes = Math.ceil((width * depth) / 8);
  const rows = Buffer.alloc(height * (1 + rowBytes));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      const value = ((x >> 2) + (y >> 2)) % values;
      rows[y * (1 + rowBytes) + 1 + (bit >> 3)]! |= value << (8 - depth - (bit & 7));
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header[8] = depth;
  header[9] = kind === 'grey' ? 0 : 3;
  const palette = Buffer.from(
    Array.from({ length: values }, (_, i) => [i * 15, 255 - i * 15, (i * 70) % 256]).flat(),
  );
  return pngFile([
    ['IHDR', header],
    ...(kind === 'palette' ? [['PLTE', palette] as const] : []),
    ['IDAT', deflateSync(rows)],
    ['IEND', Buffer.alloc(0)],
  ]);
}

interface PngRows {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
  readonly depth: 8 | 16;
  /** Row by row, samples of 16 bit with the high byte first. */
  readonly pixels: Uint8Array;
  readonly filterOf: (row: number) => number;
  /** Compresses the filtered rows to a zlib stream. */
  readonly compress?: (filtered: Uint8Array) => Uint8Array;
  readonly idatBytes?: number;
}

/** Writes a PNG with a chosen filter for each row and chosen compression. */
export function pngOfRows({
  width,
  height,
  channels,
  depth,
  pixels,
  filterOf,
  compress = (filtered) => deflateSync(filtered),
  idatBytes = 8192,
}: PngRows): Buffer {
  const pixelBytes = (channels * depth) / 8;
  const stride = width * pixelBytes;
  const filtered = Buffer.alloc(height * (1 + stride));
  for (let y = 0; y < height; y++) {
    const filter = filterOf(y);
    filtered[y * (1 + stride)] = filter;
    for (let i = 0; i < stride; i++) {
      const at = y * stride + i;
      const a = i >= pixelBytes ? pixels[at - pixelBytes]! : 0;
      const b = y > 0 ? pixels[at - stride]! : 0;
      const c = i >= pixelBytes && y > 0 ? pixels[at - stride - pixelBytes]! : 0;
      const guess = filter === 4 ? nearest(a, b, c) : ([0, a, b, (a + b) >> 1][filter] ?? 0);
      filtered[y * (1 + stride) + 1 + i] = pixels[at]! - guess;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header[8] = depth;
  header[9] = [0, 0, 4, 2, 6][channels]!;
  const stream = compress(filtered);
  const parts: Chunk[] = [];
  for (let at = 0; at < stream.length; at += idatBytes)
    parts.push(['IDAT', stream.subarray(at, at + idatBytes)]);
  return pngFile([['IHDR', header], ...parts, ['IEND', Buffer.alloc(0)]]);
}

/** The Paeth predictor. */
function nearest(a: number, b: number, c: number): number {
  const away = (value: number) => Math.abs(a + b - c - value);
  const least = Math.min(away(a), away(b), away(c));
  return away(a) === least ? a : away(b) === least ? b : c;
}
