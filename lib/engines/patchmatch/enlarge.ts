import type { Raster, Size } from '../../pixels/raster.ts';
import { doubleField, type Field, randomField, seededRandom } from './field.ts';
import { finestLevel, flagsOf, halve, type Level, type Picture } from './level.ts';
import { halveFlags, patchesOf } from './patches.ts';
import { findOrigins, searchMatches } from './refine.ts';

/** A filled picture that is smaller than the picture it belongs to. */
export interface Reduced {
  /** The filled picture as the engine works on it, with the mask of what was filled. */
  readonly picture: Picture;
  /** The same, h x w x C. */
  readonly filled: Raster;
  /** The picture at its own size, H x W x C. It is written to. */
  readonly whole: Raster & { readonly data: Uint8Array<ArrayBuffer> };
}

/**
 * Enlarges what was filled, with detail of the picture itself: for each filled pixel it looks for the known
 * place that it resembles, and adds what the enlarged picture lacks at that place.
 *
 * `out(p) = up(filled)(p) + whole(q) - up(filled)(q)`, with `q` the place in the known picture that belongs
 * to `p` and `up` bilinear. Where nothing was filled the whole picture stays exactly as it is. The fill gets
 * the grain of its surroundings, and copied pieces have their own edges again.
 *
 * @returns H x W x C, in the memory of `whole`.
 * @see Freeman, Jones and Pasztor, "Example-based super-resolution", CG&A 2002, for detail by example.
 */
export function enlargeFilled({ picture, filled, whole }: Reduced): Uint8Array<ArrayBuffer> {
  const { data } = whole;
  const origins = resembling(picture);
  const across = pointsOf(whole.width, filled.width);
  const down = pointsOf(whole.height, filled.height);
  const grids = { filled, whole, across, down };
  for (let y = 0; y < whole.height; y++) {
    const row = down.cell[y]! * filled.width;
    for (let x = 0; x < whole.width; x++) {
      const cell = row + across.cell[x]!;
      if (origins[cell]! >= 0) writeDetail(grids, { x, y }, placeOf(grids, origins, cell, x, y), data);
    }
  }
  return data;
}

/** Where the pixels of a line lie on a shorter line. */
interface Points {
  /** The pixel of the shorter line that holds this one. */
  readonly cell: Int32Array;
  /** The two pixels to interpolate between, and the share of the second one. */
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly share: Float32Array;
}

function pointsOf(length: number, cells: number): Points {
  const at = Float64Array.from({ length }, (_, i) => ((i + 0.5) * cells) / length - 0.5);
  const inside = (i: number) => Math.min(cells - 1, Math.max(0, i));
  return {
    cell: Int32Array.from(at, (value) => inside(Math.floor(value + 0.5))),
    first: Int32Array.from(at, (value) => inside(Math.floor(value))),
    second: Int32Array.from(at, (value) => inside(Math.floor(value) + 1)),
    share: Float32Array.from(at, (value) => value - Math.floor(value)),
  };
}

interface Grids {
  readonly filled: Raster;
  readonly whole: Size & Pick<Raster, 'channels'>;
  readonly across: Points;
  readonly down: Points;
}

/** The known pixel of the whole picture that a filled pixel takes its detail from. */
function placeOf(grids: Grids, origins: Int32Array, cell: number, x: number, y: number) {
  const { filled, whole, across, down } = grids;
  const origin = origins[cell]!;
  const column = origin % filled.width;
  const row = (origin - column) / filled.width;
  const steps = { x: column - across.cell[x]!, y: row - down.cell[y]! };
  return {
    x: clamp(x + Math.round((steps.x * whole.width) / filled.width), whole.width),
    y: clamp(y + Math.round((steps.y * whole.height) / filled.height), whole.height),
  };
}

const clamp = (value: number, length: number): number => Math.min(length - 1, Math.max(0, value));

interface Point {
  readonly x: number;
  readonly y: number;
}

function writeDetail(grids: Grids, to: Point, from: Point, data: Uint8Array): void {
  const { width, channels } = grids.whole;
  const target = (to.y * width + to.x) * channels;
  const source = (from.y * width + from.x) * channels;
  for (let c = 0; c < channels; c++) {
    const value = data[source + c]! + enlarged(grids, to, c) - enlarged(grids, from, c);
    data[target + c] = Math.min(255, Math.max(0, Math.round(value)));
  }
}

/** The filled picture at a point of the whole one, bilinear. */
function enlarged({ filled, across, down }: Grids, { x, y }: Point, c: number): number {
  const { width, channels, data } = filled;
  const above = down.first[y]! * width;
  const below = down.second[y]! * width;
  const left = across.first[x]!;
  const right = across.second[x]!;
  const share = across.share[x]!;
  const of = (pixel: number) => data[pixel * channels + c]!;
  const upper = of(above + left) + share * (of(above + right) - of(above + left));
  const lower = of(below + left) + share * (of(below + right) - of(below + left));
  return upper + down.share[y]! * (lower - upper);
}

/** Coarse sweeps look everywhere, fine ones only as far as a coarse pixel may have erred. */
const coarseSweeps = 5;
const fineSweeps = 2;
const fineReachPx = 4;

/**
 * For each filled pixel the known pixel that it resembles most, with its surroundings.
 *
 * @returns h x w: index of that pixel, -1 where nothing was filled.
 */
function resembling(picture: Picture): Int32Array {
  const random = seededRandom(1);
  const { width, height } = picture;
  const hole = flagsOf(picture.mask);
  const known = finestLevel(picture, new Uint8Array(width * height));
  const fine: Level = { ...known, hole };
  const coarse: Level = { ...halve(known), hole: halveFlags(hole, picture) };
  const avoid = picture.avoid && flagsOf(picture.avoid);
  const finePatches = patchesOf(fine, patchRadius, avoid);
  const coarsePatches = patchesOf(coarse, patchRadius, avoid && halveFlags(avoid, picture));
  let field: Field;
  if (coarsePatches.sources.length === 0) field = randomField(fine, finePatches, random);
  else {
    const found = randomField(coarse, coarsePatches, random);
    const effort = { sweeps: coarseSweeps, reach: Math.max(width, height) };
    searchMatches({ level: coarse, patches: coarsePatches, field: found }, effort, random);
    field = doubleField(found, coarse, fine, finePatches, random);
  }
  const effort = { sweeps: fineSweeps, reach: fineReachPx };
  return findOrigins({ level: fine, patches: finePatches, field }, effort, random);
}

/** As in the fill itself. */
const patchRadius = 3;
