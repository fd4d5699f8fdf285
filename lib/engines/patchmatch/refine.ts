import { useKernels } from '../../kernels/kernels.ts';
import { blendPieces } from './blend.ts';
import type { Field, Random } from './field.ts';
import type { Level } from './level.ts';
import { putLevel, takeLevel } from './memory.ts';
import type { Patches } from './patches.ts';
import { trustVotes, votesOf, weighVotes } from './vote.ts';

/** How a level is refined. */
export interface Effort {
  /** Rounds of search and vote. */
  readonly rounds: number;
  /** Passes of the search in each round. */
  readonly sweeps: number;
  /** Half the side of the widest window of the random search, pixels. */
  readonly reach: number;
}

interface Refinement {
  readonly level: Level;
  readonly patches: Patches;
  readonly field: Field;
  readonly effort: Effort;
  /** True when the matches are those of a coarser level, and the hole is not yet filled from them. */
  readonly beginsWithVote: boolean;
  /** True for the last level: its pieces are copied instead of averaged, and their light is blended. */
  readonly isFinest: boolean;
}

/**
 * Finds the most similar known patch for every patch of the hole, and rebuilds the hole from those, several
 * times. Writes the hole of the level, and the field.
 *
 * @see Wexler et al., "Space-time completion of video", PAMI 2007.
 */
export function refineLevel(refinement: Refinement, random: Random): void {
  const { level, patches, field, effort, beginsWithVote, isFinest } = refinement;
  const origins = useKernels((use) => {
    const { kernels, arena } = use;
    const memory = putLevel(use, level, patches, field);
    const copied = arena.put(new Int32Array(isFinest ? patches.isSource.length : 0).fill(-1));
    const votes = votesOf(use, level, patches, memory);
    if (beginsWithVote) {
      trustVotes(use, votes);
      kernels.voteMean(memory.at);
    }
    for (let round = 0; round < effort.rounds; round++) {
      for (let sweep = 0; sweep < effort.sweeps; sweep++) {
        const isBackwards = (sweep & 1) === 1;
        // The first sweep of a round sees a new picture, the others only matches that they know.
        const costsHold = sweep > 0;
        random.state = kernels.sweepPatches(memory.at, isBackwards, effort.reach, costsHold, random.state);
      }
      weighVotes(use, votes);
      if (isFinest && round === effort.rounds - 1) kernels.voteBest(memory.at, copied);
      else kernels.voteMean(memory.at);
    }
    takeLevel(use, memory, level, field);
    return arena.take(Int32Array, copied, isFinest ? patches.isSource.length : 0);
  });
  if (isFinest) blendPieces(level, origins);
}
