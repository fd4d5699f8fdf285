import { blur } from '../pixels/blur.ts';
import { boundingBox, grow } from '../pixels/box.ts';
import {
  assertSameSize,
  type Box,
  emptyFloatRaster,
  type FloatRaster,
  type Mask,
  type Size,
} from '../pixels/raster.ts';
import { resample } from '../pixels/resample.ts';

/** From this share on a pixel counts as found: rather a little too much than a rest of what is removed. */
const foundFrom = 0.4;
/** A mask that is not refined ends within half a pixel of the small picture. */
const steepness = 2;
/** The edge of a refined mask is as soft as this many shares of it. */
const refinedSoftness = 0.25;
/** Variance of luma, levels squared, from which on an edge of the picture counts as one. */
const flatVariance = 20;
/** So many rows are worked on at a time, so that maps of the whole picture are never in memory. */
const stripRows = 64;

export interface RefineOptions {
  /** h x w x 1, of the whole picture at a reduced size; 255 = found. */
  readonly mask: Mask;
  /** Luma of the reduced picture, h x w x 1, levels. */
  readonly guide: FloatRaster;
  /** How far the true edge may lie from that of the mask, px of it. 0: the mask is only enlarged. */
  readonly edgePx: number;
  /** The part of the picture that is wanted, and its luma, levels; read only where `edgePx` is above 0. */
  readonly part: Box;
  readonly luma: Uint8Array | Uint16Array | Float32Array;
  /** Size of the picture. */
  readonly picture: Size;
}

/**
 * A reduced mask at the size of its picture, its edge moved to the edges of the picture that are near.
 *
 * `out = a * luma + b`, where a and b fit the mask to the luma of the reduced picture around each pixel, by
 * least squares under a Gaussian of `edgePx`. Farther than twice that from the edge of the mask nothing
 * changes.
 *
 * @returns the mask of `part`.
 * @throws {EditError} `SHAPE_MISMATCH` when mask and guide differ in size.
 * @see He, Sun and Tang, "Guided Image Filtering", IEEE TPAMI 2013.
 * @see He and Sun, "Fast Guided Filter", arXiv:1505.00996, 2015.
 */
export function refineEdge(options: RefineOptions): Mask {
  const { mask, guide, edgePx, part, picture } = options;
  assertSameSize(mask, guide);
  const maps = edgePx > 0 ? guidedMaps(mask, guide, edgePx) : plainMap(mask);
  const out: Mask = {
    width: part.width,
    height: part.height,
    channels: 1,
    data: new Uint8Array(part.width * part.height),
  };
  const [scaleX, scaleY] = [mask.width / picture.width, mask.height / picture.height];
  for (let top = 0; top < part.height; top += stripRows) {
    const height = Math.min(stripRows, part.height - top);
    const window = {
      left: part.left * scaleX,
      top: (part.top + top) * scaleY,
      width: part.width * scaleX,
      height: height * scaleY,
    };
    const strip = resample({ source: maps, window, size: { width: part.width, height }, kernel: 'area' });
    const from = top * part.width;
    if (edgePx > 0) refineStrip(strip, options.luma, from, out.data);
    else steepen(strip, from, out.data);
  }
  return out;
}

const plainMap = (mask: Mask): FloatRaster => ({ ...mask, data: Float32Array.from(mask.data) });

function steepen({ data }: FloatRaster, from: number, out: Uint8Array): void {
  for (let p = 0; p < data.length; p++) out[from + p] = level((data[p]! / 255 - 0.5) * steepness + 0.5);
}

/** Channels of the maps: share of the mask, whether the edge is near, and the a and b of the fit. */
const [share, nearness, slope, offset, channels] = [0, 1, 2, 3, 4];

/** The maps of the fit at the reduced size. */
function guidedMaps(mask: Mask, guide: FloatRaster, edgePx: number): FloatRaster {
  const { width, height } = mask;
  const found = single(width, height, (p) => mask.data[p]! / 255);
  const mean = (of: (p: number) => number) => blur(single(width, height, of), edgePx).data;
  const [i, p] = [guide.data, found.data];
  const meanI = mean((at) => i[at]!);
  const meanP = mean((at) => p[at]!);
  const meanIi = mean((at) => i[at]! ** 2);
  const meanIp = mean((at) => i[at]! * p[at]!);
  const a = single(width, height, (at) => {
    const variance = Math.max(0, meanIi[at]! - meanI[at]! ** 2);
    return (meanIp[at]! - meanI[at]! * meanP[at]!) / (variance + flatVariance);
  });
  const b = single(width, height, (at) => meanP[at]! - a.data[at]! * meanI[at]!);
  const [meanA, meanB] = [blur(a, edgePx).data, blur(b, edgePx).data];
  const out = emptyFloatRaster(width, height, channels);
  for (let at = 0; at < p.length; at++) {
    out.data[at * channels + share] = p[at]!;
    // 1 in the middle of an edge, 0 where all around is alike.
    out.data[at * channels + nearness] = Math.min(1, 8 * meanP[at]! * (1 - meanP[at]!));
    out.data[at * channels + slope] = meanA[at]!;
    out.data[at * channels + offset] = meanB[at]!;
  }
  return out;
}

function single(width: number, height: number, of: (p: number) => number): FloatRaster {
  const out = emptyFloatRaster(width, height, 1);
  for (let p = 0; p < out.data.length; p++) out.data[p] = of(p);
  return out;
}

function refineStrip(
  { data }: FloatRaster,
  luma: RefineOptions['luma'],
  from: number,
  out: Uint8Array,
): void {
  for (let i = 0, p = from; i < data.length; i += channels, p++) {
    const fitted = data[i + slope]! * luma[p]! + data[i + offset]!;
    const found = data[i + share]! + (fitted - data[i + share]!) * data[i + nearness]!;
    out[p] = level((found - foundFrom) / refinedSoftness + 0.5);
  }
}

const level = (value: number): number => Math.round(255 * Math.min(1, Math.max(0, value)));

/** The part of the picture in which the mask may be above 0; `undefined` for an empty mask. */
export function partOfMask({ mask, edgePx, picture }: Pick<RefineOptions, 'mask' | 'edgePx' | 'picture'>) {
  const found = boundingBox(mask);
  if (found === undefined) return undefined;
  const box = grow(found, Math.ceil(3 * edgePx) + 1, mask);
  const [scaleX, scaleY] = [picture.width / mask.width, picture.height / mask.height];
  const left = Math.floor(box.left * scaleX);
  const top = Math.floor(box.top * scaleY);
  return {
    left,
    top,
    width: Math.min(picture.width, Math.ceil((box.left + box.width) * scaleX)) - left,
    height: Math.min(picture.height, Math.ceil((box.top + box.height) * scaleY)) - top,
  };
}
