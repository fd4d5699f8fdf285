import { boundingBox } from './box.ts';
import type { Mask, Size } from './raster.ts';

/** A mask at another size: 255 wherever any part of the pixel was above 0. */
export function coverMask(mask: Mask, size: Size): Mask {
  const data = new Uint8Array(size.width * size.height);
  const set = boundingBox(mask);
  if (set === undefined) return { width: size.width, height: size.height, channels: 1, data };
  const columns = cellsOf(mask.width, size.width);
  const rows = cellsOf(mask.height, size.height);
  for (let y = set.top; y < set.top + set.height; y++) {
    const row = mask.data.subarray(y * mask.width, (y + 1) * mask.width);
    for (let x = set.left; x < set.left + set.width; x++) {
      if (row[x] === 0) continue;
      const start = columns.first[x]!;
      while (x + 1 < row.length && row[x + 1] !== 0) x++;
      for (let v = rows.first[y]!; v <= rows.last[y]!; v++) {
        data.fill(255, v * size.width + start, v * size.width + columns.last[x]! + 1);
      }
    }
  }
  return { width: size.width, height: size.height, channels: 1, data };
}

/** For each of `from` pixels the cells of `to` it touches. */
function cellsOf(from: number, to: number): { readonly first: Int32Array; readonly last: Int32Array } {
  const first = new Int32Array(from);
  const last = new Int32Array(from);
  for (let i = 0; i < from; i++) {
    first[i] = Math.floor((i * to) / from);
    last[i] = Math.ceil(((i + 1) * to) / from) - 1;
  }
  return { first, last };
}
