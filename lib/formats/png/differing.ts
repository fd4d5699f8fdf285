import type { KernelUse } from '../../kernels/kernels.ts';
import type { Mask, Raster } from '../../pixels/raster.ts';
import type { Watched } from './compare-stretch.ts';
import { type Layout, rowBytesOf } from './layout.ts';

interface Expected {
  /** 0 = must not have changed. */
  readonly mask: Mask;
  /** The old pixels of the box with one more on each side, clipped to the picture. */
  readonly before: Raster;
}

/** Bytes that vectors may read or write too many. */
const besideBytes = 16;

/**
 * Decodes a box of the output from what surrounds it, and counts the pixels that differ outside its mask.
 *
 * @returns `undefined` for an unknown filter.
 */
export function differingInBox(
  { kernels, arena }: KernelUse,
  { area, filters, filtered }: Watched,
  { mask, before }: Expected,
  layout: Layout,
): number | undefined {
  const { pixelBytes } = layout;
  const { data, stride } = rowBytesOf(before, area, layout);
  const columns = area.bytes / pixelBytes;
  const [from, old, maskRow] = [
    arena.reserve(area.bytes + besideBytes),
    arena.reserve(stride),
    arena.reserve(columns),
  ];
  let [above, current] = [arena.reserve(stride + besideBytes), arena.reserve(stride + besideBytes)];
  const memory = new Uint8Array(kernels.memory.buffer);
  memory.set(data.subarray(0, stride), above);
  let differing = 0;
  for (let row = 0; row < area.rows; row++) {
    const expected = data.subarray((row + 1) * stride, (row + 2) * stride);
    memory.set(expected, old);
    // The pixel on the left of the box is known.
    memory.set(expected.subarray(0, pixelBytes), current);
    memory.set(filtered.subarray(row * area.bytes, (row + 1) * area.bytes), from);
    const [to, up] = [current + pixelBytes, above + pixelBytes];
    if (!kernels.unfilterRow(filters[row]!, from, up, to, area.bytes, pixelBytes)) return undefined;
    // The column and the row behind the box are predicted from it, and must not change.
    memory.fill(0, maskRow, maskRow + columns);
    memory.set(mask.data.subarray(row * mask.width, (row + 1) * mask.width), maskRow);
    differing += kernels.differingPixels(to, old + pixelBytes, maskRow, columns, pixelBytes);
    [above, current] = [current, above];
  }
  return differing;
}
