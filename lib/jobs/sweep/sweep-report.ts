import type { InputSet } from '../inputs/identity.ts';
import type { Job } from '../inputs/plan.ts';
import { type PriceOf, smallestFrame } from '../run/cost.ts';

export interface SweepReport {
  readonly images: number;
  readonly settled: number;
  readonly young: number;
  readonly incomplete: number;
  /** What was dispatched, or would be. */
  readonly jobs: readonly { readonly image: string; readonly job: string }[];
  /** Pictures that no job could be made of or started for. */
  readonly failures: number;
  /** How long the oldest of the sets that were looked at has been complete; 0 when every set has an end or is young. */
  readonly oldestOpenMs: number;
  /** At one call of the model for each job, of the smallest size; `null` when the model's price is not known. */
  readonly costEstimateUsd: number | null;
  /** The whole bucket has been looked at since the cursor's last start. */
  readonly isComplete: boolean;
  /** It was stopped before it had looked at, or dispatched, as much as it may; the next one goes on there. */
  readonly isOutOfTime: boolean;
}

/** `unusable`: its name, or its request, is none that a job can be made of. */
export type NoJob = 'settled' | 'young' | 'incomplete' | 'unusable';
/** What became of a picture. */
export type End = NoJob | { readonly job: Job; readonly isDispatched: boolean };

export interface SweepSummary {
  readonly images: () => number;
  readonly jobs: () => number;
  readonly add: (end: End) => void;
  readonly report: () => Omit<SweepReport, 'isComplete' | 'isOutOfTime'>;
}

/** Adds up what becomes of pictures. */
export function sweepSummary(priceOf: PriceOf): SweepSummary {
  const tally = { images: 0, settled: 0, young: 0, incomplete: 0, failures: 0, oldestOpenMs: 0 };
  const jobs: { image: string; job: string }[] = [];
  let cost: number | null = 0;
  return {
    images: () => tally.images,
    jobs: () => jobs.length,
    add(end: End): void {
      tally.images++;
      if (typeof end === 'string') {
        tally[end === 'unusable' ? 'failures' : end]++;
        return;
      }
      const { id, inputs, request } = end.job;
      tally.oldestOpenMs = Math.max(tally.oldestOpenMs, ageMs(inputs));
      if (!end.isDispatched) {
        tally.failures++;
        return;
      }
      jobs.push({ image: inputs.image.name, job: id });
      const price = priceOf({ frame: smallestFrame, samples: request?.samples ?? 1 });
      cost = cost === null || price === undefined ? null : cost + price;
    },
    report: () => ({ ...tally, jobs, costEstimateUsd: cost }),
  };
}

/** How long the set has been complete, by the server's clock. */
export function ageMs({ image, mask, request }: InputSet): number {
  const created = [image, mask, request].map((info) =>
    info === undefined ? 0 : Date.parse(info.timeCreated),
  );
  return image.serverTimeMs - Math.max(...created);
}
