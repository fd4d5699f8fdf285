import { createInflate } from 'node:zlib';
import { type BlockStart, blockEnd, paddingBytes } from './deflate-blocks.ts';

/** A part of what a stream inflates to, cut where blocks begin. */
export interface Around {
  /** The last block that begins at or before the bytes asked for. */
  readonly first: BlockStart;
  /** The first one that begins behind them, farther than any match reaches back; `undefined`: the stream ends before. */
  readonly next: BlockStart | undefined;
  /** From a window before `first` to `next` or the end. */
  readonly bytes: Buffer;
  readonly bytesFrom: number;
}

interface Asked {
  /** The bytes asked for, of what the stream inflates to. */
  readonly from: number;
  readonly to: number;
  /** How much the stream must inflate to. */
  readonly whole: number;
}

/** No match of deflate reaches farther back. */
export const windowBytes = 32_768;
/** A larger part is not worth it: little is left that need not be compressed anew, and all of it is held at once. */
const maxPartBytes = 128 * 1024 * 1024;
const zlibHeadBytes = 2;
const chunkBytes = 512 * 1024;

/**
 * Finds and inflates the blocks of a zlib stream around some bytes. Inflating goes on in a thread while the blocks of the chunk
 * before are looked for in this one; what nobody needs is dropped at once.
 *
 * @param stream with `paddingBytes` behind it.
 * @returns `around` as soon as it is known, `undefined` for a stream that cannot be read or a part beyond 128 MiB; `isWhole` when all of it has been
 * read: not a byte less or more, its checksum right.
 */
export function pixelsAround(stream: Buffer, { from, to, whole }: Asked) {
  const around = Promise.withResolvers<Around | undefined>();
  let at: BlockStart = { bit: 8 * zlibHeadBytes, byte: 0 };
  let first = at;
  let isOver = false;
  let isFound = false;
  let kept: Buffer[] = [];
  let keptFrom = 0;
  /** Up to the first block that begins at `byte` or behind it. */
  const walkTo = (byte: number): void => {
    while (!isOver && at.byte < byte) {
      const { isLast, ...end } = blockEnd(stream, at);
      at = end;
      isOver = isLast || at.byte >= to + windowBytes;
      if (!isLast && at.byte <= from) first = at;
    }
  };
  const dropUnneeded = (): void => {
    let needless = 0;
    for (const { length } of kept) {
      if (keptFrom + length > first.byte - windowBytes) break;
      keptFrom += length;
      needless++;
    }
    kept = kept.slice(needless);
  };
  const found = (): void => {
    isFound = true;
    const bytesFrom = Math.max(0, first.byte - windowBytes);
    const bytes = Buffer.concat(kept).subarray(bytesFrom - keptFrom);
    kept = [];
    const isInside = at.byte < whole;
    around.resolve({
      first,
      next: isInside ? at : undefined,
      bytes: isInside ? bytes.subarray(0, at.byte - bytesFrom) : bytes,
      bytesFrom,
    });
  };
  const read = async (): Promise<boolean> => {
    const inflate = createInflate({ chunkSize: chunkBytes });
    inflate.end(stream.subarray(0, -paddingBytes));
    let inflated = 0;
    try {
      for await (const chunk of inflate as AsyncIterable<Buffer>) {
        inflated += chunk.length;
        // Of what inflates without end nothing more is wanted.
        if (inflated > whole) return false;
        if (isFound) continue;
        if (inflated - first.byte > maxPartBytes) return false;
        kept.push(chunk);
        walkTo(inflated);
        dropUnneeded();
        if (isOver && inflated >= at.byte) found();
      }
      // The last blocks may be empty, and are not walked.
      if (!isFound) found();
    } catch {
      // It is encoded anew: whether it can be read at all, libvips says.
      return false;
    } finally {
      around.resolve(undefined);
    }
    return inflated === whole && inflate.bytesWritten === stream.length - paddingBytes;
  };
  return { around: around.promise, isWhole: read() };
}
