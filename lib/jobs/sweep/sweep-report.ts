import type { ErrorCode } from '../../errors.ts';
import type { InputSet } from '../inputs/identity.ts';
import type { Job } from '../inputs/plan.ts';
import type { Unpaired } from '../inputs/unpaired.ts';
import { type PriceOf, smallestFrame } from '../run/cost.ts';
import type { AskedJob } from './again.ts';

export interface Asked {
  /** Jobs that were asked for again, or would be in a dry run. */
  readonly asked: number;
  /** The first of them, and how they had ended. */
  readonly askedJobs: readonly AskedJob[];
}

export interface SweepReport extends Asked {
  /** Pictures judged. */
  readonly images: number;
  readonly settled: number;
  readonly young: number;
  readonly incomplete: number;
  /** Pictures whose job waits for the answer of a batch. */
  readonly batched: number;
  /** Jobs that were dispatched, or would be in a dry run. */
  readonly jobs: readonly { readonly image: string; readonly job: string }[];
  /** Ends of jobs that were told only now. */
  readonly told: number;
  /** Pictures that no job could be made of or started for. */
  readonly failures: number;
  /** The first of these pictures, and why. */
  readonly faults: readonly SweepFault[];
  /** The first photos and masks that have paired with nothing for an hour; near misses before others. */
  readonly unpaired: readonly Pick<Unpaired, 'name' | 'reason'>[];
  /** Age of the oldest complete set that has no result yet; 0 when there is none, or only young ones. */
  readonly oldestOpenMs: number;
  /** At one call of the model for each job, of the smallest size; `null` when the price is not known. */
  readonly costEstimateUsd: number | null;
  /** True when the sweep reached the end of the bucket. */
  readonly isComplete: boolean;
  /** True when time ended the sweep before its other limits did; the next one continues there. */
  readonly isOutOfTime: boolean;
}

export interface SweepFault {
  readonly name: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/**
 * Why a picture has no job now. `settled`: it has a result. `young`: its events may still arrive. `batched`:
 * it waits for a batch. `mask`: it is the mask of another picture. A fault: nothing can be made of its name
 * or its files.
 */
export type NoJob = 'settled' | 'young' | 'incomplete' | 'batched' | 'mask' | { readonly fault: SweepFault };

/** What the sweep did about one picture. */
export type Outcome = NoJob | { readonly job: Job; readonly fault?: SweepFault };

/** Most names of each list of the report. */
export const maxNamed = 100;

export interface SweepTally {
  readonly imagesLeft: () => number;
  readonly jobsLeft: () => number;
  readonly isFull: () => boolean;
  readonly add: (outcome: Outcome) => void;
  readonly addUnpaired: (unpaired: readonly Unpaired[]) => void;
  /** True when no more of them can be reported. */
  readonly hasEnoughUnpaired: () => boolean;
  readonly report: () => Omit<SweepReport, 'isComplete' | 'isOutOfTime' | 'told' | keyof Asked>;
}

interface SweepLimits {
  readonly maxImages: number;
  readonly maxJobs: number;
  readonly priceOf: PriceOf;
}

/** Counts outcomes against the limits of a sweep. */
export function sweepTally({ maxImages, maxJobs, priceOf }: SweepLimits): SweepTally {
  const counts = {
    ...{ images: 0, settled: 0, young: 0, incomplete: 0, batched: 0 },
    ...{ failures: 0, oldestOpenMs: 0 },
  };
  const faults: SweepFault[] = [];
  const unpaired = new Map<string, Unpaired>();
  const jobs: { image: string; job: string }[] = [];
  let costUsd: number | null = 0;
  const addJob = ({ id, inputs, request }: Job) => {
    jobs.push({ image: inputs.image.name, job: id });
    const price = priceOf({ frame: smallestFrame, samples: request?.samples ?? 1 });
    costUsd = costUsd === null || price === undefined ? null : costUsd + price;
  };
  const addFault = (fault: SweepFault) => {
    counts.failures++;
    if (faults.length < maxNamed) faults.push(fault);
  };
  const nearFirst = () =>
    [...unpaired.values()]
      .sort((a, b) => Number(b.isNear) - Number(a.isNear))
      .slice(0, maxNamed)
      .map(({ name, reason }) => ({ name, reason }));
  return {
    imagesLeft: () => maxImages - counts.images,
    jobsLeft: () => maxJobs - jobs.length,
    isFull: () => counts.images >= maxImages || jobs.length >= maxJobs,
    add(outcome) {
      counts.images++;
      if (outcome === 'mask') return;
      if (typeof outcome === 'string') {
        counts[outcome]++;
        return;
      }
      if ('job' in outcome) {
        counts.oldestOpenMs = Math.max(counts.oldestOpenMs, ageMs(outcome.job.inputs));
        if (outcome.fault === undefined) addJob(outcome.job);
      }
      if (outcome.fault !== undefined) addFault(outcome.fault);
    },
    addUnpaired(found) {
      for (const each of found) {
        // Others are only counted when there are many: near misses must not drown among them.
        if (each.isNear || unpaired.size < maxNamed) unpaired.set(each.name, each);
      }
    },
    hasEnoughUnpaired: () => unpaired.size >= 2 * maxNamed,
    report: () => ({ ...counts, faults, unpaired: nearFirst(), jobs, costEstimateUsd: costUsd }),
  };
}

/** How long the set has been complete, by the server's clock. */
export function ageMs({ image, mask, request }: InputSet): number {
  const created = [image, mask, request].map((info) =>
    info === undefined ? 0 : Date.parse(info.timeCreated),
  );
  return image.serverTimeMs - Math.max(...created);
}
