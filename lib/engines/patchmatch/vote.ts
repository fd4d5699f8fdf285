import type { Pointer } from '../../kernels/exports.ts';
import type { KernelUse } from '../../kernels/kernels.ts';
import { distanceToKnown, type Level } from './level.ts';
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
 */
export function votesOf({ arena }: KernelUse, level: Level, patches: Patches, memory: LevelMemory): Votes {
  const distances = distanceToKnown(level.hole, level.width, level.height);
  const confidence = Float64Array.from(patches.targets, (target) => falloff ** -distances[target]!);
  return { memory, patches, confidence, counts: arena.reserve(4 * 65_536) };
}

/** Every target votes with its confidence alone. */
export function trustVotes(use: KernelUse, votes: Votes): void {
  writeWeights(use, votes, (confidence) => confidence);
}

/**
 * The weight of every target's vote: `confidence * exp(-cost / (2 sigma^2))`, with `sigma^2` the 75th
 * percentile of the costs, so that three patches in four count at any contrast.
 */
export function weighVotes(use: KernelUse, votes: Votes): void {
  const { memory, patches, counts } = votes;
  const { targets, isSource } = patches;
  const typical = use.kernels.costOfRank(memory.at, (targets.length * 3) >> 2, counts);
  const variance = Math.max(1, typical);
  const costs = use.arena.view(Int32Array, memory.cost, isSource.length);
  writeWeights(use, votes, (confidence, target) => confidence * Math.exp(-costs[target]! / (2 * variance)));
}

function writeWeights(
  { arena }: KernelUse,
  { memory, patches: { targets, isSource }, confidence }: Votes,
  weightOf: (confidence: number, target: number) => number,
): void {
  const weights = arena.view(Float64Array, memory.weights, isSource.length);
  for (let n = 0; n < targets.length; n++) weights[targets[n]!] = weightOf(confidence[n]!, targets[n]!);
}
