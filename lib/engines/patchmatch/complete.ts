import { EditError } from '../../errors.ts';
import { doubleField, type Field, type Random, randomField, seededRandom } from './field.ts';
import { fillFromBorder } from './initialise.ts';
import { interpolateHole } from './interpolate.ts';
import { distanceToKnown, finestLevel, halve, type Level, type Picture } from './level.ts';
import { halveFlags, type Patches, patchesOf } from './patches.ts';
import { type Effort, refineLevel } from './refine.ts';

/** Patches of 7 x 7 pixels, as in all cited work. */
const patchRadius = 3;
/** The coarsest level is the first where no hole pixel is further than this from the known picture. */
const coarsestReachPx = 4;
/** Shorter side of the smallest level, pixels: below it there is nothing left to copy. */
const coarsestSidePx = 24;

/**
 * Completes a picture from its own patches, by expectation maximisation over a pyramid: from the coarsest
 * level to the finest it finds the most similar known patch for every patch of the hole, and rebuilds the
 * hole from those, several times. Between fine stripes it interpolates. Pixels outside the mask stay exactly
 * as they are. The same seed gives the same pixels.
 *
 * @returns H x W x C, 8 bit.
 * @throws {EditError} `MASK_FULL` when no known pixel is left, `KEEP_FULL` when none of them may be copied.
 * @see Wexler et al., PAMI 2007; Barnes et al., SIGGRAPH 2009; Newson et al., IPOL 2017.
 */
export function completePicture(picture: Picture, seed: number): Uint8Array<ArrayBuffer> {
  const { rgb } = picture;
  const hole = picture.mask.map((value) => (value > 0 ? 1 : 0));
  if (!hole.includes(1)) return rgb.slice();
  if (!hole.includes(0))
    throw new EditError('MASK_FULL', 'Expected some known pixels around the mask, got none');
  const random = seededRandom(seed);
  const levels = pyramidOf(finestLevel(picture, hole));
  const avoids = avoidsOf(picture, levels);
  const finest = patchesOf(levels[0]!, patchRadius, avoids[0]);
  if (finest.sources.length === 0)
    throw new EditError('KEEP_FULL', 'Expected some known pixels that may be copied, got none');
  if (isThin(levels[0]!, finest, avoids[0])) return interpolateHole(levels[0]!);
  let coarser: { level: Level; field: Field } | undefined;
  for (let n = levels.length - 1; n >= 0; n--) {
    const level = levels[n]!;
    const patches = n === 0 ? finest : patchesOf(level, patchRadius, avoids[n]);
    if (patches.holes.length === 0 || patches.sources.length === 0) continue;
    const field = beginLevel(level, patches, coarser, random);
    const effort = effortAt(n, level);
    const beginsWithVote = coarser !== undefined;
    refineLevel({ level, patches, field, effort, beginsWithVote, isFinest: n === 0 }, random);
    coarser = { level, field };
  }
  return levels[0]!.rgb;
}

/** Between fine stripes, less than this share of the known pixels can be the centre of a patch. */
const thinShare = 0.5;
/** Smooth gaps up to twice this wide look better than copies of what is between stripes, pixels. */
const thinReachPx = 16;

/** True where the known picture is too thin to copy patches from, and near everywhere. */
function isThin(
  { width, height, hole }: Level,
  { radius, sources }: Patches,
  avoid: Uint8Array | undefined,
): boolean {
  if (radius === 0) return true;
  const known = hole.reduce((count, inside, i) => count + (inside || avoid?.[i] ? 0 : 1), 0);
  if (radius === patchRadius && sources.length >= known * thinShare) return false;
  return distanceToKnown(hole, width, height).every((distance) => distance <= thinReachPx);
}

function pyramidOf(finest: Level): Level[] {
  const levels = [finest];
  for (;;) {
    const level = levels[levels.length - 1]!;
    if (Math.min(level.width, level.height) < 2 * coarsestSidePx) return levels;
    const distances = distanceToKnown(level.hole, level.width, level.height);
    if (distances.every((distance) => distance <= coarsestReachPx)) return levels;
    const next = halve(level);
    if (!next.hole.includes(1)) return levels;
    levels.push(next);
  }
}

/** What to avoid on each level; a coarse pixel that holds any of it is avoided. */
function avoidsOf({ avoid }: Picture, levels: readonly Level[]): readonly Uint8Array[] {
  if (avoid === undefined) return [];
  const flags: Uint8Array[] = [avoid.map((value) => (value > 0 ? 1 : 0))];
  for (const level of levels.slice(0, -1)) flags.push(halveFlags(flags.at(-1)!, level));
  return flags;
}

function beginLevel(
  level: Level,
  patches: Patches,
  coarser: { level: Level; field: Field } | undefined,
  random: Random,
): Field {
  if (coarser) return doubleField(coarser.field, coarser.level, level, patches, random);
  const field = randomField(level, patches, random);
  fillFromBorder(level, patches, field);
  return field;
}

/**
 * Coarse levels decide what goes where, and are cheap. Fine levels settle the detail: they search only as far
 * as a coarse pixel may have erred.
 */
function effortAt(index: number, { width, height }: Level): Effort {
  if (index === 0) return { rounds: 3, sweeps: 2, reach: 16 };
  if (index === 1) return { rounds: 4, sweeps: 2, reach: 64 };
  return { rounds: 10, sweeps: 4, reach: Math.max(width, height) };
}
