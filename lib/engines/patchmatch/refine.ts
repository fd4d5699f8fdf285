import type { Pointer } from '../../kernels/exports.ts';
import { type KernelUse, useKernels } from '../../kernels/kernels.ts';
import { blendPieces } from './blend.ts';
import type { Field, Random } from './field.ts';
import { distanceToKnown, type Level } from './level.ts';
import { type LevelMemory, putLevel, takeLevel } from './memory.ts';
import type { Patches } from './patches.ts';
import { votesOf, weighVotes } from './vote.ts';

/** How long a search looks for better matches. */
interface SearchEffort {
  /** Passes over all targets, forwards and backwards in turn. */
  readonly sweeps: number;
  /** Half the side of the widest window of the random search, pixels. */
  readonly reach: number;
  /** No match is nearer than this, pixels; default 0. */
  readonly apartPx?: number;
}

/** How a level is refined. */
export interface Effort extends SearchEffort {
  /** Rounds of search and vote. */
  readonly rounds: number;
}

/** A level and the matches in it. */
interface Matched {
  readonly level: Level;
  readonly patches: Patches;
  readonly field: Field;
}

interface Refinement extends Matched {
  readonly effort: Effort;
  /** True when the hole is first filled from the matches; else it is filled from its border. */
  readonly beginsWithVote: boolean;
  /**
   * True for a level that is looked at: pieces are copied instead of averaged, and their light is blended.
   */
  readonly isShown: boolean;
}

/**
 * Finds the most similar known patch for every patch of the hole, and rebuilds the hole from those, several
 * times. Writes the hole of the level, and the field.
 *
 * @see Wexler et al., "Space-time completion of video", PAMI 2007.
 */
export function refineLevel(refinement: Refinement, random: Random): void {
  const { level, patches, field, effort, beginsWithVote, isShown } = refinement;
  useKernels((use) => {
    const { kernels } = use;
    const memory = putLevel(use, level, patches, field);
    const distances = distanceToKnown(use, level).at;
    const votes = votesOf(use, patches, memory, distances);
    if (beginsWithVote) {
      weighVotes(use, votes);
      kernels.voteMean(memory.at);
    } else beginAtBorder(use, patches, memory, distances);
    for (let round = 0; round < effort.rounds; round++) {
      sweepLevel(use, memory, effort, random);
      weighVotes(use, votes);
      if (isShown && round === effort.rounds - 1) {
        kernels.voteBest(memory.at);
        blendPieces(use, level, patches, memory);
      } else kernels.voteMean(memory.at);
    }
    takeLevel(use, memory, level, field);
  });
}

/** Comparisons that filling from the border may take; beyond it only every n-th source is looked at. */
const comparisonBudget = 3_000_000;
/** The pixels of the largest patch, with their offsets. */
const sampleBytes = 32 * 49;

function beginAtBorder(
  { kernels, arena }: KernelUse,
  { holes, sources }: Patches,
  memory: LevelMemory,
  distances: Pointer,
): void {
  const stride = Math.max(1, Math.ceil((holes.length * sources.length) / comparisonBudget));
  const room = arena.reserve(sampleBytes);
  kernels.fillFromBorder(memory.at, distances, arena.put(sources), sources.length, stride, room);
}

function sweepLevel({ kernels }: KernelUse, { at }: LevelMemory, effort: SearchEffort, random: Random): void {
  const { sweeps, reach, apartPx = 0 } = effort;
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const isBackwards = (sweep & 1) === 1;
    // The first pass sees a new picture, the others only matches that they know.
    random.state = kernels.sweepPatches(at, isBackwards, reach, apartPx ** 2, sweep > 0, random.state);
  }
}

/** Finds better matches in a level whose hole is filled. Writes the field. */
export function searchMatches(matched: Matched, effort: SearchEffort, random: Random): void {
  const { level, patches, field } = matched;
  if (patches.sources.length === 0) return;
  useKernels((use) => {
    const memory = putLevel(use, level, patches, field);
    sweepLevel(use, memory, effort, random);
    takeLevel(use, memory, level, field);
  });
}

/**
 * Finds better matches likewise, and where each pixel of the hole comes from by the match that counts most.
 *
 * @returns H x W: index of a known pixel, -1 outside the hole, and everywhere when there is nothing to copy.
 */
export function findOrigins(
  { level, patches, field }: Matched,
  effort: SearchEffort,
  random: Random,
): Int32Array {
  if (patches.sources.length === 0) return new Int32Array(level.hole.length).fill(-1);
  return useKernels((use) => {
    const memory = putLevel(use, level, patches, field);
    const votes = votesOf(use, patches, memory, distanceToKnown(use, level).at);
    sweepLevel(use, memory, effort, random);
    weighVotes(use, votes);
    use.kernels.voteBest(memory.at);
    return use.arena.take(Int32Array, memory.origins, level.hole.length);
  });
}
