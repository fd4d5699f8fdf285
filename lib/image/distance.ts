import type { Mask } from './raster.ts';

/**
 * Exact Euclidean distance of every pixel to the nearest pixel for which `isTarget` holds, O(n).
 *
 * Distances are between pixel centres, in px: 0 on a target, 1 beside it, sqrt(2) diagonally. The
 * picture's border is no target. Without any target every distance is `Infinity`.
 *
 * Columns first (two scans), then the lower envelope of the parabolas `g(i)^2 + (x - i)^2` of each row.
 *
 * @see Felzenszwalb and Huttenlocher, "Distance Transforms of Sampled Functions", Theory of Computing 2012.
 */
export function distanceTo(mask: Mask, isTarget: (value: number) => boolean): Float32Array {
  const { width, height } = mask;
  const distance = columnDistances(mask, isTarget);
  const row = new Float64Array(width);
  const sites = new Int32Array(width);
  const starts = new Float64Array(width + 1);
  for (let y = 0; y < height; y++) {
    const line = distance.subarray(y * width, (y + 1) * width);
    if (line.every((value) => value === 0)) continue;
    for (let x = 0; x < width; x++) row[x] = line[x]! * line[x]!;
    const count = lowerEnvelope(row, sites, starts);
    fromEnvelope({ row, sites, starts, count, out: line });
  }
  return distance;
}

/** Distance of each pixel inside (value above 0) to the nearest kept pixel (value 0); 0 outside. */
export function insideDistance(mask: Mask): Float32Array {
  return distanceTo(mask, (value) => value === 0);
}

/** Distance of each kept pixel (value 0) to the nearest pixel inside (value above 0); 0 inside. */
export function outsideDistance(mask: Mask): Float32Array {
  return distanceTo(mask, (value) => value > 0);
}

/** Distance to the nearest target in the same column: down with a running count, then up. */
function columnDistances(mask: Mask, isTarget: (value: number) => boolean): Float32Array {
  const { width, height, data } = mask;
  // One call per level, not per pixel.
  const targets = Uint8Array.from({ length: 256 }, (_, value) => (isTarget(value) ? 1 : 0));
  const out = new Float32Array(width * height);
  for (let i = 0; i < out.length; i++) {
    if (targets[data[i]!] === 1) out[i] = 0;
    else out[i] = i < width ? Number.POSITIVE_INFINITY : out[i - width]! + 1;
  }
  for (let i = out.length - width - 1; i >= 0; i--) {
    const fromBelow = out[i + width]! + 1;
    if (fromBelow < out[i]!) out[i] = fromBelow;
  }
  return out;
}

/** The parabolas that are lowest somewhere, left to right, and where each begins. Returns their number. */
function lowerEnvelope(row: Float64Array, sites: Int32Array, starts: Float64Array): number {
  let count = 0;
  for (let x = 0; x < row.length; x++) {
    if (row[x] === Number.POSITIVE_INFINITY) continue;
    let start = Number.NEGATIVE_INFINITY;
    while (count > 0) {
      const site = sites[count - 1]!;
      start = (row[x]! + x * x - row[site]! - site * site) / (2 * (x - site));
      if (start > starts[count - 1]!) break;
      count--;
      start = Number.NEGATIVE_INFINITY;
    }
    sites[count] = x;
    starts[count] = start;
    count++;
  }
  return count;
}

function fromEnvelope(args: {
  readonly row: Float64Array;
  readonly sites: Int32Array;
  readonly starts: Float64Array;
  readonly count: number;
  readonly out: Float32Array;
}): void {
  const { row, sites, starts, count, out } = args;
  if (count === 0) return;
  let k = 0;
  for (let x = 0; x < out.length; x++) {
    while (k + 1 < count && starts[k + 1]! < x) k++;
    const site = sites[k]!;
    out[x] = Math.sqrt(row[site]! + (x - site) * (x - site));
  }
}
