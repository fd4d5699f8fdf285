import type { RegionReport } from '../../lib/edit/region-report.ts';
import { register } from '../../lib/fit/register.ts';
import { boundingBox, crop, grow } from '../../lib/pixels/box.ts';
import { insideDistance } from '../../lib/pixels/distance.ts';
import type { Mask, Raster } from '../../lib/pixels/raster.ts';
import { resizeTo } from '../../lib/pixels/resample.ts';
import type { Behaviour } from './model-behaviour.ts';

/** What a model does to a picture beside what it was asked for; lengths in px of the answer. */
export const disturbances = {
  'shift 3 px': { shift: 3 },
  'zoom 1 %': { zoom: 1 },
  'brighten 6': { brighten: 6 },
  'other size': { size: '900x640' },
  JPEG: { jpeg: true },
  'all at once': { shift: 3, zoom: 1, brighten: 6, size: '900x640', jpeg: true },
} as const satisfies Readonly<Record<string, Behaviour>>;

/** Another picture: nothing of it may be published. */
export const farOff: Behaviour = { shift: 120 };

/**
 * Sides of the squares of a 4:2:0 JPEG that are coded together, and the reach of its smooth chroma beyond
 * them.
 */
const codedTogetherPx = 16;
const chromaReachPx = 1;

export interface OutsideChanges {
  /** Values of pixels the mask does not select that differ. */
  readonly outside: number;
  /** Those among them that share no square of coefficients with the mask. */
  readonly elsewhere: number;
}

/**
 * H x W x C before and after, decoded by something that is not under test -> differing values outside the
 * mask.
 */
export function outsideChanges(before: Raster, after: Raster, mask: Mask): OutsideChanges {
  const { width, channels } = before;
  const coded = codedWith(mask);
  let [outside, elsewhere] = [0, 0];
  for (let i = 0; i < before.data.length; i++) {
    if (before.data[i] === after.data[i]) continue;
    const p = Math.floor(i / channels);
    if (mask.data[p] !== 0) continue;
    outside++;
    const [x, y] = [p % width, Math.floor(p / width)];
    if (!isNear(coded, x, y)) elsewhere++;
  }
  return { outside, elsewhere };
}

interface Squares {
  readonly across: number;
  readonly marks: Uint8Array;
}

function codedWith({ width, height, data }: Mask): Squares {
  const across = Math.ceil(width / codedTogetherPx);
  const marks = new Uint8Array(across * Math.ceil(height / codedTogetherPx));
  for (let p = 0; p < data.length; p++)
    if (data[p] !== 0) marks[squareAt(p % width, Math.floor(p / width))] = 1;
  return { across, marks };

  function squareAt(x: number, y: number): number {
    return Math.floor(y / codedTogetherPx) * across + Math.floor(x / codedTogetherPx);
  }
}

function isNear({ across, marks }: Squares, x: number, y: number): boolean {
  for (const dy of [-chromaReachPx, 0, chromaReachPx]) {
    for (const dx of [-chromaReachPx, 0, chromaReachPx]) {
      const column = Math.floor((x + dx) / codedTogetherPx);
      const row = Math.floor((y + dy) / codedTogetherPx);
      if (column >= 0 && column < across && marks[row * across + column] === 1) return true;
    }
  }
  return false;
}

/** Nearer to the mask's edge the old picture shines through on purpose, and would hide a shift. */
const featherPx = 32;

/**
 * How far what was painted lies from where it lies without the disturbance: two results registered with each
 * other inside the mask, beyond the feather; px of the picture, in the middle of the mask. `undefined`: too
 * flat or too little to tell.
 */
export function insideShiftPx(undisturbed: Raster, disturbed: Raster, mask: Mask): number | undefined {
  const box = grow(boundingBox(mask)!, 1, mask);
  const depths = insideDistance(crop(mask, box));
  const deepest = depths.reduce((most, depth) => Math.max(most, depth), 0);
  const from = Math.min(featherPx, deepest / 2);
  const [before, after] = [crop(undisturbed, box), crop(disturbed, box)];
  const { alignment, confident } = register({
    crop: resizeTo(before, before),
    edited: resizeTo(after, after),
    mask: { ...box, channels: 1, data: Uint8Array.from(depths, (depth) => (depth > from ? 0 : 255)) },
  });
  if (!confident) return undefined;
  return Math.hypot(alignment.shiftX * box.width, alignment.shiftY * box.height);
}

/**
 * The farthest any point of a region was moved by a disturbance of an Imagen answer, px of the picture: shift
 * and zoom together, at a corner.
 *
 * @param answerSidePx the longer side of the answer before it was brought to another size.
 */
export function madeDriftPx(
  { box }: RegionReport,
  { shift = 0, zoom = 0 }: Behaviour,
  answerSidePx: number,
): number {
  const shiftPx = (shift * Math.max(box.width, box.height)) / answerSidePx;
  const growth = zoom / 100 / 2;
  return Math.hypot(shiftPx + growth * box.width, shiftPx + growth * box.height);
}
