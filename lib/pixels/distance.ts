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
  const { width, height } = mask;
  const distance = columnDistances(mask, isTarget);
  const envelope = {
    sites: new Int32Array(width),
    heights: new Float64Array(width),
    starts: new Float64Array(width),
  };
  for (let y = 0; y < height; y++) {
    const line = distance.subarray(y * width, (y + 1) * width);
    for (let x = 0; x < width; x++) {
      if (line[x] === 0) continue;
      const from = x;
      while (x < width && line[x] !== 0) x++;
      // Targets beyond the ends of a run are farther away than those at its ends.
      fillRun({ line, from, to: x, limitPx, envelope });
    }
  }
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

/** Distance to the nearest target in the same column: down with a running count, then up. */
function columnDistances(mask: Mask, isTarget: (value: number) => boolean): Float32Array {
  const { width, height, data } = mask;
  // One call for each level, not for each pixel.
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

/** The parabolas that form the lower envelope, left to right, and where each begins. */
interface Envelope {
  readonly sites: Int32Array;
  /** The parabolas' lowest values: squared distances within the column. */
  readonly heights: Float64Array;
  readonly starts: Float64Array;
}

interface Run {
  readonly line: Float32Array;
  /** Columns `from` (inclusive) to `to` (exclusive) hold no target. */
  readonly from: number;
  readonly to: number;
  readonly limitPx: number;
  readonly envelope: Envelope;
}

function fillRun(run: Run): void {
  const { line, from, to, limitPx, envelope } = run;
  const { sites, heights, starts } = envelope;
  const count = lowerEnvelope(run);
  if (count === 0) {
    line.fill(Number.POSITIVE_INFINITY, from, to);
    return;
  }
  const most = limitPx * limitPx;
  let k = 0;
  for (let x = from; x < to; x++) {
    while (k + 1 < count && starts[k + 1]! < x) k++;
    const dx = x - sites[k]!;
    const squared = heights[k]! + dx * dx;
    line[x] = squared > most ? Number.POSITIVE_INFINITY : Math.sqrt(squared);
  }
}

/** Fills `envelope` for a run and the targets beside it; returns the number of parabolas. */
function lowerEnvelope({ line, from, to, limitPx, envelope }: Run): number {
  const { sites, heights, starts } = envelope;
  let count = 0;
  for (let x = Math.max(0, from - 1); x <= Math.min(line.length - 1, to); x++) {
    const inColumn = line[x]!;
    // A parabola above the limit never gets below it.
    if (inColumn > limitPx || inColumn === Number.POSITIVE_INFINITY) continue;
    const height = inColumn * inColumn;
    let start = Number.NEGATIVE_INFINITY;
    while (count > 0) {
      const site = sites[count - 1]!;
      start = (height + x * x - heights[count - 1]! - site * site) / (2 * (x - site));
      if (start > starts[count - 1]!) break;
      count--;
      start = Number.NEGATIVE_INFINITY;
    }
    sites[count] = x;
    heights[count] = height;
    starts[count] = start;
    count++;
  }
  return count;
}
