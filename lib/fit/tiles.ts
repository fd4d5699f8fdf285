import { blur } from '../pixels/blur.ts';
import { crop as cut } from '../pixels/box.ts';
import {
  assertSameChannels,
  emptyFloatRaster,
  emptyMask,
  type FloatRaster,
  luma,
  type Mask,
  type Raster,
} from '../pixels/raster.ts';
import { fitSize, resizeTo } from '../pixels/resample.ts';
import { fadeShare, type TilePlace } from '../plan/tile-plan.ts';
import { type Alignment, aligned, driftPx, maxDriftShare } from './alignment.ts';
import { smoothstep } from './feather.ts';
import { register, workingSidePx } from './register.ts';
import { applyTone, fitTone } from './tone.ts';

/** A second, finer answer for a part of the canvas. */
export interface Tile {
  readonly place: TilePlace;
  /** Any size; H x W x 3, 8 bit. */
  readonly answer: Raster;
}

/** How one tile fitted the first answer. */
export interface TileFit {
  /** How far the model moved it, px of the canvas. */
  readonly driftPx: number;
  /** Mean agreement with the first answer over the masked part of its core, 0..1. */
  readonly agreement: number;
  /** False when the tile was moved too far or shows another picture: nothing of it was used. */
  readonly isUsed: boolean;
}

export interface TileFusion {
  /** The first answer, enlarged, with all detail added so far. */
  readonly canvas: Raster;
  readonly add: (tile: Tile) => TileFit;
}

/** Standard deviation of the low-pass that separates light from shapes, px at working size. */
const lightPx = 12;
/** Detail is summed in 64ths of a level, which 16 bit can hold. */
const stepsPerLevel = 64;
/** Standard deviation of the low-pass, in pixels of the first answer: finer detail comes from the tiles. */
const lowPassPixels = 1.4;
/** Low-passed difference, levels: below the first it is grain, above the second another thing. */
const agreesTo = 10;
const differsFrom = 30;
/** A tile that agrees less has painted another picture. */
const minAgreement = 0.5;

/**
 * Gives an enlarged first answer the detail of tiles: low frequencies from the answer, high from the tiles.
 *
 * `out = guide + w * a * (tile - lowpass(tile) - guide + lowpass(guide))`, each tile registered to the guide
 * and brought to its tone first; the weights w of neighbours fade into each other and sum to 1, the agreement
 * a is `1 - S((lowpass|lowpass(tile) - lowpass(guide)| - 10) / 20)`: where a tile shows another thing, the
 * guide stays.
 *
 * @param args.guide H x W x 3, 8 bit: the canvas, with the first answer where the mask is set; not changed.
 * @param args.mask H x W x 1: pixels at 0 never change.
 * @param args.guidePixelPx size of one pixel of the first answer, px of the canvas: it has no finer detail.
 * @see Burt and Adelson, "A Multiresolution Spline with Application to Image Mosaics", ACM TOG 1983.
 */
export function fuseTiles(args: {
  readonly guide: Raster;
  readonly mask: Mask;
  readonly guidePixelPx: number;
}): TileFusion {
  const { guide, mask, guidePixelPx } = args;
  const { width, channels } = guide;
  // The sum over all tiles: so rounding and clamping happen once.
  const detail = new Int16Array(guide.data.length);
  const data = Uint8Array.from(guide.data);
  const canvas = { ...guide, data };

  function add({ place, answer }: Tile): TileFit {
    assertSameChannels(answer, guide);
    const { box } = place;
    const known = cut(guide, box);
    const alignment = alignmentOf(answer, known);
    const drift = driftPx(alignment, box);
    if (drift > maxDriftShare * Math.hypot(box.width, box.height)) {
      return { driftPx: drift, agreement: 0, isUsed: false };
    }
    const finer = finerThan(known, aligned(answer, known, alignment), lowPassPixels * guidePixelPx);
    const agreement = meanInCore(finer.agreement, mask, place);
    if (agreement < minAgreement) return { driftPx: drift, agreement, isUsed: false };
    addDetail(finer, place);
    return { driftPx: drift, agreement, isUsed: true };
  }

  function addDetail(finer: Finer, place: TilePlace): void {
    const { box, core } = place;
    const weights = tileWeights(place);
    for (let y = core.top - box.top; y < core.top - box.top + core.height; y++) {
      for (let x = core.left - box.left; x < core.left - box.left + core.width; x++) {
        const p = (box.top + y) * width + box.left + x;
        if (mask.data[p] === 0) continue;
        const t = y * box.width + x;
        const weight = weights.rows[y]! * weights.columns[x]! * finer.agreement.data[t]!;
        for (let c = 0; c < channels; c++) {
          const k = p * channels + c;
          detail[k]! += Math.round(finer.detail.data[t * channels + c]! * weight * stepsPerLevel);
          const level = Math.round(guide.data[k]! + detail[k]! / stepsPerLevel);
          data[k] = Math.max(0, Math.min(255, level));
        }
      }
    }
  }

  return { canvas, add };
}

/** Registers a tile with the guide; the identity where that is uncertain. */
function alignmentOf(answer: Raster, guide: Raster): Alignment {
  const size = fitSize(guide, workingSidePx);
  const [crop, edited] = [shapes(resizeTo(guide, size)), shapes(resizeTo(answer, size))];
  return register({ crop, edited, mask: emptyMask(size) }).alignment;
}

/** Luma without its slow changes: registration would mistake uneven light for a shift. */
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
  /** High frequencies of the tile less those of the guide, levels; H x W x C. */
  readonly detail: FloatRaster;
  /** 0..1; H x W x 1. */
  readonly agreement: FloatRaster;
}

function finerThan(guide: Raster, tile: FloatRaster, lowPassPx: number): Finer {
  const known = resizeTo(guide, guide);
  const weights = emptyFloatRaster(guide.width, guide.height, 1);
  weights.data.fill(1);
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

/** Weights of a tile's rows and columns, 0..1: those of neighbours sum to 1. */
function tileWeights({ box, overlaps }: TilePlace) {
  return {
    rows: weightsAlong(box.height, overlaps.top, overlaps.bottom),
    columns: weightsAlong(box.width, overlaps.left, overlaps.right),
  };
}

function weightsAlong(side: number, before: number, after: number): Float64Array {
  return Float64Array.from({ length: side }, (_, at) =>
    Math.min(fadeAt(at + 0.5, before, side), fadeAt(side - at - 0.5, after, side)),
  );
}

/** Rises from 0 to 1 around the middle of the overlap with a neighbour; 1 without one. */
function fadeAt(fromEnd: number, overlap: number, side: number): number {
  if (overlap === 0) return 1;
  const half = Math.min(fadeShare * side, overlap / 2);
  return smoothstep((fromEnd - overlap / 2 + half) / (2 * half));
}
