import { boundingBox, crop } from '../../../lib/pixels/box.ts';
import type { Box, Mask, Raster } from '../../../lib/pixels/raster.ts';
import { fitSize, rescale } from '../../../lib/pixels/resample.ts';
import { photoPairs } from '../../support/photos.ts';
import { boxMask } from '../../support/pictures.ts';
import { type ReplyScene, readMask, readRaster, replyScenes } from '../quality-scenes.ts';
import {
  type BackdropChoice,
  backdrop,
  backdropKinds,
  type Colour,
  hasLandmarks,
  isTexture,
} from './backdrops.ts';
import { contrastOf, cutThing, madeThing, maskOfThing, type Thing, within, withThing } from './objects.ts';

/** A picture before and after a thing was put into it, so that the right answer is known. */
export interface Scene {
  readonly name: string;
  readonly clean: Raster;
  readonly thing: Thing;
  readonly full: Raster;
  readonly mask: Mask;
  /** The clean picture, where it is a texture drawn anew. */
  readonly redrawn: Raster | undefined;
  /** Another thing for the same place. */
  readonly otherThing: (seed: number) => Thing;
}

/** A photo and what its own mask selects, at most {@link largestPx} wide. */
interface Photo {
  readonly name: string;
  readonly photo: Raster;
  readonly mask: Mask;
}

export interface Photos {
  readonly pairs: readonly Photo[];
  readonly replies: readonly ReplyScene[];
}

const size = { width: 448, height: 384 };
const largestPx = 900;
/** For landmarks, levels. */
const leastDetail = 25;

/** The photos beside the repository; none without them. */
export async function readPhotos(): Promise<Photos> {
  const pairs: Photo[] = [];
  for (const { name, image, mask } of photoPairs()) {
    const photo = await readRaster(image);
    const to = fitSize(photo, largestPx);
    const whole = await readMask(mask);
    const small = rescale({ ...whole, channels: 1 }, to, 'area');
    const data = Uint8Array.from(small.data, (value) => (value > 127 ? 255 : 0));
    pairs.push({ name, photo: rescale(photo, to), mask: { ...to, channels: 1, data } });
  }
  return { pairs, replies: pairs.length === 0 ? [] : await replyScenes() };
}

interface SceneOptions {
  readonly seed: number;
  readonly next: () => number;
  readonly photos: readonly Photo[];
  /** Only where a second draw is as true as the first. */
  readonly needsTexture?: boolean;
  /** Only where a picture that was moved is another picture. */
  readonly needsLandmarks?: boolean;
  /** A small thing in a mask drawn wide around it. */
  readonly isSmall?: boolean;
}

/** One half of the scenes stands before a photo, where there are photos; the other before a made backdrop. */
export function makeScene(options: SceneOptions): Scene {
  const { seed, next, photos, needsTexture = false, isSmall = false } = options;
  const isPhoto = photos.length > 0 && !needsTexture && next() < 0.5;
  const { name, clean, redrawn } = isPhoto ? photoBackdrop(options) : madeBackdrop(options);
  const box = placeOf(next, isSmall);
  const behind = meanIn(clean, box);
  const thingOf = (other: number): Thing => {
    const source = photos[other % Math.max(1, photos.length)];
    const isCut = source !== undefined && other % 3 === 0;
    return isCut
      ? cutThing(source.photo, source.mask, { size, box })
      : madeThing({ size, box, seed: other, behind });
  };
  const thing = madeOrCut(thingOf, clean, seed);
  const marginPx = isSmall ? 28 + 20 * next() : 3 + 12 * next();
  const mask = next() < 0.25 ? boxAround(maskOfThing(thing, marginPx)) : maskOfThing(thing, marginPx);
  const otherThing = (other: number) => within(thingOf(other), mask);
  return { name, clean, thing, full: withThing(clean, thing), mask, redrawn, otherThing };
}

/** The first thing that can be seen: a cut-out may have the colours of what is behind it. */
function madeOrCut(thingOf: (seed: number) => Thing, clean: Raster, seed: number): Thing {
  for (let other = seed; ; other += 1) {
    const thing = thingOf(other);
    if (contrastOf(thing, clean) >= 25) return thing;
  }
}

function madeBackdrop({ seed, next, needsTexture = false, needsLandmarks = false }: SceneOptions) {
  const kinds = backdropKinds.filter(
    (kind) => (!needsTexture || isTexture(kind)) && (!needsLandmarks || hasLandmarks(kind)),
  );
  const kind = kinds[Math.floor(next() * kinds.length)]!;
  const choice: BackdropChoice = { kind, seed, grain: 0 };
  const redrawn = isTexture(kind) ? backdrop({ ...choice, grain: 1 }, size) : undefined;
  return { name: kind as string, clean: backdrop(choice, size), redrawn };
}

/** Part of a photo; with landmarks one that is no sky. */
function photoBackdrop({ photos, next, needsLandmarks = false }: SceneOptions) {
  for (;;) {
    const { name, photo } = photos[Math.floor(next() * photos.length)]!;
    const width = Math.min(size.width, photo.width);
    const height = Math.min(size.height, photo.height);
    const left = Math.floor(next() * (photo.width - width + 1));
    const top = Math.floor(next() * (photo.height - height + 1));
    const clean = rescale(crop(photo, { left, top, width, height }), size);
    if (!needsLandmarks || detailOf(clean) > leastDetail) return { name, clean, redrawn: undefined };
  }
}

/** Standard deviation of the picture at 12 x 12, levels: what is left of a sky is its gradient. */
function detailOf(picture: Raster): number {
  const { data } = rescale(picture, { width: 12, height: 12 }, 'area');
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  return Math.sqrt(data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length);
}

function placeOf(next: () => number, isSmall: boolean): Box {
  const side = () => Math.round(isSmall ? 10 + 22 * next() : 60 + 110 * next());
  const [width, height] = [side(), side()];
  const at = (whole: number, length: number) => Math.round(50 + next() * (whole - length - 100));
  return { left: at(size.width, width), top: at(size.height, height), width, height };
}

function meanIn({ width, data }: Raster, box: Box): Colour {
  const sums: [number, number, number] = [0, 0, 0];
  for (let y = box.top; y < box.top + box.height; y++)
    for (let x = box.left; x < box.left + box.width; x++)
      for (let c = 0; c < 3; c++) sums[c]! += data[(y * width + x) * 3 + c]!;
  const count = box.width * box.height;
  return [sums[0] / count, sums[1] / count, sums[2] / count];
}

const boxAround = (mask: Mask): Mask => boxMask(mask, boundingBox(mask)!);
