import type { InputSet } from '../inputs/identity.ts';
import type { Job } from '../inputs/plan.ts';
import { type PriceOf, smallestFrame } from '../run/cost.ts';

export interface SweepReport {
  /** Pictures judged. */
  readonly images: number;
  readonly settled: number;
  readonly young: number;
  readonly incomplete: number;
  /** Jobs that were dispatched, or would be in a dry run. */
  readonly jobs: readonly { readonly image: string; readonly job: string }[];
  /** Pictures that no job could be made of or started for. */
  readonly failures: number;
  /** Age of the oldest complete set that has no result yet; 0 when there is none, or only young ones. */
  readonly oldestOpenMs: number;
  /** At one call of the model for each job, of the smallest size; `null` when the price is not known. */
  readonly costEstimateUsd: number | null;
  /** True when the sweep reached the end of the bucket. */
  readonly isComplete: boolean;
  /** True when time ended the sweep before its other limits did; the next one continues there. */
  readonly isOutOfTime: boolean;
}

/**
 * Why a picture has no job now. `settled`: it has a result. `young`: its events may still arrive.
 * `unusable`: its name or its request cannot be read.
 */
export type NoJob = 'settled' | 'young' | 'incomplete' | 'unusable';

/** What the sweep did about one picture. */
export type Outcome = NoJob | { readonly job: Job; readonly isDispatched: boolean };

export interface SweepTally {
  readonly imagesLeft: () => number;
  readonly jobsLeft: () => number;
  readonly isFull: () => boolean;
  readonly add: (outcome: Outcome) => void;
  readonly report: () => Omit<SweepReport, 'isComplete' | 'isOutOfTime'>;
}

interface SweepLimits {
  readonly maxImages: number;
  readonly maxJobs: number;
  readonly priceOf: PriceOf;
}

/** Counts outcomes against the limits of a sweep. */
export function sweepTally({ maxImages, maxJobs, priceOf }: SweepLimits): SweepTally {
  const counts = { images: 0, settled: 0, young: 0, incomplete: 0, failures: 0, oldestOpenMs: 0 };
  const jobs: { image: string; job: string }[] = [];
  let costUsd: number | null = 0;
  const addJob = ({ id, inputs, request }: Job) => {
    jobs.push({ image: inputs.image.name, job: id });
    const price = priceOf({ frame: smallestFrame, samples: request?.samples ?? 1 });
    costUsd = costUsd === null || price === undefined ? null : costUsd + price;
  };
  return {
    imagesLeft: () => maxImages - counts.images,
    jobsLeft: () => maxJobs - jobs.length,
    isFull: () => counts.images >= maxImages || jobs.length >= maxJobs,
    add(outcome) {
      counts.images++;
      if (typeof outcome === 'string') {
        counts[outcome === 'unusable' ? 'failures' : outcome]++;
        return;
      }
      counts.oldestOpenMs = Math.max(counts.oldestOpenMs, ageMs(outcome.job.inputs));
      if (outcome.isDispatched) addJob(outcome.job);
      else counts.failures++;
    },
    report: () => ({ ...counts, jobs, costEstimateUsd: costUsd }),
  };
}

/** How long the set has been complete, by the server's clock. */
export function ageMs({ image, mask, request }: InputSet): number {
  const created = [image, mask, request].map((info) =>
    info === undefined ? 0 : Date.parse(info.timeCreated),
  );
  return image.serverTimeMs - Math.max(...created);
}
