import { crc32, deflateSync } from 'node:zlib';
import { pngSignature, readPngChunks } from '../../lib/image/png/chunks.ts';

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

/** The same PNG with chunks behind IHDR, and others before IEND. */
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
