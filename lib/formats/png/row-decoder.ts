import type { Pointer } from '../../kernels/exports.ts';
import type { KernelUse } from '../../kernels/kernels.ts';
import type { Box } from '../../pixels/raster.ts';
import type { Piece } from './inflater.ts';
import type { Layout } from './layout.ts';

/** A vector is stored at a time; the longest pixel has 8 bytes. */
const besideBytes = 16;

/** Receives the bytes of the row `y` of a box, unless all are 0. They change when the next is decoded. */
export type TakeRow = (y: number, row: Uint8Array) => void;

export interface RowDecoder {
  /**
   * Decodes the rows that are whole.
   *
   * @returns the first byte that must be kept for the next piece; `undefined` for an unknown filter.
   */
  readonly take: (piece: Piece) => Pointer | undefined;
  readonly isDone: () => boolean;
}

/**
 * Decodes the rows of a PNG from the first on, and of them only what lies left of the right edge of a box.
 */
export function rowDecoder(
  { kernels, arena }: KernelUse,
  layout: Layout,
  box: Box,
  takeRow: TakeRow,
): RowDecoder {
  const { pixelBytes, rowBytes } = layout;
  const [skipped, length] = [box.left * pixelBytes, box.width * pixelBytes];
  const room = besideBytes + skipped + length + besideBytes;
  const bottom = box.top + box.height;
  let [above, current] = [arena.reserve(room) + besideBytes, arena.reserve(room) + besideBytes];
  const memory = () => new Uint8Array(kernels.memory.buffer);
  // Left of the picture and above it there are zeros.
  for (const pointer of [above, current])
    memory().fill(0, pointer - besideBytes, pointer + room - besideBytes);
  let row = 0;

  function take({ from, to, byte }: Piece): Pointer | undefined {
    const all = memory();
    let at = from + row * rowBytes - byte;
    for (; at + rowBytes <= to && row < bottom; at += rowBytes, row++) {
      const isKnown = kernels.unfilterRow(all[at]!, at + 1, above, current, skipped + length, pixelBytes);
      if (!isKnown) return undefined;
      if (row >= box.top && !kernels.isBlank(current + skipped, length))
        takeRow(row - box.top, all.subarray(current + skipped, current + skipped + length));
      [above, current] = [current, above];
    }
    return at;
  }

  return { take, isDone: () => row === bottom };
}
