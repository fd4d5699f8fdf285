import { smoothstep } from '../../lib/fit/feather.ts';
import type { Raster, Size } from '../../lib/pixels/raster.ts';

type Colour = readonly [number, number, number];

const skyAbove: Colour = [96, 142, 198];
const skyBelow: Colour = [206, 220, 232];
const cloud: Colour = [246, 244, 240];
const boardLight: Colour = [196, 150, 104];
const boardDark: Colour = [158, 112, 74];
const gap: Colour = [58, 40, 30];
const leaf: Colour = [92, 128, 58];
const shade: Colour = [34, 58, 32];

/** Share of the height that one board takes, and of a board that the gap below it takes. */
const boardShare = 0.03;
const gapShare = 0.12;
/** Edges are about a pixel wide, as a lens leaves them. */
const edgeShare = 0.0012;

/**
 * A wooden wall under a sky, with a hedge before it: smooth tones, straight lines and fine texture in one
 * picture made by code, so that a step of tone, a broken line and a loss of detail each have a place to show.
 *
 * @returns H x W x 3, 8 bit; the same for the same size.
 */
export function scenery({ width, height }: Size): Raster {
  const data = new Uint8Array(width * height * 3);
  for (let p = 0; p < width * height; p++) {
    const x = (p % width) / height;
    const y = Math.floor(p / width) / height;
    const colour = colourAt(x, y);
    // Less than a level of noise: nothing real is smoother.
    const grain = 1.5 * (hash(p % width, Math.floor(p / width)) - 0.5);
    for (let c = 0; c < 3; c++) data[p * 3 + c] = Math.min(255, Math.max(0, Math.round(colour[c]! + grain)));
  }
  return { width, height, channels: 3, data };
}

/** Lengths in heights of the picture. */
function colourAt(x: number, y: number): Colour {
  const isWall = smoothstep((y - roofAt(x)) / edgeShare);
  const hedge = 0.78 + 0.05 * (fractal(x * 7, 3, 4) - 0.5);
  const isHedge = smoothstep((y - hedge) / edgeShare);
  if (isHedge === 1) return hedgeAt(x, y);
  const behind = isWall === 1 ? wallAt(x, y) : mix(skyAt(x, y), wallAt(x, y), isWall);
  return isHedge === 0 ? behind : mix(behind, hedgeAt(x, y), isHedge);
}

const roofAt = (x: number): number => 0.3 + 0.12 * x;

function skyAt(x: number, y: number): Colour {
  const share = smoothstep((fractal(x * 2.2, y * 5, 5) - 0.48) / 0.3);
  return mix(mix(skyAbove, skyBelow, y / 0.45), cloud, share);
}

function hedgeAt(x: number, y: number): Colour {
  return mix(shade, leaf, smoothstep((fractal(x * 40, y * 40, 4) - 0.3) / 0.4));
}

function wallAt(x: number, y: number): Colour {
  // The boards run a little downhill, so that no row of pixels is like the next.
  const along = (y - 0.04 * x) / boardShare;
  const board = Math.floor(along);
  const within = along - board;
  const grain = fractal(x * 6 + board * 17, within * 3 + board * 5, 4);
  const wood = mix(boardDark, boardLight, 0.25 + 0.5 * grain + 0.3 * (hash(board, 7) - 0.5));
  const inGap = smoothstep((within - (1 - gapShare)) / 0.08) * smoothstep((1 - within) / 0.05);
  const eaves = 0.45 * (1 - smoothstep((y - roofAt(x)) / 0.06));
  return mix(mix(wood, gap, inGap), gap, eaves);
}

function mix(a: Colour, b: Colour, share: number): Colour {
  const s = Math.min(1, Math.max(0, share));
  return [a[0] + (b[0] - a[0]) * s, a[1] + (b[1] - a[1]) * s, a[2] + (b[2] - a[2]) * s];
}

/** Value noise summed over octaves, 0..1. */
export function fractal(x: number, y: number, octaves: number): number {
  let [sum, weight, total] = [0, 1, 0];
  for (let k = 0; k < octaves; k++) {
    sum += weight * valueNoise(x * 2 ** k + 31 * k, y * 2 ** k);
    total += weight;
    weight *= 0.55;
  }
  return sum / total;
}

function valueNoise(x: number, y: number): number {
  const [column, row] = [Math.floor(x), Math.floor(y)];
  const [u, v] = [smoothstep(x - column), smoothstep(y - row)];
  const upper = hash(column, row) * (1 - u) + hash(column + 1, row) * u;
  const lower = hash(column, row + 1) * (1 - u) + hash(column + 1, row + 1) * u;
  return upper * (1 - v) + lower * v;
}

/** Two integers -> 0..1, as if at random. */
function hash(x: number, y: number): number {
  let h = (Math.imul(x, 374_761_393) + Math.imul(y, 668_265_263)) | 0;
  h = Math.imul(h ^ (h >>> 13), 1_274_126_177);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}
