import type { Raster } from '../../pixels/raster.ts';
import type { InpaintRequest } from '../engine.ts';
import type { Beginning, Recipe } from './complete.ts';

/** How each picture of a request begins. Time grows with each. */
const beginnings: readonly Beginning[] = ['border', 'offsets', 'border', 'border'];
/** A picture of this cost shows no seam: a further one would not be better by anything one could see. */
const goodCost = 1;
/** Lines break where large pieces meet, and the cost does not show it: it is raised by this share. */
const jogShare = 0.2;
/** By so many levels at most. */
const mostJog = 1;
/** Drafts are ranked nearly as finished pictures are: one more than asked for is finished. */
const spare = 1;
/** The cost of a picture that must not be published. */
const never = Number.POSITIVE_INFINITY;

/** What makes picture `n` of a request. Requests with other seeds share no picture. */
export const recipeOf = (seed: number, n: number): Recipe => ({
  seed: beginnings.length * seed + n,
  beginning: beginnings[n]!,
});

/** How pictures are made. */
interface Making {
  /**
   * Makes a draft of picture `n`, from 0 on one after the other: half the size of the crop, or whole where no
   * place in the hole is far from what is known.
   */
  readonly draft: (n: number) => Promise<Raster>;
  /** Finishes a draft. */
  readonly finish: (n: number) => Promise<Raster>;
}

interface Chosen {
  /** As many as were asked for, the best first. */
  readonly best: readonly Raster[];
  /** How many drafts were made. */
  readonly made: number;
}

interface Candidate {
  readonly n: number;
  readonly cost: number;
}

interface Finished extends Candidate {
  readonly answer: Raster;
  /** It was whole as a draft. */
  readonly isNear: boolean;
}

/**
 * Makes drafts, and finishes those that are good, until as many as are asked for are good then too; of four
 * drafts the best ones are finished. Chooses the best by their costs; among equals the earlier one wins.
 * Where drafts are whole, the first ones that may be published are taken: in a hole so narrow all are as good
 * as one another (`docs/decisions/embedded-engine.md`).
 * Without a judge the first ones are taken. Tells its progress after each draft and each finished picture.
 */
export async function chooseCandidates(
  { crop, samples, judge, onProgress }: Pick<InpaintRequest, 'crop' | 'samples' | 'judge' | 'onProgress'>,
  { draft, finish }: Making,
): Promise<Chosen> {
  const costOf = (answer: Raster, n: number) => {
    const cost = judge?.(answer) ?? 0;
    return beginnings[n] === 'offsets' ? cost + Math.min(mostJog, jogShare * cost) : cost;
  };
  const drafts: Candidate[] = [];
  const finished: Finished[] = [];
  const most = beginnings.length + samples + spare;
  const tell = () => onProgress?.(Math.min(1, (drafts.length + finished.length) / most));
  const add = (one: Finished) => {
    finished.push(one);
    finished.sort(byCost);
    tell();
  };
  const finishOne = async (n: number) => {
    const answer = await finish(n);
    add({ n, answer, cost: costOf(answer, n), isNear: false });
  };
  const isEnough = () => {
    const { cost = never, isNear = false } = finished[samples - 1] ?? {};
    return cost <= goodCost || (isNear && cost < never);
  };
  for (let n = 0; n < beginnings.length && !isEnough(); n++) {
    const answer = await draft(n);
    const cost = costOf(answer, n);
    drafts.push({ n, cost });
    tell();
    if (answer.width === crop.width) add({ n, answer, cost, isNear: true });
    else if (cost <= goodCost) await finishOne(n);
  }
  const wanted = drafts.sort(byCost).slice(0, samples + spare);
  for (const { n } of isEnough() ? [] : wanted) {
    if (finished.every((one) => one.n !== n)) await finishOne(n);
  }
  return { best: finished.slice(0, samples).map(({ answer }) => answer), made: drafts.length };
}

const byCost = (a: Candidate, b: Candidate): number => a.cost - b.cost || a.n - b.n;
