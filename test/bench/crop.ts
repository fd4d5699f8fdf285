import type { Box } from '../../lib/pixels/raster.ts';

/** From this value on a mask pixel counts as masked. */
const threshold = 128;

/** The smallest box that holds every masked pixel; empty at the origin when there is none. */
export function boundsOf(mask: Uint8Array, width: number, height: number): Box {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let i = 0; i < width * height; i++) {
    if (mask[i]! < threshold) continue;
    const x = i % width;
    const y = (i - x) / width;
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + 1);
    bottom = Math.max(bottom, y + 1);
  }
  return right === 0
    ? { left: 0, top: 0, width: 0, height: 0 }
    : { left, top, width: right - left, height: bottom - top };
}

/** Thresholded and grown by a disc. */
export function dilateMask(
  mask: Uint8Array,
  width: number,
  height: number,
  radius: number,
): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(width * height);
  for (let i = 0; i < out.length; i++) {
    if (mask[i]! < threshold) continue;
    const x = i % width;
    const y = (i - x) / width;
    for (let j = Math.max(-radius, -y); j <= Math.min(radius, height - 1 - y); j++) {
      const reach = Math.floor(Math.sqrt(radius * radius - j * j));
      const row = (y + j) * width;
      out.fill(255, row + Math.max(0, x - reach), row + Math.min(width, x + reach + 1));
    }
  }
  return out;
}
