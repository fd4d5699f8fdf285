import type { Layout, Place, RowBytes } from './layout.ts';

/**
 * Changes the filtered bytes of a place for other pixels, in place; each row keeps its filter.
 *
 * @param filtered bytes of the picture before compression. @param from where they begin in it. @param note is told of the bytes
 * of each row: where they are in the picture, what they were and what they have become.
 * @returns false, having changed some or none, when the bytes do not stand for the pixels of `before`.
 * @see https://www.w3.org/TR/png-3/#9Filters
 */
export function refilter(
  { filtered, from }: { readonly filtered: Uint8Array; readonly from: number },
  { before, after }: { readonly before: RowBytes; readonly after: RowBytes },
  place: Place,
  { pixelBytes, rowBytes }: Layout,
  note: (at: number, old: Uint8Array, now: Uint8Array) => void,
): boolean {
  const old = Buffer.alloc(place.bytes);
  const now = Buffer.alloc(place.bytes);
  for (let row = 0; row < place.rows; row++) {
    const start = place.rowAt - from + row * rowBytes;
    const filter = filters[filtered[start]!];
    if (filter === undefined) return false;
    const pixelsAt = (row + 1) * before.stride + pixelBytes;
    filter(before, pixelsAt, pixelBytes, old);
    filter(after, pixelsAt, pixelBytes, now);
    const at = start + place.columnAt;
    if (old.compare(filtered, at, at + old.length) !== 0) return false;
    filtered.set(now, at);
    note(at + from, old, now);
  }
  return true;
}

/** Pixels -> filtered bytes, as many as `out` holds. @param at of the first of them. */
type Filter = (pixels: RowBytes, at: number, pixelBytes: number, out: Uint8Array) => void;

const none: Filter = ({ data }, at, _, out) => {
  out.set(data.subarray(at, at + out.length));
};

const left: Filter = ({ data }, at, pixelBytes, out) => {
  for (let i = 0; i < out.length; i++) out[i] = data[at + i]! - data[at + i - pixelBytes]!;
};

const up: Filter = ({ data, stride }, at, _, out) => {
  for (let i = 0; i < out.length; i++) out[i] = data[at + i]! - data[at + i - stride]!;
};

const average: Filter = ({ data, stride }, at, pixelBytes, out) => {
  for (let i = 0; i < out.length; i++) {
    out[i] = data[at + i]! - ((data[at + i - pixelBytes]! + data[at + i - stride]!) >>> 1);
  }
};

const paeth: Filter = ({ data, stride }, at, pixelBytes, out) => {
  for (let i = 0; i < out.length; i++) {
    const a = data[at + i - pixelBytes]!;
    const b = data[at + i - stride]!;
    const c = data[at + i - stride - pixelBytes]!;
    const toA = Math.abs(b - c);
    const toB = Math.abs(a - c);
    const toC = Math.abs(a + b - c - c);
    out[i] = data[at + i]! - (toA <= toB && toA <= toC ? a : toB <= toC ? b : c);
  }
};

/** By their numbers. */
const filters: readonly Filter[] = [none, left, up, average, paeth];

/**
 * One row of filtered bytes -> its pixels, as a decoder does it. In place.
 *
 * @param pixels with the row above and the pixel on the left. @param at of the first byte, which holds what was filtered.
 * @returns false when there is no such filter.
 */
export function unfilterRow(
  filter: number,
  { data, stride }: RowBytes,
  at: number,
  { pixelBytes, length }: { readonly pixelBytes: number; readonly length: number },
): boolean {
  if (filter > 4) return false;
  for (let i = at; i < at + length; i++) {
    const a = data[i - pixelBytes]!;
    const b = data[i - stride]!;
    const c = data[i - stride - pixelBytes]!;
    if (filter === 1) data[i]! += a;
    else if (filter === 2) data[i]! += b;
    else if (filter === 3) data[i]! += Math.floor((a + b) / 2);
    else if (filter === 4) data[i]! += nearest(a, b, c);
  }
  return true;
}

/** Of a, b and c the one nearest to a + b - c; in doubt the first. */
function nearest(a: number, b: number, c: number): number {
  const guess = a + b - c;
  const [toA, toB, toC] = [Math.abs(guess - a), Math.abs(guess - b), Math.abs(guess - c)];
  if (toA <= toB && toA <= toC) return a;
  return toB <= toC ? b : c;
}
