import { createInflate } from 'node:zlib';
import { type BlockStart, blockEnd, paddingBytes } from './deflate-blocks.ts';
import { zlibHeadBytes } from './zlib-stream.ts';

/** The inflated bytes around a change, cut where deflate blocks begin. */
export interface Around {
  /** The last block that begins at or before the change. */
  readonly first: BlockStart;
  /** The first block after the change that no match reaches back from; `undefined` at the stream's end. */
  readonly next: BlockStart | undefined;
  /** From one window before `first` to `next` or the end. */
  readonly bytes: Buffer;
  readonly bytesFrom: number;
}

interface Range {
  /** The inflated bytes that change. */
  readonly from: number;
  readonly to: number;
  /** The number of bytes that the whole stream must inflate to. */
  readonly whole: number;
}

/** No match of deflate reaches further back. */
export const windowBytes = 32_768;
/** All of the part is held in memory, and recompressing most of a file saves nothing. */
const maxPartBytes = 128 * 1024 * 1024;
const chunkBytes = 512 * 1024;

/**
 * Finds and inflates the deflate blocks around a change. zlib inflates in a thread of its own while this
 * thread looks for block starts; bytes that are not needed are released at once.
 *
 * @param stream zlib stream, followed by `paddingBytes`.
 * @returns `around` resolves as soon as it is known, to `undefined` for a damaged stream or a part beyond 128
 * MiB. `isWhole` resolves to true when the stream had the expected length and the right checksum.
 */
export function pixelsAround(stream: Buffer, range: Range) {
  const around = Promise.withResolvers<Around | undefined>();
  return { around: around.promise, isWhole: inflateAll(stream, range, around.resolve) };
}

async function inflateAll(
  stream: Buffer,
  range: Range,
  resolve: (around: Around | undefined) => void,
): Promise<boolean> {
  const search = newSearch();
  const inflate = createInflate({ chunkSize: chunkBytes });
  inflate.end(stream.subarray(0, -paddingBytes));
  let inflated = 0;
  try {
    for await (const chunk of inflate as AsyncIterable<Buffer>) {
      inflated += chunk.length;
      // A bomb is not inflated to its end.
      if (inflated > range.whole) return false;
      if (search.isFound) continue;
      if (inflated - search.first.byte > maxPartBytes) return false;
      search.kept.push(chunk);
      walkTo(inflated, stream, { search, range });
      dropUnneeded(search);
      if (search.isOver && inflated >= search.at.byte) resolve(found(search, range));
    }
    // The last blocks may be empty; the search does not reach them.
    if (!search.isFound) resolve(found(search, range));
  } catch {
    // The file is encoded again. libvips decides whether it can be read.
    return false;
  } finally {
    resolve(undefined);
  }
  return inflated === range.whole && inflate.bytesWritten === stream.length - paddingBytes;
}

/** The state of the search for block starts. */
interface Search {
  /** The next block to read. */
  at: BlockStart;
  first: BlockStart;
  /** No further block is needed. */
  isOver: boolean;
  isFound: boolean;
  /** Inflated bytes from `keptFrom` on. */
  kept: Buffer[];
  keptFrom: number;
}

function newSearch(): Search {
  const at = { bit: 8 * zlibHeadBytes, byte: 0 };
  return { at, first: at, isOver: false, isFound: false, kept: [], keptFrom: 0 };
}

/** Reads blocks up to the first that begins at inflated byte `byte` or after it. */
function walkTo(
  byte: number,
  stream: Buffer,
  { search, range }: { readonly search: Search; readonly range: Range },
): void {
  while (!search.isOver && search.at.byte < byte) {
    const { isLast, ...end } = blockEnd(stream, search.at);
    search.at = end;
    search.isOver = isLast || end.byte >= range.to + windowBytes;
    if (!isLast && end.byte <= range.from) search.first = end;
  }
}

function dropUnneeded(search: Search): void {
  let unneeded = 0;
  for (const { length } of search.kept) {
    if (search.keptFrom + length > search.first.byte - windowBytes) break;
    search.keptFrom += length;
    unneeded++;
  }
  search.kept = search.kept.slice(unneeded);
}

function found(search: Search, { whole }: Range): Around {
  const { at, first, kept, keptFrom } = search;
  const bytesFrom = Math.max(0, first.byte - windowBytes);
  const bytes = Buffer.concat(kept).subarray(bytesFrom - keptFrom);
  search.isFound = true;
  search.kept = [];
  const isInside = at.byte < whole;
  return {
    first,
    next: isInside ? at : undefined,
    bytes: isInside ? bytes.subarray(0, at.byte - bytesFrom) : bytes,
    bytesFrom,
  };
}
