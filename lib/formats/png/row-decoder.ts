import type { Pointer } from '../../kernels/exports.ts';
import type { KernelUse } from '../../kernels/kernels.ts';
import type { Box } from '../../pixels/raster.ts';
import type { Piece } from './inflater.ts';
import type { Layout } from './layout.ts';

/** A vector is stored at a time; the longest pixel has 8 bytes. */
const besideBytes = 16;

/** How decoded rows begin: 1 byte of 0 is how PNG stores rows without a filter. */
export interface RowHeads {
  readonly headBytes: 0 | 1;
}

export interface RowDecoder {
  /**
   * Decodes the rows that are whole.
   *
   * @returns the first byte that must be kept for the next piece; `undefined` for an unknown filter.
   */
  readonly take: (piece: Piece) => Pointer | undefined;
  readonly isDone: () => boolean;
  /** The rows of the box. */
  readonly bytes: Uint8Array;
}

/**
 * Decodes the rows of a PNG from the first on, and of them only what lies left of the right edge of a box.
 */
export function rowDecoder(
  { kernels, arena }: KernelUse,
  layout: Layout,
  box: Box,
  { headBytes }: RowHeads,
): RowDecoder {
  const { pixelBytes, rowBytes } = layout;
  const [skipped, length] = [box.left * pixelBytes, box.width * pixelBytes];
  const bytes = new Uint8Array(box.height * (headBytes + length));
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
      // Memory that is never written stays free: most of a mask is black.
      if (row >= box.top && !kernels.isBlank(current + skipped, length)) {
        const pixels = all.subarray(current + skipped, current + skipped + length);
        bytes.set(pixels, (row - box.top) * (headBytes + length) + headBytes);
      }
      [above, current] = [current, above];
    }
    return at;
  }

  return { take, isDone: () => row === bottom, bytes };
}
