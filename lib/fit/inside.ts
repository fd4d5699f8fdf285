import { useKernels } from '../kernels/kernels.ts';
import { blur } from '../pixels/blur.ts';
import { insideDistance, outsideDistance } from '../pixels/distance.ts';
import { coverMask } from '../pixels/mask.ts';
import { emptyFloatRaster, type FloatRaster, luma, type Mask } from '../pixels/raster.ts';
import { fitSize, resizeTo } from '../pixels/resample.ts';
import { evenSamples } from './robust.ts';

/** What an answer shows inside the mask, measured without knowing the truth. */
export interface InsideScores {
  /** Difference from the picture that all but the most changed 3 % of the inside stay below, levels. */
  readonly change: number;
  /** The same around the mask: what encoding, noise and a small move change anywhere, levels. */
  readonly changeAround: number;
  /**
   * Correlation of the edges before and after, -1..1; 1 = all of the old picture still shows. 0 without
   * edges.
   */
  readonly kept: number;
  /**
   * Share of the edges that are still there, of what looked foreign before the edit if anything did, 0..1.
   */
  readonly remains: number;
  /** Share of the inside whose colour and texture are nowhere around the mask, 0..1. */
  readonly foreign: number;
  /** The same of the picture before the edit: how much there was to remove. */
  readonly foreignBefore: number;
  /** Share of the inside that has one colour which is rare elsewhere, 0..1. */
  readonly plain: number;
  /** That colour is nearly white or nearly black. */
  readonly isBlank: boolean;
  /** Share of the whole known crop that shows something else, 0..1. */
  readonly lost: number;
}

/** The crop's side of {@link scoreInside}: the same for every answer. */
export interface KnownInside {
  /** Reduced: H x W x C, levels. */
  readonly crop: FloatRaster;
  readonly edges: readonly FloatRaster[];
  /** Pixels well inside the mask, near it, and all known ones. */
  readonly core: Int32Array;
  readonly around: Int32Array;
  readonly known: Int32Array;
  /** Looks of known pixels, one after the other. */
  readonly context: Float32Array;
  readonly foreignBefore: number;
  /** Pixels of the core that look foreign before the edit; all of it where too few do. */
  readonly thing: Int32Array;
}

/** Objects are told from textures at this size, longer side in px. */
const sidePx = 128;
/** Low-pass before edges and differences are taken, px. */
const edgeBlurPx = 1;
/** A look is averaged over so much of its neighbourhood, standard deviation in px. */
const lookBlurPx = 2.5;
/** Weight of texture against colour in a look. */
const textureWeight = 2;
/** Nearer pixels mix both sides of the mask's edge, px. */
const edgeMarginPx = 2;
const contextFromPx = 1.5 * lookBlurPx;
const aroundToPx = 10;
/** More samples add cost, but nothing to a share. */
const maxInside = 400;
const maxContext = 2500;
/**
 * A look that differs by the first from all looks around begins to be foreign, by twice as much it is;
 * levels.
 */
const foreignLevels = 4;
/** From here on a place belongs to the thing to remove: its edge mixes both sides. */
const clearlyForeign = 0.75;
/** So many foreign samples tell where the thing to remove is. */
const minThing = 24;
/** The share of most changed pixels that `change` leaves out. */
const changeQuantile = 0.97;
/** Weaker edges are noise, root mean square, levels. */
const leastEdge = 0.5;
/** Length of a step, over all channels and both directions, levels; and the share of it that may differ. */
const clearEdge = 4;
const sameEdge = 0.5;
/** Colours within this many levels are one. */
const plainLevels = 8;
/** So many times its share around the mask, and in all that is known, is what a colour may cover inside. */
const usualCover = 5;
const whiteFrom = 245;
const blackTo = 10;
/** A known pixel that differs more shows something else, levels. */
const lostLevels = 48;

/**
 * Measures the crop inside and around a mask.
 *
 * @param crop H x W x C, levels of 8 bit. @param mask H x W x 1, what may change. @param unknown H x W x 1,
 * above 0 where the crop and the answer are not compared; at least the mask.
 */
export function knownInside(crop: FloatRaster, mask: Mask, unknown: Mask): KnownInside {
  const size = fitSize(crop, sidePx);
  const small = resizeTo(crop, size);
  const covered = coverMask(mask, size);
  const inner = insideDistance(covered, edgeMarginPx + 1);
  const outer = outsideDistance(coverMask(unknown, size));
  const core = pixelsBeyond(inner, edgeMarginPx);
  const known = pixelsBeyond(outer, edgeMarginPx);
  const prepared = {
    crop: small,
    edges: edgesOf(small),
    // A mask of a few pixels has no core.
    core: core.length > 0 ? core : pixelsBeyond(inner, 0),
    around: pixelsBeyond(outer, edgeMarginPx, aroundToPx),
    known,
    context: looksAt(small, evenSamples(pixelsBeyond(outer, contextFromPx), maxContext)),
  };
  const samples = evenSamples(prepared.core, maxInside);
  const strangeness = strangenessAt(samples, small, prepared.context);
  const thing = samples.filter((_, n) => strangeness[n]! >= clearlyForeign);
  return {
    ...prepared,
    foreignBefore: mean(strangeness),
    thing: thing.length >= minThing ? thing : prepared.core,
  };
}

/**
 * Scores the inside of one answer.
 *
 * @param toned the answer in place and in the tone of the crop, levels; of the size that the crop had.
 */
export function scoreInside(prepared: KnownInside, toned: FloatRaster): InsideScores {
  const { crop, core, around, known, foreignBefore } = prepared;
  const answer = resizeTo(toned, crop);
  const difference = differenceOf(crop, answer);
  const edges = edgesOf(answer);
  const colour = commonColour(answer, core);
  const usual = usualCover * Math.min(shareOf(colour, crop, around), shareOf(colour, crop, known));
  return {
    change: quantile(difference, core),
    changeAround: quantile(difference, around),
    kept: correlation(prepared.edges, edges, core),
    remains: persistence(prepared.edges, edges, prepared.thing),
    foreign: mean(strangenessAt(evenSamples(core, maxInside), answer, prepared.context)),
    foreignBefore,
    plain: Math.max(0, shareOf(colour, answer, core) - usual),
    isBlank: colour.every((level) => level >= whiteFrom) || colour.every((level) => level <= blackTo),
    lost: lostShare(difference, known),
  };
}

// Loops over pixels call no functions that are made anew for each edit: those would be compiled for each.

/** Pixels with a distance above `from` and up to `to`. */
function pixelsBeyond(distances: Float32Array, from: number, to = Number.POSITIVE_INFINITY): Int32Array {
  const pixels = new Int32Array(distances.length);
  let count = 0;
  for (let p = 0; p < distances.length; p++) {
    const distance = distances[p]!;
    if (distance > from && distance <= to) pixels[count++] = p;
  }
  return pixels.slice(0, count);
}

/** Low-passed difference of the channel that differs most, levels. */
function differenceOf(crop: FloatRaster, answer: FloatRaster): Float32Array {
  const { channels } = crop;
  const gaps = blur({ ...crop, data: subtracted(crop.data, answer.data) }, edgeBlurPx).data;
  const out = new Float32Array(gaps.length / channels);
  for (let i = 0; i < gaps.length; i++) {
    const p = Math.trunc(i / channels);
    out[p] = Math.max(out[p]!, Math.abs(gaps[i]!));
  }
  return out;
}

/** `a - b`, as long as `b`. */
function subtracted(a: Float32Array, b: Float32Array): Float32Array {
  return useKernels(({ kernels, arena }) => {
    const out = arena.reserve(b.byteLength);
    kernels.subtract(arena.put(a), arena.put(b), b.length, out);
    return arena.take(Float32Array, out, b.length);
  });
}

function quantile(values: Float32Array, pixels: Int32Array): number {
  const sorted = new Float32Array(pixels.length);
  for (let i = 0; i < pixels.length; i++) sorted[i] = values[pixels[i]!]!;
  return sorted.sort()[Math.floor(changeQuantile * sorted.length)] ?? 0;
}

function lostShare(difference: Float32Array, known: Int32Array): number {
  let count = 0;
  for (const p of known) if (difference[p]! > lostLevels) count++;
  return count / Math.max(1, known.length);
}

/** Steps to the right and down, of each channel, after a slight low-pass. */
function edgesOf(raster: FloatRaster): FloatRaster[] {
  const { width, height, channels } = raster;
  const { data } = blur(raster, edgeBlurPx);
  return [channels, channels * width].map((step) => {
    const out = emptyFloatRaster(width, height, channels);
    if (step < data.length) out.data.set(subtracted(data.subarray(step), data.subarray(0, -step)));
    return out;
  });
}

function correlation(
  before: readonly FloatRaster[],
  after: readonly FloatRaster[],
  pixels: Int32Array,
): number {
  let [both, old, now] = [0, 0, 0];
  for (const [n, { channels, data: a }] of before.entries()) {
    const b = after[n]!.data;
    for (const p of pixels) {
      for (let k = p * channels; k < (p + 1) * channels; k++) {
        both += a[k]! * b[k]!;
        old += a[k]! ** 2;
        now += b[k]! ** 2;
      }
    }
  }
  const least = leastEdge ** 2 * pixels.length * (before[0]?.channels ?? 1) * before.length;
  return old < least || now === 0 ? 0 : both / Math.sqrt(old * now);
}

/** Share of the pixels with an edge that have nearly the same edge after; 0 without edges. */
function persistence(
  before: readonly FloatRaster[],
  after: readonly FloatRaster[],
  pixels: Int32Array,
): number {
  let [edges, same] = [0, 0];
  for (const p of pixels) {
    let [old, gap] = [0, 0];
    for (const [n, { channels, data: a }] of before.entries()) {
      const b = after[n]!.data;
      for (let k = p * channels; k < (p + 1) * channels; k++) {
        old += a[k]! ** 2;
        gap += (a[k]! - b[k]!) ** 2;
      }
    }
    if (old < clearEdge ** 2) continue;
    edges++;
    if (gap <= sameEdge ** 2 * old) same++;
  }
  return edges === 0 ? 0 : same / edges;
}

/** Mean colour and mean steps to the right and down around each pixel: what a place looks like. */
function looksAt(raster: FloatRaster, pixels: Int32Array): Float32Array {
  const colour = blur(raster, lookBlurPx);
  const textures = edgesOf(luma(raster)).map((steps) =>
    blur({ ...steps, data: textureOf(steps.data) }, lookBlurPx),
  );
  const { channels } = raster;
  const length = channels + textures.length;
  const looks = new Float32Array(pixels.length * length);
  for (const [n, p] of pixels.entries()) {
    looks.set(colour.data.subarray(p * channels, (p + 1) * channels), n * length);
    for (const [t, { data }] of textures.entries()) looks[n * length + channels + t] = data[p]!;
  }
  return looks;
}

function textureOf(steps: Float32Array): Float32Array {
  const texture = new Float32Array(steps.length);
  for (let k = 0; k < steps.length; k++) texture[k] = textureWeight * Math.abs(steps[k]!);
  return texture;
}

/** How far each look is from the most similar one around, from 0 (as usual) to 1 (foreign). */
function strangenessAt(pixels: Int32Array, raster: FloatRaster, context: Float32Array): Float32Array {
  const length = raster.channels + 2;
  if (context.length === 0) return new Float32Array(pixels.length);
  const looks = looksAt(raster, pixels);
  return useKernels(({ kernels, arena }) => {
    const out = arena.reserve(8 * pixels.length);
    const around = [arena.put(context), context.length / length, length] as const;
    kernels.leastDistances(arena.put(looks), pixels.length, ...around, out);
    return Float32Array.from(arena.view(Float64Array, out, pixels.length), (least) =>
      Math.min(1, Math.max(0, Math.sqrt(least / length) / foreignLevels - 1)),
    );
  });
}

function mean(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / Math.max(1, values.length);
}

/** Returns one of the most frequent colours. */
function commonColour({ channels, data }: FloatRaster, pixels: Int32Array): Float32Array {
  const cells = new Map<number, { readonly first: number; count: number }>();
  let most = { first: pixels[0] ?? 0, count: 0 };
  for (const p of pixels) {
    let key = 0;
    for (let c = 0; c < channels; c++) key = key * 64 + Math.round(data[p * channels + c]! / plainLevels);
    const cell = cells.get(key) ?? { first: p, count: 0 };
    cell.count++;
    cells.set(key, cell);
    if (cell.count > most.count) most = cell;
  }
  return data.slice(most.first * channels, (most.first + 1) * channels);
}

/** Share of the pixels that have nearly this colour. */
function shareOf(colour: Float32Array, { channels, data }: FloatRaster, pixels: Int32Array): number {
  let same = 0;
  for (const p of pixels) {
    let c = 0;
    while (c < channels && Math.abs(colour[c]! - data[p * channels + c]!) <= plainLevels) c++;
    if (c === channels) same++;
  }
  return same / Math.max(1, pixels.length);
}
