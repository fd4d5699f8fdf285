import { smoothstep } from '../../../lib/fit/feather.ts';
import { boundingBox, crop } from '../../../lib/pixels/box.ts';
import { insideDistance } from '../../../lib/pixels/distance.ts';
import { dilate } from '../../../lib/pixels/mask.ts';
import { type Box, emptyMask, type Mask, type Raster, type Size } from '../../../lib/pixels/raster.ts';
import { rescale } from '../../../lib/pixels/resample.ts';
import { random } from '../../support/pictures.ts';
import { fractal } from '../../support/scenery.ts';
import { type Colour, clamped } from './backdrops.ts';

/** Something that stands in a picture: its colours, and how much of each pixel it covers, 0..1. */
export interface Thing {
  readonly colours: Raster;
  readonly cover: Float32Array;
}

/** Signed distance to an edge in a box of -1..1, below 0 inside. */
type Shape = (x: number, y: number) => number;

const roundBox =
  (halfWide: number, halfHigh: number, radius: number): Shape =>
  (x, y) => {
    const [dx, dy] = [Math.abs(x) - halfWide + radius, Math.abs(y) - halfHigh + radius];
    return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - radius;
  };
const disc =
  (atX: number, atY: number, radius: number): Shape =>
  (x, y) =>
    Math.hypot(x - atX, y - atY) - radius;

const shapes: readonly Shape[] = [
  disc(0, 0, 0.95),
  roundBox(0.9, 0.9, 0.2),
  // A person: head over shoulders.
  (x, y) => Math.min(disc(0, -0.65, 0.3)(x, y), roundBox(0.5, 0.62, 0.3)(x, y - 0.35)),
  // A bottle.
  (x, y) => Math.min(roundBox(0.18, 0.95, 0.05)(x, y), roundBox(0.5, 0.6, 0.2)(x, y - 0.35)),
  // Something without a name.
  (x, y) => Math.hypot(x, y) - 0.8 - 0.13 * Math.sin(5 * Math.atan2(y, x)),
];

/** Least mean distance of an object's colour from what it stands before, levels. */
const contrastLevels = 45;

interface Place {
  readonly size: Size;
  readonly box: Box;
  readonly seed: number;
  /** Mean colour behind it. */
  readonly behind: Colour;
}

/** A shaded, textured thing in `box`, of another colour than what is behind it. */
export function madeThing({ size, box, seed, behind }: Place): Thing {
  const next = random(seed);
  const shape = shapes[Math.floor(next() * shapes.length)]!;
  const colour = colourAway(next, behind);
  const stripes = next() < 0.5 ? 0.25 * next() : 0;
  const cover = new Float32Array(size.width * size.height);
  const data = new Uint8Array(size.width * size.height * 3);
  const unitPx = Math.min(box.width, box.height) / 2;
  forEachIn(box, size, (p, x, y) => {
    const u = ((x + 0.5 - box.left) / box.width) * 2 - 1;
    const v = ((y + 0.5 - box.top) / box.height) * 2 - 1;
    cover[p] = smoothstep(0.5 - shape(u, v) * unitPx * 0.7);
    if (cover[p] === 0) return;
    const shade = 1 - 0.25 * u - 0.2 * v + 0.25 * (fractal(u * 6 + (seed % 89), v * 6, 3) - 0.5);
    const stripe = Math.sin(v * 14) > 0 ? 1 + stripes : 1 - stripes;
    for (let c = 0; c < 3; c++) data[p * 3 + c] = clamped(colour[c]! * shade * stripe);
  });
  return { colours: { ...size, channels: 3, data }, cover };
}

function colourAway(next: () => number, behind: Colour): Colour {
  for (;;) {
    const colour: Colour = [20 + 215 * next(), 20 + 215 * next(), 20 + 215 * next()];
    const away = colour.reduce((sum, level, c) => sum + Math.abs(level - behind[c]!), 0) / 3;
    if (away >= contrastLevels) return colour;
  }
}

/** What a photo's mask selects, brought to `box`. */
export function cutThing(photo: Raster, mask: Mask, { size, box }: Pick<Place, 'size' | 'box'>): Thing {
  const from = boundingBox(mask)!;
  const inside = rescale(crop(photo, from), box);
  const shape = rescale({ ...crop(mask, from), channels: 1 }, box);
  const cover = new Float32Array(size.width * size.height);
  const data = new Uint8Array(size.width * size.height * 3);
  forEachIn(box, size, (p, x, y) => {
    const q = (y - box.top) * box.width + x - box.left;
    cover[p] = shape.data[q]! / 255;
    for (let c = 0; c < 3; c++) data[p * 3 + c] = inside.data[q * 3 + c]!;
  });
  return { colours: { ...size, channels: 3, data }, cover };
}

function forEachIn(box: Box, size: Size, visit: (p: number, x: number, y: number) => void): void {
  for (let y = box.top; y < Math.min(size.height, box.top + box.height); y++)
    for (let x = box.left; x < Math.min(size.width, box.left + box.width); x++)
      visit(y * size.width + x, x, y);
}

/** The picture with the thing in it; `share` leaves out pixels or thins them, 0..1 each. */
export function withThing(
  picture: Raster,
  { colours, cover }: Thing,
  share: (x: number, y: number) => number = () => 1,
): Raster {
  const data = Uint8Array.from(picture.data);
  for (let p = 0; p < cover.length; p++) {
    if (cover[p] === 0) continue;
    const weight = cover[p]! * share(p % picture.width, Math.floor(p / picture.width));
    for (let c = 0; c < 3; c++) {
      const i = p * 3 + c;
      data[i] = clamped(picture.data[i]! + weight * (colours.data[i]! - picture.data[i]!));
    }
  }
  return { ...picture, data };
}

/** Every pixel the thing covers, grown by a hand that draws `marginPx` wide of it. */
export function maskOfThing({ cover, colours }: Thing, marginPx: number): Mask {
  const mask = emptyMask(colours);
  cover.forEach((share, p) => {
    if (share > 0) mask.data[p] = 255;
  });
  return dilate(mask, marginPx);
}

/** The part of a thing that lies in the mask, as a model paints no farther. */
export function within({ cover, colours }: Thing, mask: Mask): Thing {
  const depth = insideDistance(mask);
  return { colours, cover: cover.map((share, p) => share * smoothstep(depth[p]! / 3)) };
}

/** Mean difference that a thing makes to what it covers, levels. */
export function contrastOf({ cover, colours }: Thing, clean: Raster): number {
  let [sum, count] = [0, 0];
  cover.forEach((share, p) => {
    if (share < 0.5) return;
    count++;
    for (let c = 0; c < 3; c++) sum += Math.abs(colours.data[p * 3 + c]! - clean.data[p * 3 + c]!) / 3;
  });
  return sum / Math.max(1, count);
}
