import type { Pointer } from '../kernels/exports.ts';
import { type KernelUse, useKernels } from '../kernels/kernels.ts';
import { insideDistance } from '../pixels/distance.ts';
import type { Box, FloatRaster, Mask, Size } from '../pixels/raster.ts';
import { axisTaps } from '../pixels/taps.ts';

/** Hides the errors that registration and harmonising leave, px. */
export const defaultFeatherPx = 32;
/** Where the old content still shows the edge is as soft as that of a camera, px. */
const tightFeatherPx = 2;
/** Low-passed difference, levels: below the first it is grain, above the second another object. */
const ghostFrom = 6;
const ghostTo = 24;

/** `3t^2 - 2t^3` of t clamped to 0..1: 0 and 1 with level ends. */
export function smoothstep(t: number): number {
  if (t <= 0) return 0;
  if (t >= 1) return 1;
  return t * t * (3 - 2 * t);
}

/** How surely two pictures show different things, 0..1, by their low-passed difference in levels. */
export const ghostShare = (gap: number): number => smoothstep((gap - ghostFrom) / (ghostTo - ghostFrom));

/**
 * Distance to the nearest kept pixel, px; infinite beyond twice the width of the feather (at least 1 px).
 * That far tells whether the mask is thick enough for the feather.
 */
export function featherDistance(mask: Mask, featherPx: number): Float32Array {
  return insideDistance(mask, Math.max(1, 2 * featherPx));
}

/**
 * The difference-adaptive inward feather:
 * `min(mask, 255 * max(S(d / w), S((|O - P| - 6) / 18) * S(d / 2)))`.
 *
 * O is the crop, P the corrected answer, d the distance to the nearest kept pixel, S the smoothstep. Wide
 * where O and P agree, tight where the old object still shows: a wide feather there would let it shine
 * through as a ghost. w is `featherPx`, but at most half the mask's inner radius, so that thin masks are
 * replaced too.
 *
 * 0 stays 0 (nothing outside changes), no value grows, so a user's soft edge is kept. Width 0 gives the mask.
 *
 * @param args.mask the effective mask of the patch, H x W x 1. @param args.distance its `featherDistance`.
 * @param args.featherPx at least 0. @param args.difference low-passed |O - P| of the whole crop at any
 * resolution, levels.
 * @param args.patch where the patch lies in the crop, px of the crop.
 */
export function adaptiveFeather(args: {
  readonly mask: Mask;
  readonly distance: Float32Array;
  readonly featherPx: number;
  readonly difference: FloatRaster;
  readonly crop: Size;
  readonly patch: Box;
}): Mask {
  const { mask, difference, crop, patch, distance } = args;
  const { width, height } = mask;
  const featherPx = Math.min(args.featherPx, Math.max(tightFeatherPx, innerRadius(distance) / 2));
  const horizontal = linearTaps(difference.width, crop.width, patch.left, width);
  const vertical = linearTaps(difference.height, crop.height, patch.top, height);
  const data = new Uint8Array(mask.data);
  useKernels(({ kernels, arena }) => {
    const [values, depth] = [arena.reserve(width), arena.reserve(4 * width)];
    const { taps } = horizontal;
    const [first, weights] = [arena.put(horizontal.first), arena.put(horizontal.weights)];
    const limits = arena.put(Float64Array.of(featherPx, tightFeatherPx, ghostFrom, ghostTo));
    const gaps = mapRows({ kernels, arena }, difference, vertical);
    for (let y = 0; y < height; y++) {
      arena.view(Float32Array, depth, width).set(distance.subarray(y * width, (y + 1) * width));
      const row = arena.view(Uint8Array, values, width);
      row.set(data.subarray(y * width, (y + 1) * width));
      kernels.featherRow(values, depth, width, gaps(y), first, weights, taps, limits);
      data.set(row, y * width);
    }
  });
  return { ...mask, data };
}

/** The largest distance; infinite when no pixel of the patch is kept. */
function innerRadius(distance: Float32Array): number {
  // A thick mask has places beyond the limit, which are found natively.
  if (distance.includes(Number.POSITIVE_INFINITY)) return Number.POSITIVE_INFINITY;
  let most = 0;
  for (let p = 0; p < distance.length; p++) if (distance[p]! > most) most = distance[p]!;
  return most;
}

/** Weights along one axis that read a reduced map of the crop at `count` pixels from `from` on. */
function linearTaps(mapLength: number, cropLength: number, from: number, count: number) {
  const step = mapLength / cropLength;
  return axisTaps({ start: from * step, step, count, sourceLength: mapLength, kernel: 'area' });
}

/** Interpolates rows of a map. */
function mapRows(
  { kernels, arena }: KernelUse,
  map: FloatRaster,
  { first, weights, taps }: ReturnType<typeof linearTaps>,
) {
  const bytes = map.width * 4;
  const [rows, out] = [arena.put(map.data), arena.reserve(bytes)];
  const weight = arena.reserve(8);
  return (y: number): Pointer => {
    arena.view(Float32Array, out, map.width).fill(0);
    for (let t = 0; t < taps; t++) {
      arena.view(Float64Array, weight, 1)[0] = weights[y * taps + t]!;
      kernels.addWeightedRows(out, rows + (first[y]! + t) * bytes, bytes, 4, weight, 1, map.width);
    }
    return out;
  };
}
