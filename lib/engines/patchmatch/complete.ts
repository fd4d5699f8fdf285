import { EditError } from '../../errors.ts';
import type { Size } from '../../pixels/raster.ts';
import { doubleField, type Field, type Random, randomField, seededRandom } from './field.ts';
import { interpolateHole } from './interpolate.ts';
import { finestLevel, flagsOf, halve, type Level, type Picture, reachOf } from './level.ts';
import { halveFlags, type Patches, patchesOf } from './patches.ts';
import { type Effort, refineLevel } from './refine.ts';
import { fieldOfOffsets, pieceEffortAt, suitsOffsets } from './structure.ts';

/** Patches of 7 x 7 pixels, as in all cited work. */
const patchRadius = 3;
/** The coarsest level is the first where no hole pixel is further than this from the known picture. */
const coarsestReachPx = 4;
/** Shorter side of the smallest level, pixels: below it there is nothing left to copy. */
const coarsestSidePx = 24;

/** How a picture is begun: ring by ring from the border of the hole, or with large pieces that fit. */
export type Beginning = 'border' | 'offsets';

/** What tells one picture of several from the others. The same gives the same pixels. */
export interface Recipe {
  readonly seed: number;
  readonly beginning: Beginning;
}

/** A completed picture. */
export interface Completed extends Size {
  /** H x W x C, 8 bit. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** A picture that is completed in several ways. */
export interface Completion {
  /** Completes it at half its size, or at its own where it has no half. */
  draft(recipe: Recipe): Completed;
  /** Completes a draft at the size of the picture. @param n counts the drafts, from 0. */
  finish(n: number): Completed;
}

/** A level that is filled. */
interface Filled {
  readonly level: Level;
  readonly field: Field;
  /** True when its pieces were chosen by their offsets. */
  readonly hasPieces: boolean;
}

/**
 * Completes a picture from its own patches, by expectation maximisation over a pyramid: from the coarsest
 * level to the finest it finds the most similar known patch for every patch of the hole, and rebuilds the
 * hole from those, several times. Between fine stripes it interpolates. Pixels outside the mask stay exactly
 * as they are. The same seed gives the same pixels.
 *
 * @throws {EditError} `MASK_FULL` when no known pixel is left, `KEEP_FULL` when none of them may be copied.
 * @see Wexler et al., PAMI 2007; Barnes et al., SIGGRAPH 2009; Newson et al., IPOL 2017.
 */
export function openCompletion(picture: Picture): Completion {
  const { width, height, rgb } = picture;
  const hole = flagsOf(picture.mask);
  if (!hole.includes(1)) return settled({ width, height, data: rgb.slice() });
  if (!hole.includes(0))
    throw new EditError('MASK_FULL', 'Expected some known pixels around the mask, got none');
  const levels = pyramidOf(finestLevel(picture, hole));
  const finest = levels[0]!;
  const avoids = avoidsOf(picture, levels);
  const patches = patchesOf(finest, patchRadius, avoids[0]);
  if (patches.sources.length === 0)
    throw new EditError('KEEP_FULL', 'Expected some known pixels that may be copied, got none');
  if (isThin(finest, patches, avoids[0])) return settled({ width, height, data: interpolateHole(finest) });
  const drafts: (() => Completed)[] = [];
  return {
    draft: ({ seed, beginning }) => {
      const random = seededRandom(seed);
      const coarser = fillCoarse(levels, avoids, beginning, random);
      const finish = () => {
        fillLevel({ level: finest, patches, coarser, index: 0 }, random);
        return { width, height, data: finest.rgb.slice() };
      };
      const whole = coarser ? undefined : finish();
      drafts.push(whole ? () => copied(whole) : finish);
      return copied(whole ?? shownOf(coarser!));
    },
    finish: (n) => drafts[n]!(),
  };
}

const copied = (picture: Completed): Completed => ({ ...picture, data: picture.data.slice() });
const shownOf = ({ level: { width, height, rgb } }: Filled): Completed => ({ width, height, data: rgb });

/** Nothing is chosen: every draft is the same picture. */
function settled(picture: Completed): Completion {
  return { draft: () => copied(picture), finish: () => copied(picture) };
}

/** Fills all levels but the finest, the coarsest first. @returns the last one. */
function fillCoarse(
  levels: readonly Level[],
  avoids: readonly Uint8Array[],
  beginning: Beginning,
  random: Random,
): Filled | undefined {
  const wanted = beginning === 'offsets' ? levels.findIndex(suitsOffsets) : 0;
  let coarser: Filled | undefined;
  for (let index = wanted > 0 ? wanted : levels.length - 1; index > 0; index--) {
    const level = levels[index]!;
    const patches = patchesOf(level, patchRadius, avoids[index]);
    if (patches.holes.length === 0 || patches.sources.length === 0) continue;
    const pieces = index === wanted ? fieldOfOffsets(level, patches, avoids[index], random) : undefined;
    coarser = fillLevel({ level, patches, coarser, pieces, index }, random);
  }
  return coarser;
}

interface Filling {
  readonly level: Level;
  readonly patches: Patches;
  /** The next coarser level, if there is one. */
  readonly coarser: Filled | undefined;
  /** What to begin with instead. */
  readonly pieces?: Field | undefined;
  /** 0 for the finest level. */
  readonly index: number;
}

function fillLevel({ level, patches, coarser, pieces, index }: Filling, random: Random): Filled {
  const begun = () =>
    coarser
      ? doubleField(coarser.field, coarser.level, level, patches, random)
      : randomField(level, patches, random);
  const field = pieces ?? begun();
  const hasPieces = pieces !== undefined || coarser?.hasPieces === true;
  refineLevel(
    {
      level,
      patches,
      field,
      effort: hasPieces ? pieceEffortAt(index) : effortAt(index, level),
      beginsWithVote: pieces !== undefined || coarser !== undefined,
      // The second finest is what a draft shows.
      isShown: index <= 1,
    },
    random,
  );
  return { level, field, hasPieces };
}

/** Between fine stripes, less than this share of the known pixels can be the centre of a patch. */
const thinShare = 0.5;
/** Smooth gaps up to twice this wide look better than copies of what is between stripes, pixels. */
const thinReachPx = 16;

/** True where the known picture is too thin to copy patches from, and near everywhere. */
function isThin(level: Level, { radius, holes, sources }: Patches, avoid: Uint8Array | undefined): boolean {
  if (radius === 0) return true;
  const known = avoid ? patchesOf(level, 0, avoid).sources.length : level.hole.length - holes.length;
  if (radius === patchRadius && sources.length >= known * thinShare) return false;
  return reachOf(level) <= thinReachPx;
}

function pyramidOf(finest: Level): Level[] {
  const levels = [finest];
  for (;;) {
    const level = levels[levels.length - 1]!;
    if (Math.min(level.width, level.height) < 2 * coarsestSidePx) return levels;
    if (reachOf(level) <= coarsestReachPx) return levels;
    const next = halve(level);
    if (!next.hole.includes(1)) return levels;
    levels.push(next);
  }
}

/** What to avoid on each level; a coarse pixel that holds any of it is avoided. */
function avoidsOf({ avoid }: Picture, levels: readonly Level[]): readonly Uint8Array[] {
  if (avoid === undefined) return [];
  const flags: Uint8Array[] = [flagsOf(avoid)];
  for (const level of levels.slice(0, -1)) flags.push(halveFlags(flags.at(-1)!, level));
  return flags;
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
