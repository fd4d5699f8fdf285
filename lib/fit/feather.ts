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
  // Deeper than the feather alpha is the mask: copied natively.
  const data = new Uint8Array(mask.data);
  const row = new Float32Array(difference.width);
  for (let y = 0; y < height; y++) {
    let rowReady = false;
    for (let x = 0; x < width; x++) {
      const p = y * width + x;
      const d = distance[p]!;
      if (d >= featherPx || d === 0) continue;
      if (!rowReady) rowReady = lerpRow(difference, vertical, y, row);
      const { first, weights, taps } = horizontal;
      let gap = 0;
      for (let t = 0; t < taps; t++) gap += weights[x * taps + t]! * row[first[x]! + t]!;
      const alpha = Math.max(smoothstep(d / featherPx), ghostShare(gap) * smoothstep(d / tightFeatherPx));
      data[p] = Math.min(data[p]!, Math.round(255 * alpha));
    }
  }
  return { ...mask, data };
}

/** The largest distance; infinite when no pixel of the patch is kept. */
function innerRadius(distance: Float32Array): number {
  let most = 0;
  for (let p = 0; p < distance.length; p++) if (distance[p]! > most) most = distance[p]!;
  return most;
}

/** Weights along one axis that read a reduced map of the crop at `count` pixels from `from` on. */
function linearTaps(mapLength: number, cropLength: number, from: number, count: number) {
  const step = mapLength / cropLength;
  return axisTaps({ start: from * step, step, count, sourceLength: mapLength, kernel: 'area' });
}

function lerpRow(map: FloatRaster, vertical: ReturnType<typeof linearTaps>, y: number, out: Float32Array) {
  const { first, weights, taps } = vertical;
  out.fill(0);
  for (let t = 0; t < taps; t++) {
    const weight = weights[y * taps + t]!;
    const base = (first[y]! + t) * map.width;
    for (let x = 0; x < map.width; x++) out[x]! += weight * map.data[base + x]!;
  }
  return true;
}
