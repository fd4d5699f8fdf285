import { EditError } from '../errors.ts';
import { blur } from '../pixels/blur.ts';
import { crop as cut } from '../pixels/box.ts';
import { emptyFloatRaster, type FloatRaster, luma } from '../pixels/float-raster.ts';
import type { Mask, Raster } from '../pixels/raster.ts';
import { fitSize, resample, resizeTo, wholeWindow } from '../pixels/resample.ts';
import { fadeShare, type TilePlace } from '../plan/tile-plan.ts';
import { type Alignment, alignedWindow, driftPx } from './alignment.ts';
import { smoothstep } from './feather.ts';
import { register } from './register.ts';
import { applyTone, fitTone } from './tone.ts';

/** A second, finer answer for a part of the canvas. */
export interface Tile {
  readonly place: TilePlace;
  /** Any size; H x W x 3, 8 bit. */
  readonly answer: Raster;
}

/** What became of one tile. */
export interface TileFit {
  /** How far the model moved it, px of the canvas. */
  readonly driftPx: number;
  /** Share of what it was to repaint where it shows the same things as the first answer, 0..1. */
  readonly agreement: number;
  /** False: it was moved too far or shows another picture, and nothing of it was taken. */
  readonly isUsed: boolean;
}

export interface TileFusion {
  /** The first answer, enlarged, with all detail added so far. */
  readonly canvas: Raster;
  readonly add: (tile: Tile) => TileFit;
}

const registrationSidePx = 512;
/** Slower than this, at that size, is light. */
const lightPx = 12;
/** Detail is kept in 64ths of a level: 16 bit hold it. */
const stepsPerLevel = 64;
/** A tile moved by more than this share of its diagonal shows something else. */
const maxDriftShare = 0.04;
/** The guide is soft well below the frequency of its pixels: up to there tiles know better. */
const lowPassPixels = 1.4;
/** Levels of low-passed difference: below it the same thing in other grain, from the second on another thing. */
const agreesTo = 10;
const differsFrom = 30;
/** Below this share of agreement a tile has painted another picture. */
const minAgreement = 0.5;

/**
 * Gives an enlarged first answer the detail of tiles: low frequencies from the answer, high from the tiles.
 *
 * `out = guide + w * a * (tile - lowpass(tile) - guide + lowpass(guide))`, each tile registered to the guide
 * and brought to its tone first; the weights w of neighbours fade into each other and sum to 1, the agreement a is
 * `1 - S((lowpass|lowpass(tile) - lowpass(guide)| - 10) / 20)`: where a tile shows another thing, the guide stays.
 *
 * @param args.guide H x W x 3, 8 bit: the canvas, with the first answer where the mask is set; not changed.
 * @param args.mask H x W x 1: only where it is above 0 anything is added.
 * @param args.guidePixelPx what one pixel of the first answer covers, px of the canvas: finer than that it knows nothing.
 * @see Burt and Adelson, "A Multiresolution Spline with Application to Image Mosaics", ACM TOG 1983.
 */
export function fuseTiles(args: {
  readonly guide: Raster;
  readonly mask: Mask;
  readonly guidePixelPx: number;
}): TileFusion {
  const { guide, mask, guidePixelPx } = args;
  const { width, channels } = guide;
  // Of all tiles, so that rounding and clamping happen once.
  const detail = new Int16Array(guide.data.length);
  const data = Uint8Array.from(guide.data);
  const canvas = { ...guide, data };

  function add({ place, answer }: Tile): TileFit {
    assertSameChannels(answer, guide);
    const { box } = place;
    const known = cut(guide, box);
    const alignment = placeOf(answer, known);
    const drift = driftPx(alignment, box);
    if (drift > maxDriftShare * Math.hypot(box.width, box.height)) {
      return { driftPx: drift, agreement: 0, isUsed: false };
    }
    const window = alignedWindow({ edited: answer, crop: known, patch: wholeWindow(known), alignment });
    const tile = resample({ source: answer, window, size: known, kernel: 'cubic' });
    const finer = finerThan(known, tile, lowPassPixels * guidePixelPx);
    const agreement = meanInCore(finer.agreement, mask, place);
    if (agreement < minAgreement) return { driftPx: drift, agreement, isUsed: false };
    addFiner(finer, place);
    return { driftPx: drift, agreement, isUsed: true };
  }

  function addFiner(finer: Finer, { box, core, overlaps }: TilePlace): void {
    for (let y = core.top - box.top; y < core.top - box.top + core.height; y++) {
      const rowWeight = fade(y, box.height, overlaps.top, overlaps.bottom);
      for (let x = core.left - box.left; x < core.left - box.left + core.width; x++) {
        const p = (box.top + y) * width + box.left + x;
        if (mask.data[p] === 0) continue;
        const t = y * box.width + x;
        const weight =
          rowWeight * fade(x, box.width, overlaps.left, overlaps.right) * finer.agreement.data[t]!;
        for (let c = 0; c < channels; c++) {
          const k = p * channels + c;
          detail[k]! += Math.round(finer.detail.data[t * channels + c]! * weight * stepsPerLevel);
          const level = guide.data[k]! + detail[k]! / stepsPerLevel;
          data[k] = level <= 0 ? 0 : level >= 255 ? 255 : Math.round(level);
        }
      }
    }
  }

  return { canvas, add };
}

/** Where the tile has the things of the guide; as sent where that cannot be told. */
function placeOf(answer: Raster, guide: Raster): Alignment {
  const size = fitSize(guide, registrationSidePx);
  const nowhere = { ...size, channels: 1 as const, data: new Uint8Array(size.width * size.height) };
  const [crop, edited] = [shapes(resizeTo(guide, size)), shapes(resizeTo(answer, size))];
  return register({ crop, edited, mask: nowhere }).alignment;
}

/** Luma without its slow changes: light that differs from place to place would be taken for a shift. */
function shapes(raster: FloatRaster): FloatRaster {
  const all = luma(raster);
  const slow = blur(all, lightPx);
  return { ...all, data: all.data.map((level, p) => level - slow.data[p]!) };
}

function meanInCore(agreement: FloatRaster, mask: Mask, { box, core }: TilePlace): number {
  let [sum, count] = [0, 0];
  for (let y = core.top; y < core.top + core.height; y++) {
    for (let x = core.left; x < core.left + core.width; x++) {
      if (mask.data[y * mask.width + x] === 0) continue;
      sum += agreement.data[(y - box.top) * box.width + x - box.left]!;
      count++;
    }
  }
  return count === 0 ? 1 : sum / count;
}

interface Finer {
  /** What the tile shows beyond the low-pass less what the guide does, levels; H x W x C. */
  readonly detail: FloatRaster;
  /** 0..1; H x W x 1. */
  readonly agreement: FloatRaster;
}

function finerThan(guide: Raster, tile: FloatRaster, lowPassPx: number): Finer {
  const known = resizeTo(guide, guide);
  const everywhere = { width: guide.width, height: guide.height, channels: 1 };
  const weights = { ...everywhere, data: new Float32Array(guide.width * guide.height).fill(1) };
  const own = applyTone(tile, fitTone({ crop: known, edited: tile, weights }));
  const [ownLow, knownLow] = [blur(own, lowPassPx), blur(known, lowPassPx)];
  const detail = emptyFloatRaster(guide.width, guide.height, guide.channels);
  const gap = emptyFloatRaster(guide.width, guide.height, 1);
  for (let k = 0; k < detail.data.length; k++) {
    const difference = ownLow.data[k]! - knownLow.data[k]!;
    detail.data[k] = own.data[k]! - known.data[k]! - difference;
    const p = Math.trunc(k / guide.channels);
    gap.data[p] = Math.max(gap.data[p]!, Math.abs(difference));
  }
  const agreement = blur(gap, lowPassPx);
  for (let p = 0; p < agreement.data.length; p++) {
    agreement.data[p] = 1 - smoothstep((agreement.data[p]! - agreesTo) / (differsFrom - agreesTo));
  }
  return { detail, agreement };
}

/** 0 to 1 around the middle of what is shared with the neighbour; 1 where there is none. */
function fade(at: number, side: number, before: number, after: number): number {
  return Math.min(fadeAt(at + 0.5, before, side), fadeAt(side - at - 0.5, after, side));
}

function fadeAt(fromEnd: number, overlap: number, side: number): number {
  if (overlap === 0) return 1;
  const half = Math.min(fadeShare * side, overlap / 2);
  return smoothstep((fromEnd - overlap / 2 + half) / (2 * half));
}

function assertSameChannels(a: Raster, b: Raster): void {
  if (a.channels === b.channels) return;
  throw new EditError('SHAPE_MISMATCH', `Expected ${b.channels} channels, got ${a.channels}`);
}
