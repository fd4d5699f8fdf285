import type { Pointer } from '../../kernels/exports.ts';
import type { KernelUse } from '../../kernels/kernels.ts';
import type { LevelMemory } from './memory.ts';
import type { Patches } from './patches.ts';

/** What decides how much the patch around each target counts. */
interface Votes {
  readonly memory: LevelMemory;
  readonly patches: Patches;
  /** One for each target. */
  readonly confidence: Float64Array;
  /** Room for counts of 16 bit values. */
  readonly counts: Pointer;
}

/** How much more a patch one pixel nearer to the known picture counts; as in Wexler et al. */
const falloff = 1.3;

/**
 * `falloff ^ -distance` for each target: patches near the known picture are more certain, and decide what is
 * further inside.
 *
 * @param at H x W: distances to the known picture.
 */
export function votesOf({ arena }: KernelUse, patches: Patches, memory: LevelMemory, at: Pointer): Votes {
  const { targets, isSource } = patches;
  const counts = arena.reserve(4 * 65_536);
  const distances = arena.view(Float32Array, at, isSource.length);
  const confidence = new Float64Array(targets.length);
  for (let n = 0; n < targets.length; n++) confidence[n] = falloff ** -distances[targets[n]!]!;
  return { memory, patches, confidence, counts };
}

/**
 * The weight of every target's vote: `confidence * exp(-cost / (2 sigma^2))`, with `sigma^2` the 75th
 * percentile of the costs, so that three patches in four count at any contrast. Without costs the confidence
 * alone counts.
 */
export function weighVotes({ kernels, arena }: KernelUse, votes: Votes): void {
  const { memory, patches, confidence, counts } = votes;
  const { targets, isSource } = patches;
  const typical = kernels.costOfRank(memory.at, (targets.length * 3) >> 2, counts);
  const variance = Math.max(1, typical);
  const costs = arena.view(Int32Array, memory.cost, isSource.length);
  const weights = arena.view(Float64Array, memory.weights, isSource.length);
  for (let n = 0; n < targets.length; n++) {
    const target = targets[n]!;
    weights[target] = confidence[n]! * Math.exp(-costs[target]! / (2 * variance));
  }
}
