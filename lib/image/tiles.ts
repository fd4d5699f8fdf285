import { EditError } from '../errors.ts';
import { alignedWindow, identityAlignment } from './alignment.ts';
import type { Kernel } from './axis-taps.ts';
import { blur } from './blur.ts';
import { crop as cut } from './box.ts';
import { smoothstep } from './feather.ts';
import { emptyFloatRaster, type FloatRaster } from './float-raster.ts';
import type { Box, Raster, Size } from './raster.ts';
import { register } from './register.ts';
import { fitSize, resample, resizeTo, wholeWindow } from './resample.ts';

/** A second, finer answer for a part of the crop. */
export interface Tile {
  /** px of the crop. */
  readonly box: Box;
  /** Any size; the colours of the first answer. */
  readonly raster: Raster;
}

/** Neighbours share this much of a tile, so that one can fade into the other. */
const overlapShare = 0.125;
const registrationSidePx = 512;

/**
 * Tiles of one size that cover `area`, evenly spaced, overlapping by at least an eighth, inside the crop.
 *
 * @param args.area what needs detail, px of the crop: the mask's box and its ring. @param args.tile the model's frame.
 * @throws {EditError} `SHAPE_MISMATCH` when the area is not inside the crop.
 */
export function planTiles(args: { readonly crop: Size; readonly area: Box; readonly tile: Size }): Box[] {
  const { crop, area, tile } = args;
  const fits =
    area.left >= 0 &&
    area.top >= 0 &&
    area.left + area.width <= crop.width &&
    area.top + area.height <= crop.height;
  if (!fits) throw new EditError('SHAPE_MISMATCH', `Expected an area inside ${crop.width} x ${crop.height}`);
  const width = Math.min(tile.width, crop.width);
  const height = Math.min(tile.height, crop.height);
  const lefts = starts({ from: area.left, length: area.width, side: width, limit: crop.width });
  const tops = starts({ from: area.top, length: area.height, side: height, limit: crop.height });
  return tops.flatMap((top) => lefts.map((left) => ({ left, top, width, height })));
}

interface Axis {
  readonly from: number;
  readonly length: number;
  readonly side: number;
  readonly limit: number;
}

function starts({ from, length, side, limit }: Axis): number[] {
  const stride = Math.max(1, Math.floor(side * (1 - overlapShare)));
  const count = length <= side ? 1 : Math.ceil((length - side) / stride) + 1;
  const clamp = (start: number): number => Math.min(Math.max(0, Math.round(start)), limit - side);
  if (count === 1) return [clamp(from + (length - side) / 2)];
  const step = (length - side) / (count - 1);
  return Array.from({ length: count }, (_, i) => clamp(from + i * step));
}

/**
 * One picture at the crop's size with the light of the first answer and the detail of the tiles.
 *
 * `out = guide + sum(w * (tile - lowpass(tile) - guide + lowpass(guide)))`: low frequencies from the guide,
 * high from the tiles, each registered to the guide first; weights fade over the overlaps and sum to at most 1.
 * Without tiles it is the guide, enlarged.
 *
 * @param args.guide the whole crop at the model's size, H x W x C, 8 or 16 bit.
 * @returns crop.height x crop.width x C in the guide's depth.
 * @throws {EditError} `SHAPE_MISMATCH` when a tile has other channels or lies outside the crop.
 * @see Burt and Adelson, "A Multiresolution Spline with Application to Image Mosaics", ACM TOG 1983.
 */
export function fuseTiles(args: {
  readonly guide: Raster;
  readonly crop: Size;
  readonly tiles: readonly Tile[];
}): Raster {
  const { guide, crop, tiles } = args;
  const whole = resample({ source: guide, window: wholeWindow(guide), size: crop, kernel: 'cubic' });
  const detail = emptyFloatRaster(crop.width, crop.height, guide.channels);
  const weights = emptyFloatRaster(crop.width, crop.height, 1);
  // What one pixel of the guide covers: finer than that it knows nothing.
  const lowPassPx = Math.max(1, crop.width / guide.width);
  for (const tile of tiles) addDetail({ tile, whole, lowPassPx, detail, weights });
  const perSample = guide.data instanceof Uint16Array ? 257 : 1;
  const data =
    guide.data instanceof Uint16Array
      ? new Uint16Array(whole.data.length)
      : new Uint8Array(whole.data.length);
  for (let i = 0; i < data.length; i++) {
    const weight = Math.max(1, weights.data[Math.trunc(i / guide.channels)]!);
    const level = whole.data[i]! + detail.data[i]! / weight;
    data[i] = Math.round(Math.min(255, Math.max(0, level)) * perSample);
  }
  return { width: crop.width, height: crop.height, channels: guide.channels, data };
}

function addDetail(args: {
  readonly tile: Tile;
  readonly whole: FloatRaster;
  readonly lowPassPx: number;
  readonly detail: FloatRaster;
  readonly weights: FloatRaster;
}): void {
  const { tile, whole, lowPassPx, detail, weights } = args;
  const { box } = tile;
  const { channels } = whole;
  if (tile.raster.channels !== channels) {
    throw new EditError('SHAPE_MISMATCH', `Expected ${channels} channels, got ${tile.raster.channels}`);
  }
  const guide = cut(whole, box);
  const own = alignedTile(tile.raster, guide);
  const [ownLow, guideLow] = [blur(own, lowPassPx), blur(guide, lowPassPx)];
  for (let y = 0; y < box.height; y++) {
    const rowWeight = fade(y, box.height, box.top, whole.height);
    for (let x = 0; x < box.width; x++) {
      const weight = rowWeight * fade(x, box.width, box.left, whole.width);
      const from = (y * box.width + x) * channels;
      const p = (box.top + y) * whole.width + box.left + x;
      weights.data[p]! += weight;
      for (let c = 0; c < channels; c++) {
        const finer = own.data[from + c]! - ownLow.data[from + c]!;
        const coarser = guide.data[from + c]! - guideLow.data[from + c]!;
        detail.data[p * channels + c]! += weight * (finer - coarser);
      }
    }
  }
}

/** The tile at the guide's size, where the guide has the same things. */
function alignedTile(raster: Raster, guide: FloatRaster): FloatRaster {
  const size = fitSize(guide, registrationSidePx);
  const nothing = { ...size, channels: 1 as const, data: new Uint8Array(size.width * size.height) };
  const found = register({ crop: resizeTo(guide, size), edited: resizeTo(raster, size), mask: nothing });
  const alignment = found.confident ? found.alignment : identityAlignment;
  const window = alignedWindow({ edited: raster, crop: guide, patch: wholeWindow(guide), alignment });
  const kernel: Kernel = 'cubic';
  return resample({ source: raster, window, size: guide, kernel });
}

/** 0 to 1 over the overlap at each end that is not the border of the crop. */
function fade(at: number, side: number, start: number, limit: number): number {
  const reach = Math.max(1, side * overlapShare);
  const before = start === 0 ? 1 : smoothstep((at + 0.5) / reach);
  const after = start + side === limit ? 1 : smoothstep((side - at - 0.5) / reach);
  return Math.min(before, after);
}
