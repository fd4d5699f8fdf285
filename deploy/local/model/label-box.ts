import type { Box, Mask, Size } from '../../../lib/pixels/raster.ts';

/** Steps per side in which places and sizes are tried: finer ones change nothing that can be seen. */
const steps = 48;

/** The largest box of the ratio of `shape` that lies wholly inside the mask; `undefined` when none does. */
export function labelBox(mask: Mask, bounds: Box, shape: Size): Box | undefined {
  const sums = summedArea(mask);
  const isCovered = (box: Box) => maskedIn(sums, mask.width, box) === box.width * box.height;
  const largest = Math.min(bounds.width / shape.width, bounds.height / shape.height);
  const stepPx = Math.max(1, Math.floor(Math.max(bounds.width, bounds.height) / steps));
  for (let step = steps; step > 0; step--) {
    const scale = (largest * step) / steps;
    const width = Math.floor(shape.width * scale);
    const height = Math.floor(shape.height * scale);
    if (width < shape.width || height < shape.height) return undefined;
    for (let top = bounds.top; top + height <= bounds.top + bounds.height; top += stepPx) {
      for (let left = bounds.left; left + width <= bounds.left + bounds.width; left += stepPx) {
        const box = { left, top, width, height };
        if (isCovered(box)) return box;
      }
    }
  }
  return undefined;
}

/** Summed-area table with a row and a column of zeros before the first: (H + 1) x (W + 1). */
function summedArea({ width, height, data }: Mask): Uint32Array {
  const sums = new Uint32Array((width + 1) * (height + 1));
  for (let y = 0; y < height; y++) {
    let row = 0;
    for (let x = 0; x < width; x++) {
      row += data[y * width + x] === 0 ? 0 : 1;
      sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1]! + row;
    }
  }
  return sums;
}

function maskedIn(sums: Uint32Array, maskWidth: number, { left, top, width, height }: Box): number {
  const at = (x: number, y: number) => sums[y * (maskWidth + 1) + x]!;
  return at(left + width, top + height) - at(left, top + height) - at(left + width, top) + at(left, top);
}
