import type { InpaintRequest } from '../engines/engine.ts';
import { countAbove0, dilate, erode } from '../pixels/mask.ts';
import { emptyMask, type Mask, type Raster, withChannels } from '../pixels/raster.ts';
import { maskInFrame } from '../plan/frame.ts';
import type { RegionContext } from './plan.ts';
import type { AvoidedReport } from './region-report.ts';

/** Smaller crops show no person who would be known as one, longer side in px of the frame. */
const leastSidePx = 256;
/** Half of a soft mask is found. */
const foundLevel = 128;
/** The edge of a person is soft: it grows by this share of the frame's longer side. */
const grownShare = 0.01;
/** People stay out only where so much of the known picture is left to copy. */
const leastLeft = 0.25;
/**
 * Where the ring around the mask shows more of people, the mask lies on one: a shirt continues as a shirt.
 */
const mostOnRing = 0.2;
/** Even then faces and hands are not copied, unless so much of the ring is skin: a spot on a cheek. */
const mostSkinOnRing = 0.5;
/** Faces and hands are solid, leaves of that colour are not: what is thinner than twice this is no skin. */
const solidShare = 0.015;
/** Eyes and mouths are so near to skin. Both are shares of the frame's longer side. */
const faceShare = 0.025;
/** The ring, as shares of the frame's longer side: nearer, the net mixes in what is to be removed. */
const ringFrom = 0.015;
const ringTo = 0.04;

/** What is not copied, in the frame, and how it is told. */
export interface Avoided {
  readonly mask: Mask;
  readonly told: AvoidedReport;
}

/**
 * What an engine that copies must not copy, in its frame: the user's keep mask, and in removals the people
 * that are seen around the mask. Parts of people look alike everything that people left: they end as limbs.
 *
 * @param request what the engine is asked, without this.
 * @returns `undefined` where all may be copied, and for engines that copy nothing.
 */
export async function avoidIn(context: RegionContext, request: InpaintRequest): Promise<Avoided | undefined> {
  const { region, engine } = context;
  if (!engine.avoids) return undefined;
  const kept = region.avoid && maskInFrame(region.avoid, region.plan, 0);
  const people = await peopleIn(context, request);
  const keep = kept && { mask: kept, told: { keep: shareOf(kept) } };
  if (people === undefined) return keep;
  const both = union(kept ?? emptyMask(people), people);
  if (!isEnoughLeft(request.mask, both)) return keep;
  return { mask: both, told: { ...keep?.told, people: shareOf(people) } };
}

const shareOf = (mask: Mask): number => Math.round((1e4 * countAbove0(mask)) / mask.data.length) / 1e4;

async function peopleIn(
  { people, photo, step, signal }: RegionContext,
  { crop, mask: hole, mode, labels }: InpaintRequest,
): Promise<Mask | undefined> {
  const isInk = photo.header.space === 'cmyk';
  if (people === undefined || mode !== 'removal' || isInk) return undefined;
  const side = Math.max(crop.width, crop.height);
  if (side < leastSidePx) return undefined;
  const wanted = { mode: 'people', classes: undefined } as const;
  const picture = seenAsRgb(crop);
  const { masks } = await step('people', () => people.find({ picture, wanted, labels }, signal));
  const found = emptyMask(crop);
  for (const { mask } of masks) {
    for (let p = 0; p < found.data.length; p++) if (mask.data[p]! >= foundLevel) found.data[p] = 255;
  }
  if (countAbove0(found) === 0) return undefined;
  if (shareOnRing(hole!, found) <= mostOnRing) return dilate(found, grownShare * side);
  const skin = skinIn(found, hole!, picture);
  const solid = erode(skin, solidShare * side);
  if (countAbove0(solid) === 0 || shareOnRing(hole!, skin) > mostSkinOnRing) return undefined;
  return dilate(solid, (solidShare + faceShare) * side);
}

/**
 * The part of people beside the hole that has the colour of skin, of any tone: `77 <= Cb <= 127` and
 * `133 <= Cr <= 173`.
 *
 * @param picture H x W x 3, 8 bit sRGB.
 * @see Chai and Ngan, "Face segmentation using skin-color map in videophone applications", IEEE TCSVT 1999.
 */
function skinIn(people: Mask, hole: Mask, { data }: Raster): Mask {
  const isSkin = (p: number) => {
    const [r, g, b] = [data[3 * p]!, data[3 * p + 1]!, data[3 * p + 2]!];
    const light = 0.299 * r + 0.587 * g + 0.114 * b;
    const [cb, cr] = [128 + 0.564 * (b - light), 128 + 0.713 * (r - light)];
    return cb >= 77 && cb <= 127 && cr >= 133 && cr <= 173;
  };
  const skin = emptyMask(people);
  for (let p = 0; p < skin.data.length; p++) {
    if (people.data[p] !== 0 && hole.data[p] === 0 && isSkin(p)) skin.data[p] = 255;
  }
  return skin;
}

/** The share of the ring around a hole that people cover. */
function shareOnRing(hole: Mask, people: Mask): number {
  const side = Math.max(hole.width, hole.height);
  const [inner, outer] = [dilate(hole, ringFrom * side), dilate(hole, ringTo * side)];
  let [ring, shown] = [0, 0];
  for (let p = 0; p < outer.data.length; p++) {
    if (outer.data[p] === 0 || inner.data[p] !== 0) continue;
    ring++;
    if (people.data[p] !== 0) shown++;
  }
  return shown / Math.max(1, ring);
}

function seenAsRgb(crop: Raster): Raster {
  if (crop.channels === 3) return crop;
  return withChannels(crop, crop.channels === 4 ? [0, 1, 2] : [0, 0, 0]);
}

function union(a: Mask, b: Mask): Mask {
  const data = a.data.slice();
  for (let p = 0; p < data.length; p++) data[p] = Math.max(data[p]!, b.data[p]!);
  return { ...a, data };
}

function isEnoughLeft(mask: Mask | undefined, avoid: Mask): boolean {
  let [known, left] = [0, 0];
  for (let p = 0; p < avoid.data.length; p++) {
    if (mask !== undefined && mask.data[p] !== 0) continue;
    known++;
    if (avoid.data[p] === 0) left++;
  }
  return left >= leastLeft * known;
}
