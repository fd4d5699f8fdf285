import type { Pointer } from '../kernels/exports.ts';
import { useKernels } from '../kernels/kernels.ts';
import type { Mask } from './raster.ts';

/**
 * Exact Euclidean distance of every pixel to the nearest pixel for which `isTarget` holds, O(n).
 *
 * Distances are between pixel centres, in px: 0 on a target, 1 beside it, sqrt(2) diagonally. The picture's
 * border is no target. A distance is `Infinity` without any target, and beyond `limitPx`: a small limit is
 * fast.
 *
 * First the distance g within each column (two scans), then for each row the lower envelope of the parabolas
 * `g(i)^2 + (x - i)^2`.
 *
 * @see Felzenszwalb and Huttenlocher, "Distance Transforms of Sampled Functions", Theory of Computing 2012.
 */
export function distanceTo(
  mask: Mask,
  isTarget: (value: number) => boolean,
  limitPx: number = Number.POSITIVE_INFINITY,
): Float32Array {
  const { width, height, data } = mask;
  const distance = new Float32Array(width * height);
  // One call for each level, not for each pixel.
  const levels = Uint8Array.from({ length: 256 }, (_, value) => (isTarget(value) ? 1 : 0));
  useKernels(({ kernels, arena }) => {
    const targets = arena.put(levels);
    const [values, envelope] = [arena.reserve(width), arena.reserve(24 * (width + 1))];
    const reserve = () => arena.put(new Float32Array(width).fill(Number.POSITIVE_INFINITY));
    const out = reserve();
    let [beside, row] = [reserve(), reserve()];
    const view = (pointer: Pointer) => arena.view(Float32Array, pointer, width);
    const line = (y: number) => distance.subarray(y * width, (y + 1) * width);
    for (let y = 0; y < height; y++) {
      arena.view(Uint8Array, values, width).set(data.subarray(y * width, (y + 1) * width));
      kernels.distancesDown(values, targets, beside, row, width);
      line(y).set(view(row));
      [beside, row] = [row, beside];
    }
    for (let y = height - 1; y >= 0; y--) {
      view(row).set(line(y));
      if (y < height - 1) kernels.distancesUp(row, beside, width);
      kernels.distancesAlong(row, out, width, limitPx, envelope);
      line(y).set(view(out));
      [beside, row] = [row, beside];
    }
  });
  return distance;
}

/** Distance of each pixel inside (value above 0) to the nearest kept pixel (value 0); 0 outside. */
export function insideDistance(mask: Mask, limitPx?: number): Float32Array {
  return distanceTo(mask, (value) => value === 0, limitPx);
}

/** Distance of each kept pixel (value 0) to the nearest pixel inside (value above 0); 0 inside. */
export function outsideDistance(mask: Mask, limitPx?: number): Float32Array {
  return distanceTo(mask, (value) => value > 0, limitPx);
}
