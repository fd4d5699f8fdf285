import { deflateSync } from 'node:zlib';
import type { Box } from '../../pixels/raster.ts';
import { joinParts } from '../container.ts';
import { pngChunk, pngSignature, readPngChunks } from './chunks.ts';
import type { PngPixels } from './pixels.ts';

/** Chunks that say which colours the samples are. */
const colourChunks: ReadonlySet<string> = new Set([
  ...['PLTE', 'tRNS', 'sBIT'],
  ...['iCCP', 'sRGB', 'gAMA', 'cHRM', 'cICP', 'mDCV', 'cLLI'],
]);

/**
 * A PNG of one box of another: the same samples of the same colours, not compressed.
 *
 * @returns `undefined` when the pixels cannot be decoded.
 */
export function cutPng(file: Uint8Array, pixels: PngPixels, box: Box): Buffer | undefined {
  // A byte of 0 before each row says that it has no filter.
  const stride = 1 + box.width * pixels.layout.pixelBytes;
  const rows = new Uint8Array(box.height * stride);
  if (!pixels.readRows(box, (y, row) => rows.set(row, y * stride + 1))) return undefined;
  const { chunks } = readPngChunks(file);
  const size = Buffer.from(chunks[0]!.data);
  size.writeUInt32BE(box.width);
  size.writeUInt32BE(box.height, 4);
  // Behind the pixels such chunks are out of place: libpng passes over them.
  const before = chunks.slice(
    0,
    chunks.findIndex(({ name }) => name === 'IDAT'),
  );
  const kept = before.filter(({ name }) => colourChunks.has(name)).map(({ raw }) => raw);
  return joinParts([
    pngSignature,
    pngChunk('IHDR', size).raw,
    ...kept,
    pngChunk('IDAT', deflateSync(rows, { level: 0 })).raw,
    pngChunk('IEND', new Uint8Array()).raw,
  ]);
}
