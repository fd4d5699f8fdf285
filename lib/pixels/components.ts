import type { Mask } from './raster.ts';

/**
 * Calls `visit` with the pixel indices of each 8-connected group of values above 0, once per group, in
 * the order of their first pixels. The array is reused: copy what is to be kept.
 */
export function forEachComponent(mask: Mask, visit: (pixels: Int32Array) => void): void {
  const { width, height, data } = mask;
  const seen = new Uint8Array(data.length);
  const queue = new Int32Array(data.length);
  for (let start = 0; start < data.length; start++) {
    if (data[start] === 0 || seen[start] === 1) continue;
    seen[start] = 1;
    queue[0] = start;
    let end = 1;
    for (let head = 0; head < end; head++) {
      const x = queue[head]! % width;
      const y = (queue[head]! - x) / width;
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
          const p = v * width + u;
          if (data[p] === 0 || seen[p] === 1) continue;
          seen[p] = 1;
          queue[end++] = p;
        }
      }
    }
    visit(queue.subarray(0, end));
  }
}

/** Without the groups of fewer than `minPixels` pixels; the others keep their values. */
export function dropSpecks(mask: Mask, minPixels: number): Mask {
  const data = new Uint8Array(mask.data);
  forEachComponent(mask, (pixels) => {
    if (pixels.length >= minPixels) return;
    for (const p of pixels) data[p] = 0;
  });
  return { ...mask, data };
}
