import type { Pointer } from '../../kernels/exports.ts';
import type { KernelUse } from '../../kernels/kernels.ts';
import type { Piece } from './inflater.ts';
import type { FilteredBox, Layout, RowBytes } from './layout.ts';
import type { Stretch } from './recoder.ts';

/** New pixels for a box: its rows before and after, with what predicts them. */
export interface BoxChange {
  readonly box: FilteredBox;
  readonly before: RowBytes;
  readonly after: RowBytes;
}

export interface RowChanges {
  /**
   * Filters what changes in a piece again. Each row keeps its filter.
   *
   * @param at where a copy of the piece is, which is changed.
   * @returns the stretches that changed, in order; `undefined` when the old bytes are not those of `before`.
   */
  readonly apply: (piece: Piece, at: Pointer) => Stretch[] | undefined;
}

interface ChangedRow extends Stretch {
  readonly change: BoxChange;
  readonly row: number;
}

/** Bytes that vectors may read or write too many. */
const besideBytes = 16;

/** Puts new pixels into the filtered rows of a PNG, piece by piece from above. */
export function rowChanges(
  { kernels, arena }: KernelUse,
  { pixelBytes, rowBytes }: Layout,
  changes: readonly BoxChange[],
): RowChanges {
  const rows = changedRows(changes, rowBytes);
  const room = pixelBytes + Math.max(...changes.map(({ box }) => box.bytes)) + besideBytes;
  const [row, above, old, now] = [room, room, room, room].map(arena.reserve) as [
    number,
    number,
    number,
    number,
  ];
  const memory = () => new Uint8Array(kernels.memory.buffer);
  let next = 0;

  function filtered(filter: number, pixels: RowBytes, { change, row: y }: ChangedRow, to: Pointer): boolean {
    const { data, stride } = pixels;
    const all = memory();
    all.set(data.subarray(y * stride, (y + 1) * stride), above);
    all.set(data.subarray((y + 1) * stride, (y + 2) * stride), row);
    const { bytes } = change.box;
    return kernels.filterRow(filter, row + pixelBytes, above + pixelBytes, to, bytes, pixelBytes) !== 0;
  }

  function apply({ from, to, byte }: Piece, at: Pointer): Stretch[] | undefined {
    const end = byte + to - from;
    const all = memory();
    const found: Stretch[] = [];
    for (; next < rows.length && rows[next]!.from < end; next++) {
      const changed = rows[next]!;
      const { before, after, box } = changed.change;
      const filter = all[from + box.rowAt + changed.row * rowBytes - byte]!;
      if (!filtered(filter, before, changed, old) || !filtered(filter, after, changed, now)) return undefined;
      const part = { from: Math.max(changed.from, byte), to: Math.min(changed.to, end) };
      const [skipped, length] = [part.from - changed.from, part.to - part.from];
      const target = at + part.from - byte;
      if (kernels.commonBytes(target, old + skipped, length) !== length) return undefined;
      all.copyWithin(target, now + skipped, now + skipped + length);
      found.push(part);
      // The rest of it comes with the next piece.
      if (changed.to > end) break;
    }
    return found;
  }

  return { apply };
}

/** In the order in which they lie in the file. */
function changedRows(changes: readonly BoxChange[], rowBytes: number): ChangedRow[] {
  const rows = changes.flatMap((change) =>
    Array.from({ length: change.box.rows }, (_, row): ChangedRow => {
      const from = change.box.rowAt + row * rowBytes + change.box.columnAt;
      return { change, row, from, to: from + change.box.bytes };
    }),
  );
  return rows.sort((a, b) => a.from - b.from);
}
