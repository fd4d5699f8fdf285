import type { FilteredBox, Layout, RowBytes } from './layout.ts';

/**
 * Filters new pixels of a box, in box. Each row keeps its filter.
 *
 * @param filtered bytes of the picture before compression. @param from their offset in it. @param note is
 * called for each row, with the offset in the picture, the old bytes and the new ones.
 * @returns false when the bytes are not those of `before`; some rows may be changed then.
 * @see https://www.w3.org/TR/png-3/#9Filters
 */
export function refilter(
  { filtered, from }: { readonly filtered: Uint8Array; readonly from: number },
  { before, after }: { readonly before: RowBytes; readonly after: RowBytes },
  box: FilteredBox,
  { pixelBytes, rowBytes }: Layout,
  note: (at: number, old: Uint8Array, now: Uint8Array) => void,
): boolean {
  const old = Buffer.alloc(box.bytes);
  const now = Buffer.alloc(box.bytes);
  for (let row = 0; row < box.rows; row++) {
    const start = box.rowAt - from + row * rowBytes;
    const filter = filters[filtered[start]!];
    if (filter === undefined) return false;
    const pixelsAt = (row + 1) * before.stride + pixelBytes;
    filter(before, pixelsAt, pixelBytes, old);
    filter(after, pixelsAt, pixelBytes, now);
    const at = start + box.columnAt;
    if (old.compare(filtered, at, at + old.length) !== 0) return false;
    filtered.set(now, at);
    note(at + from, old, now);
  }
  return true;
}

/** Fills `out` with filtered bytes. @param at offset of the first pixel byte. */
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

/** By filter number. */
const filters: readonly Filter[] = [none, left, up, average, paeth];

/**
 * Decodes one row of filtered bytes in box.
 *
 * @param pixels with the row above and the pixel on the left. @param at offset of the first filtered byte.
 * @returns false for an unknown filter.
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

/** The Paeth predictor: a, b or c, whichever is nearest to a + b - c; the first of equals. */
function nearest(a: number, b: number, c: number): number {
  const guess = a + b - c;
  const [toA, toB, toC] = [Math.abs(guess - a), Math.abs(guess - b), Math.abs(guess - c)];
  if (toA <= toB && toA <= toC) return a;
  return toB <= toC ? b : c;
}
