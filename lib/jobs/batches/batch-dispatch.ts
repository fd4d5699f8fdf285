import { observeClaim } from '../claim/claim-store.ts';
import type { Dispatch } from '../dispatch.ts';
import { controlNames } from '../inputs/names.ts';
import { type BatchStore, fateOf } from './record.ts';

interface BatchDispatchOptions extends BatchStore {
  /** Runs a job up to its first call of the model, which goes into a batch. */
  readonly prepare: Dispatch;
  /** Runs or queues a job as it is done without batches. */
  readonly live: Dispatch;
}

/**
 * For the sweep: a job that nobody has begun is prepared for a batch, one that a batch has is left alone, and
 * every other one runs. So a job is in one batch at most, and what a batch did not bring is asked as usual.
 */
export function batchDispatch({ prepare, live, ...batches }: BatchDispatchOptions): Dispatch {
  const { store, controlBucket } = batches;
  return async (job, signal) => {
    const id = { bucket: controlBucket, name: controlNames(job.id).claim };
    const info = await store.stat(id, signal);
    if (info === undefined) return prepare(job, signal);
    const { claim } = observeClaim(info);
    const isBatched = claim.code === 'BATCHED' && claim.batch !== undefined;
    if (isBatched && (await fateOf(claim.batch.name, batches, signal)) === 'open') return;
    await live(job, signal);
  };
}
