import type { PngChunk } from './chunks.ts';

/** The zlib stream of a PNG, as it lies in its IDAT chunks: nothing is copied. */
export interface PixelStream {
  readonly bytes: number;
  readonly parts: readonly { readonly data: Uint8Array; readonly at: number }[];
}

/** Joins the data of all IDAT chunks. */
export function pixelStream(chunks: readonly PngChunk[]): PixelStream {
  let bytes = 0;
  const parts = [];
  for (const { name, data } of chunks) {
    if (name !== 'IDAT' || data.length === 0) continue;
    parts.push({ data, at: bytes });
    bytes += data.length;
  }
  return { bytes, parts };
}

/** The bytes `from` to `to` (exclusive) of a stream, as parts of its chunks. */
export function partsBetween({ parts }: PixelStream, from: number, to: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let i = partAt(parts, from); i < parts.length && parts[i]!.at < to; i++) {
    const { data, at } = parts[i]!;
    const part = data.subarray(Math.max(0, from - at), to - at);
    if (part.length > 0) found.push(part);
  }
  return found;
}

export function byteAt(stream: PixelStream, at: number): number {
  const { data, at: from } = stream.parts[partAt(stream.parts, at)]!;
  return data[at - from]!;
}

/** Copies bytes of a stream from `at` on; returns how many there were. */
export function copyFrom(stream: PixelStream, at: number, to: Uint8Array): number {
  let copied = 0;
  for (const part of partsBetween(stream, at, at + to.length)) {
    to.set(part, copied);
    copied += part.length;
  }
  return copied;
}

/** The part that holds a byte: there may be thousands, so it is searched for by halves. */
function partAt(parts: PixelStream['parts'], at: number): number {
  let [low, high] = [0, parts.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (parts[middle]!.at <= at) low = middle;
    else high = middle;
  }
  return low;
}

/** The first bytes of a stream, with another end. */
export function withEnd(stream: PixelStream, bytes: number, end: Uint8Array): PixelStream {
  let at = 0;
  const parts = [...partsBetween(stream, 0, bytes), end].map((data) => {
    at += data.length;
    return { data, at: at - data.length };
  });
  return { parts, bytes: at };
}

/** True when bytes `from` to `to` (exclusive) of `a` are the same as those `moved` behind them of `b`. */
export function isSameBytes(
  a: PixelStream,
  b: PixelStream,
  { from, to, moved }: { readonly from: number; readonly to: number; readonly moved: number },
): boolean {
  const [left, right] = [partsBetween(a, from, to), partsBetween(b, from + moved, to + moved)];
  let [i, j, inLeft, inRight] = [0, 0, 0, 0];
  while (i < left.length && j < right.length) {
    const length = Math.min(left[i]!.length - inLeft, right[j]!.length - inRight);
    const one = left[i]!.subarray(inLeft, inLeft + length);
    if (Buffer.compare(one, right[j]!.subarray(inRight, inRight + length)) !== 0) return false;
    [inLeft, inRight] = [inLeft + length, inRight + length];
    if (inLeft === left[i]!.length) [i, inLeft] = [i + 1, 0];
    if (inRight === right[j]!.length) [j, inRight] = [j + 1, 0];
  }
  return i === left.length && j === right.length;
}
