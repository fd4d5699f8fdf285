import type { Raster } from '../../pixels/raster.ts';
import type { InpaintRequest } from '../engine.ts';

/** Pictures of one request: three in four of the bad ones are gone with so many, and time grows with each. */
const maxCandidates = 4;
/** A picture of this cost shows no seam: a further one would not be better by anything one could see. */
const goodCost = 1;

/** The seed of each picture of a request. Requests with other seeds share none of them. */
export const seedOf = (seed: number, n: number): number => maxCandidates * seed + n;

export interface Chosen {
  /** As many as were asked for, the best first. */
  readonly best: readonly Raster[];
  /** How many were made. */
  readonly made: number;
}

/**
 * Makes pictures until as many as are asked for are good, at most four, and chooses the best by their costs.
 * Among equals the earlier one wins. Without a judge the first ones are taken.
 *
 * @param make makes picture `n` of this request, from 0.
 */
export async function chooseCandidates(
  { samples, judge }: Pick<InpaintRequest, 'samples' | 'judge'>,
  make: (n: number) => Promise<Raster>,
): Promise<Chosen> {
  const ranked: { readonly answer: Raster; readonly cost: number }[] = [];
  const isEnough = () => {
    const last = ranked[samples - 1];
    return last !== undefined && (judge === undefined || last.cost <= goodCost);
  };
  for (let n = 0; n < Math.max(samples, maxCandidates) && !isEnough(); n++) {
    const answer = await make(n);
    ranked.push({ answer, cost: judge?.(answer) ?? 0 });
    ranked.sort((a, b) => a.cost - b.cost);
  }
  return { best: ranked.slice(0, samples).map(({ answer }) => answer), made: ranked.length };
}
