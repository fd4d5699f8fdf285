import { type KernelUse, useKernels } from '../../kernels/kernels.ts';
import type { Box } from '../../pixels/raster.ts';
import { readPngChunks } from './chunks.ts';
import { type BlockStart, inflater, type Piece, type Place, windowBytes } from './inflater.ts';
import { type Layout, layoutOf } from './layout.ts';
import { byteAt, copyFrom, type PixelStream, pixelStream } from './pixel-stream.ts';
import { rowDecoder, type TakeRow } from './row-decoder.ts';
import { adlerBytes, isZlib, zlibHeadBytes } from './zlib-stream.ts';

/** The blocks around a change: what lies before `first` and from `next` on stays. */
export interface Around {
  /** The last known block that begins at or before the change. */
  readonly first: BlockStart;
  /**
   * The first known block behind the change that no match reaches back from; `undefined`: the stream's end.
   */
  readonly next: BlockStart | undefined;
}

/** The stored pixels of a PNG. Its stream is inflated once, as far as it is asked for. */
export interface PngPixels {
  readonly stream: PixelStream;
  readonly layout: Layout;
  /** Decodes the rows of a box that are not all 0, from above to below. @returns false: damaged. */
  readonly readRows: (box: Box, takeRow: TakeRow) => boolean;
  /** Reads to the end. @returns `undefined` unless the stream is whole: length and checksum are right. */
  readonly around: (change: { readonly from: number; readonly to: number }) => Around | undefined;
  /** The nearest place at or before a byte. */
  readonly placeBefore: (byte: number) => Place;
}

/** From here on a stream can be inflated again without what lies before; each holds a window. */
const placeBytes = 2 * 1024 * 1024;
/** Rows that are longer do not belong into a small memory. */
const longestRow = 4 * 1024 * 1024;

/** `undefined` where rows are not stored one after the other: interlaced files; and for rows beyond 4 MiB. */
export function pngPixels(file: Uint8Array): PngPixels | undefined {
  const { chunks } = readPngChunks(file);
  const layout = layoutOf(chunks[0]!.data);
  const stream = pixelStream(chunks);
  const head = new Uint8Array(zlibHeadBytes);
  if (layout === undefined || layout.rowBytes > longestRow || copyFrom(stream, 0, head) < head.length) return;
  return isZlib(head) ? pixelsIn(stream, layout) : undefined;
}

function pixelsIn(stream: PixelStream, layout: Layout): PngPixels {
  const whole = layout.rowBytes * layout.height;
  const end = stream.bytes - adlerBytes;
  const known = nothingKnown();
  const placeBefore = (byte: number) => known.places.findLast((place) => place.byte <= byte)!;
  let isSound: boolean | undefined;

  function readRows(box: Box, takeRow: TakeRow): boolean {
    return useKernels((use) => {
      const rows = rowDecoder(use, layout, box, takeRow);
      const source = inflater(use, { stream, place: known.places[0]!, end, keptBytes: layout.rowBytes });
      for (let piece = source.next(); piece !== undefined; ) {
        learn(known, piece, use);
        const keep = rows.take(piece);
        if (keep === undefined) return false;
        if (rows.isDone()) return true;
        piece = source.next(keep);
      }
      return false;
    });
  }

  function readToEnd(): boolean {
    return useKernels((use) => {
      const source = inflater(use, { stream, place: placeBefore(known.bytes), end, keptBytes: 0 });
      // A bomb is not inflated to its end.
      for (let piece = source.next(); piece !== undefined && known.bytes <= whole; piece = source.next()) {
        learn(known, piece, use);
      }
      const isEnded = source.ending() === 'whole' && Math.ceil(source.bit() / 8) === end;
      return isEnded && known.bytes === whole && known.adler >>> 0 === storedAdler(stream);
    });
  }

  return {
    stream,
    layout,
    readRows,
    placeBefore,
    around({ from, to }) {
      isSound ??= readToEnd();
      if (!isSound) return undefined;
      return {
        first: known.blocks.findLast((block) => block.byte <= from)!,
        next: known.blocks.find((block) => block.byte >= to + windowBytes && block.byte < whole),
      };
    },
  };
}

/** What the pieces of a stream have told so far. */
interface Known {
  readonly blocks: BlockStart[];
  readonly places: Place[];
  /** Inflated bytes, and their checksum. */
  bytes: number;
  adler: number;
}

function nothingKnown(): Known {
  const start: Place = { bit: 8 * zlibHeadBytes, byte: 0, window: new Uint8Array() };
  return { blocks: [start], places: [start], bytes: 0, adler: 1 };
}

function learn(known: Known, piece: Piece, { kernels }: KernelUse): void {
  const end = piece.byte + piece.to - piece.from;
  if (end <= known.bytes) return;
  const isNew = ({ byte }: BlockStart) => byte >= known.bytes && byte > known.blocks.at(-1)!.byte;
  for (const block of piece.blocks.filter(isNew)) {
    known.blocks.push(block);
    if (block.byte - known.places.at(-1)!.byte < placeBytes) continue;
    const at = piece.from + block.byte - piece.byte;
    const window = new Uint8Array(kernels.memory.buffer).slice(at - windowBytes, at);
    known.places.push({ ...block, window });
  }
  known.adler = kernels.adler32(known.adler, piece.from + known.bytes - piece.byte, end - known.bytes);
  known.bytes = end;
}

/** The checksum behind the stream. */
export function storedAdler(stream: PixelStream): number {
  let adler = 0;
  for (let at = stream.bytes - adlerBytes; at < stream.bytes; at++) adler = adler * 256 + byteAt(stream, at);
  return adler;
}
