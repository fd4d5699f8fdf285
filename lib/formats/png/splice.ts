import { crc32 } from 'node:zlib';
import { type KernelUse, useKernels } from '../../kernels/kernels.ts';
import type { Box, Raster } from '../../pixels/raster.ts';
import { joinParts } from '../container.ts';
import { type PngChunk, pngChunk, pngSignature, readPngChunks } from './chunks.ts';
import { inflater } from './inflater.ts';
import { changeOf, filteredBox, fits, rowBytesOf } from './layout.ts';
import { byteAt, partsBetween } from './pixel-stream.ts';
import { type Around, type PngPixels, pngPixels, storedAdler } from './pixels.ts';
import { recoder } from './recoder.ts';
import { type BoxChange, rowChanges } from './row-changes.ts';
import { adlerBytes, adlerWith, closing, opening, widestWindow, zlibHeadBytes } from './zlib-stream.ts';

const idatBytes = 1024 * 1024;

/** New pixels for a box of a PNG, in stored orientation. */
export interface PngPatch {
  readonly box: Box;
  /** The box with one more pixel on each side, clipped to the picture: old and new pixels. */
  readonly before: Raster;
  readonly after: Raster;
}

/**
 * Changes the pixels of some boxes and writes only the part of the stream that holds them again. Rows keep
 * their filters, and tokens of the part are kept where they still hold; the deflate blocks before and after
 * the part keep their bits.
 *
 * @param pixels those of the source, as far as they are read already.
 * @returns a file of pixels only (IHDR, IDAT, IEND), or `undefined` when the whole file must be encoded
 * again: interlaced, a palette, less than 8 bit, a damaged stream, or pixels other than `before`.
 * @throws {EditError} as `readPngChunks`.
 * @see https://www.w3.org/TR/png-3/#10Compression
 */
export function splicePng(
  source: Uint8Array,
  patches: readonly PngPatch[],
  pixels: PngPixels | undefined = pngPixels(source),
): Buffer | undefined {
  const { chunks } = readPngChunks(source);
  const isPlain = pixels !== undefined && !chunks.some(({ name }) => name === 'tRNS');
  if (!isPlain || patches.some(({ before }) => !fits(before, pixels.layout))) return undefined;
  const { layout, stream } = pixels;
  const changes = patches.map(({ box, before, after }): BoxChange => {
    const area = filteredBox(box, layout);
    return { box: area, before: rowBytesOf(before, area, layout), after: rowBytesOf(after, area, layout) };
  });
  const around = pixels.around(
    changeOf(
      changes.map(({ box }) => box),
      layout,
    ),
  );
  if (around === undefined) return undefined;
  const middle = useKernels((use) => rewritten(use, pixels, around, changes));
  if (middle === undefined) return undefined;
  const { first, next } = around;
  const phase = first.bit % 8;
  const last = next && next.bit % 8;
  return pngOf(chunks, [
    widestWindow,
    ...partsBetween(stream, zlibHeadBytes, Math.floor(first.bit / 8)),
    ...(phase > 0 ? [closing(byteAt(stream, Math.floor(first.bit / 8)), phase)] : []),
    ...middle.parts,
    ...(next && last! > 0 ? [opening(byteAt(stream, Math.floor(next.bit / 8)), last!)] : []),
    ...(next ? partsBetween(stream, Math.ceil(next.bit / 8), stream.bytes - adlerBytes) : []),
    middle.checksum,
  ]);
}

interface Rewritten {
  readonly parts: readonly Uint8Array[];
  /** Covers the whole stream. */
  readonly checksum: Uint8Array;
}

/** The blocks between `first` and `next` with new pixels. */
function rewritten(
  use: KernelUse,
  { stream, layout, placeBefore }: PngPixels,
  { first, next }: Around,
  changes: readonly BoxChange[],
): Rewritten | undefined {
  const keptBytes = layout.rowBytes;
  const whole = layout.rowBytes * layout.height;
  const end = next?.byte ?? whole;
  const place = placeBefore(first.byte);
  const source = inflater(use, {
    stream,
    place,
    end: stream.bytes - adlerBytes,
    keptBytes,
    hasMatches: true,
  });
  const writer = recoder(use, keptBytes);
  const rows = rowChanges(use, layout, changes);
  const parts: Uint8Array[] = [];
  const adlers = { old: 1, now: 1 };
  for (let [keep, done] = [Number.POSITIVE_INFINITY, first.byte]; done < end; ) {
    const piece = source.next(keep);
    if (piece === undefined) return undefined;
    keep = piece.to - keptBytes;
    const at = writer.copy(piece);
    const part = { from: Math.max(done, piece.byte), to: Math.min(end, piece.byte + piece.to - piece.from) };
    if (part.to <= part.from) continue;
    const changed = rows.apply(piece, at);
    if (changed === undefined) return undefined;
    const [skipped, length] = [part.from - piece.byte, part.to - part.from];
    adlers.old = use.kernels.adler32(adlers.old, piece.from + skipped, length);
    adlers.now = use.kernels.adler32(adlers.now, at + skipped, length);
    parts.push(writer.write(piece, part, changed));
    done = part.to;
  }
  parts.push(writer.end(next === undefined));
  const checksum = Buffer.alloc(adlerBytes);
  checksum.writeUInt32BE(adlerWith({ whole: storedAdler(stream), ...adlers, bytesBehind: whole - end }));
  return { parts, checksum };
}

function pngOf(chunks: readonly PngChunk[], pixels: readonly Uint8Array[]): Buffer {
  // New checksums: decoders that forgave a wrong one of the source need not do so again.
  const [head, end] = [pngChunk('IHDR', chunks[0]!.data), pngChunk('IEND', new Uint8Array())];
  return joinParts([pngSignature, head.raw, ...idatChunks(pixels), end.raw]);
}

/** Frames a stream as IDAT chunks. Its data are not copied. */
function idatChunks(stream: readonly Uint8Array[]): Uint8Array[] {
  const out: Uint8Array[] = [];
  const pieces = stream.flatMap(inPieces);
  for (let i = 0; i < pieces.length; ) {
    const chunk: Uint8Array[] = [];
    let length = 0;
    while (i < pieces.length && (length === 0 || length + pieces[i]!.length <= idatBytes)) {
      length += pieces[i]!.length;
      chunk.push(pieces[i++]!);
    }
    const frame = Buffer.from('\0\0\0\0IDAT\0\0\0\0', 'latin1');
    frame.writeUInt32BE(length);
    const checksum = chunk.reduce((sum, piece) => crc32(piece, sum), crc32(frame.subarray(4, 8)));
    frame.writeUInt32BE(checksum, 8);
    out.push(frame.subarray(0, 8), ...chunk, frame.subarray(8));
  }
  return out;
}

function inPieces(part: Uint8Array): Uint8Array[] {
  const count = Math.ceil(part.length / idatBytes);
  return Array.from({ length: count }, (_, i) => part.subarray(i * idatBytes, (i + 1) * idatBytes));
}
