import { blur } from '../pixels/blur.ts';
import { insideDistance, outsideDistance } from '../pixels/distance.ts';
import { coverMask } from '../pixels/mask.ts';
import { emptyFloatRaster, type FloatRaster, luma, type Mask, type Size } from '../pixels/raster.ts';
import { fitSize, resizeTo } from '../pixels/resample.ts';

/** Lines are told from texture at this size, longer side in px; all lengths below are px of it. */
const sidePx = 256;
const noiseBlurPx = 1;
/** Directions are averaged over so much, standard deviation. */
const directionBlurPx = 2;
/** Lines begin in this distance outside the mask: nearer, its own edge mixes in. */
const fromPx = 4;
const toPx = 6;
/** Weaker steps are no line, levels per px. */
const leastStep = 4;
/** 1 = all steps around go in one direction, 0 = in all. */
const leastCoherence = 0.7;
/** What lies across a line is looked at so far to both sides. */
const acrossPx = 4;
/** A line looks alike for so long before it comes to the mask, all but this share of its contrast... */
const behind = [4, 8, 12] as const;
const leastBehind = 2;
const sameShare = 0.4;
/** ...and should do so behind the mask's edge, shifted by a pixel at most. */
const ahead = [8, 12, 16, 20, 24] as const;
const shifts = [-1, 0, 1] as const;
/** A line that misses the mask after this does not lead into it. */
const leadPx = 10;

interface Line {
  readonly x: number;
  readonly y: number;
  /** Its direction, into the mask, of length 1. */
  readonly dx: number;
  readonly dy: number;
  /** Levels across it. */
  readonly profile: Float32Array;
}

/** The crop's side of {@link brokenLines}: the same for every answer. */
export interface KnownLines {
  readonly size: Size;
  readonly lines: readonly Line[];
  /** Distance to the edge of the mask, from inside. */
  readonly inner: Float32Array;
  /** Pixels at which a line could begin. */
  readonly places: number;
}

/**
 * Finds the straight edges and lines that lead into a mask.
 *
 * @param crop H x W x C, levels of 8 bit. @param mask of any size, what may change.
 * @see Bigün and Granlund, "Optimal orientation detection of linear symmetry", ICCV 1987 (structure tensor).
 */
export function knownLines(crop: FloatRaster, mask: Mask): KnownLines {
  const size = fitSize(crop, sidePx);
  const covered = coverMask(mask, size);
  const outer = outsideDistance(covered, toPx + behind.at(-1)!);
  const inner = insideDistance(covered, ahead.at(-1)!);
  const light = blur(luma(resizeTo(crop, size)), noiseBlurPx);
  const tensor = blur(squaredSteps(light, outer), directionBlurPx);
  const lines: Line[] = [];
  let places = 0;
  for (let y = 1; y < size.height - 1; y++) {
    for (let x = 1; x < size.width - 1; x++) {
      const p = y * size.width + x;
      if (outer[p]! < fromPx || outer[p]! >= toPx) continue;
      places++;
      const normal = normalAt(tensor, p);
      if (normal === undefined || stepAt(light, p) < leastStep) continue;
      const line = lineFrom({ x, y, light, outer, inner }, normal);
      if (line !== undefined) lines.push(line);
    }
  }
  return { size, lines, inner, places };
}

/** Squared steps across and down, and their product; 0 beside the mask. */
function squaredSteps(light: FloatRaster, outer: Float32Array): FloatRaster {
  const { width, height } = light;
  const tensor = emptyFloatRaster(width, height, 3);
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const p = y * width + x;
      if (outer[p]! < 2) continue;
      const [across, down] = stepsAt(light, p);
      tensor.data.set([across * across, down * down, across * down], 3 * p);
    }
  }
  return tensor;
}

function stepsAt({ width, data }: FloatRaster, p: number): readonly [number, number] {
  return [(data[p + 1]! - data[p - 1]!) / 2, (data[p + width]! - data[p - width]!) / 2];
}

const stepAt = (light: FloatRaster, p: number): number => Math.hypot(...stepsAt(light, p));

/** The direction across a line; `undefined` where steps go in all directions. */
function normalAt({ data }: FloatRaster, p: number): readonly [number, number] | undefined {
  const [xx, yy, xy] = [data[3 * p]!, data[3 * p + 1]!, data[3 * p + 2]!];
  if (Math.hypot(xx - yy, 2 * xy) < leastCoherence * (xx + yy)) return undefined;
  const angle = Math.atan2(2 * xy, xx - yy) / 2;
  return [Math.cos(angle), Math.sin(angle)];
}

interface Start {
  readonly x: number;
  readonly y: number;
  readonly light: FloatRaster;
  readonly outer: Float32Array;
  readonly inner: Float32Array;
}

/** The line at a place, where it is straight and leads into the mask. */
function lineFrom(
  { x, y, light, outer, inner }: Start,
  [nx, ny]: readonly [number, number],
): Line | undefined {
  for (const [dx, dy] of [
    [-ny, nx],
    [ny, -nx],
  ] as const) {
    const lead = pixelAt(light, x + leadPx * dx, y + leadPx * dy);
    if (lead < 0 || inner[lead]! <= 0) continue;
    const profile = profileAt(light, x, y, dx, dy);
    if (profile === undefined) continue;
    const isSame = (px: number) => {
      const before = pixelAt(light, x - px * dx, y - px * dy);
      if (before < 0 || outer[before]! < 2) return false;
      const there = profileAt(light, x - px * dx, y - px * dy, dx, dy);
      return there !== undefined && differenceOf(there, profile) <= sameShare * contrastOf(profile);
    };
    const count = behind.findIndex((px) => !isSame(px));
    if (count < 0 || count >= leastBehind) return { x, y, dx, dy, profile };
  }
  return undefined;
}

/**
 * How much of the straight lines that lead into the mask is lost behind its edge: the difference of what lies
 * across them there and before, at most their contrast. Averaged over all places around the mask, levels:
 * 0 where no line leads into it.
 *
 * @param toned the answer in place and in the tone of the crop, levels; of any size.
 */
export function brokenLines({ size, lines, inner, places }: KnownLines, toned: FloatRaster): number {
  if (lines.length === 0) return 0;
  const light = blur(luma(resizeTo(toned, size)), noiseBlurPx);
  let lost = 0;
  for (const line of lines) {
    const contrast = contrastOf(line.profile);
    for (const px of ahead) {
      const at = pixelAt(light, line.x + px * line.dx, line.y + px * line.dy);
      if (at < 0) break;
      if (inner[at]! > 1) lost += Math.min(contrast, leastDifference(light, line, px));
    }
  }
  return lost / (places * ahead.length);
}

function leastDifference(light: FloatRaster, { x, y, dx, dy, profile }: Line, px: number): number {
  const differences = shifts.map((shift) => {
    const there = profileAt(light, x + px * dx - shift * dy, y + px * dy + shift * dx, dx, dy);
    return there === undefined ? Number.POSITIVE_INFINITY : differenceOf(there, profile);
  });
  return Math.min(...differences);
}

/** The pixel at a point; -1 outside. */
function pixelAt({ width, height }: Size, x: number, y: number): number {
  const [column, row] = [Math.round(x), Math.round(y)];
  return column < 0 || row < 0 || column >= width || row >= height ? -1 : row * width + column;
}

/** Levels across the direction (dx, dy), less their mean, bilinear; `undefined` beyond the picture. */
function profileAt(
  { width, height, data }: FloatRaster,
  x: number,
  y: number,
  dx: number,
  dy: number,
): Float32Array | undefined {
  const out = new Float32Array(2 * acrossPx + 1);
  let sum = 0;
  for (let n = 0; n < out.length; n++) {
    const left = x - (n - acrossPx) * dy;
    const top = y + (n - acrossPx) * dx;
    if (left < 0 || top < 0 || left >= width - 1 || top >= height - 1) return undefined;
    const p = Math.floor(top) * width + Math.floor(left);
    const [shareX, shareY] = [left % 1, top % 1];
    const upper = data[p]! + shareX * (data[p + 1]! - data[p]!);
    const lower = data[p + width]! + shareX * (data[p + width + 1]! - data[p + width]!);
    out[n] = upper + shareY * (lower - upper);
    sum += out[n]!;
  }
  for (let n = 0; n < out.length; n++) out[n]! -= sum / out.length;
  return out;
}

/** Root mean square of a profile. */
const contrastOf = (profile: Float32Array): number => Math.sqrt(meanSquare(profile, (value) => value));

const differenceOf = (a: Float32Array, b: Float32Array): number =>
  Math.sqrt(meanSquare(a, (value, n) => value - b[n]!));

function meanSquare(values: Float32Array, of: (value: number, n: number) => number): number {
  let sum = 0;
  for (let n = 0; n < values.length; n++) sum += of(values[n]!, n) ** 2;
  return sum / values.length;
}
