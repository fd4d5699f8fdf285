import { listAll, type ObjectStore } from '../storage/store.ts';
import { jobId } from './inputs/identity.ts';
import { againPrefix, controlNames } from './inputs/names.ts';
import type { Job } from './inputs/plan.ts';

/**
 * A job that has failed stays as it is. Whoever asks for it again creates `again/{job}` in the control
 * bucket, and then the next round of the same files and request is to be run: a job of its own, with another
 * id.
 */

/** True when this failed job was asked for again. */
export type IsAskedAgain = (job: string, signal?: AbortSignal) => Promise<boolean>;

/** Asks for one job at a time. */
export const askedAgain =
  (store: ObjectStore, controlBucket: string): IsAskedAgain =>
  async (job, signal) =>
    (await store.stat({ bucket: controlBucket, name: controlNames(job).again }, signal)) !== undefined;

/** Lists all of them when it is asked for the first time. */
export function askedAgainOnce(store: ObjectStore, controlBucket: string): IsAskedAgain {
  let listed: Promise<ReadonlySet<string>> | undefined;
  return async (job, signal) => {
    listed ??= listAll(store, controlBucket, againPrefix, signal).then(
      (marks) => new Set(marks.map(({ name }) => name.slice(againPrefix.length))),
    );
    return (await listed).has(job);
  };
}

/** The same work once more, as another job. */
export function nextRound(job: Job): Job {
  const round = (job.round ?? 0) + 1;
  return { ...job, round, id: jobId({ ...job, round }) };
}

/** The round that is to be run, or has ended without being asked for again. */
export async function currentRound(job: Job, isAsked: IsAskedAgain, signal: AbortSignal): Promise<Job> {
  let current = job;
  while (await isAsked(current.id, signal)) current = nextRound(current);
  return current;
}
