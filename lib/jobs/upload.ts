import { abortError } from '../abort.ts';
import { asEditError, EditError } from '../errors.ts';
import { inParallel } from '../in-parallel.ts';
import type { Log } from '../log.ts';
import type { ObjectId, ObjectStore } from '../storage/store.ts';
import type { Dispatch } from './dispatch.ts';
import type { InputSet } from './inputs/identity.ts';
import { collectInputs, type PairingOptions } from './inputs/pairing.ts';
import { type PlanOptions, planJob } from './inputs/plan.ts';

export interface UploadOptions {
  readonly store: ObjectStore;
  readonly inputBucket: string;
  readonly pairing: PairingOptions;
  readonly plan: PlanOptions;
  readonly dispatch: Dispatch;
  /** 1 where jobs run here: each takes the memory of its pictures. */
  readonly dispatchesAtOnce: number;
  readonly log: Log;
}

/**
 * An object of the input bucket was written: dispatches every job it belongs to. The name is a hint, the
 * bucket is the truth: whatever is complete there now is worked on, and a missing member means that its own
 * event will find the rest. After an abort no further job is begun.
 *
 * @throws {EditError} after every job had its turn: the first error that asks for another delivery, else the first one.
 */
export async function handleUpload(id: ObjectId, options: UploadOptions, signal: AbortSignal): Promise<void> {
  if (id.bucket !== options.inputBucket) {
    throw new EditError('EVENT_INVALID', `Expected bucket ${options.inputBucket}, got ${id.bucket}`);
  }
  const { store, pairing, plan } = options;
  const failures: EditError[] = [];
  const see = async (inputs: InputSet): Promise<void> => {
    try {
      // A job that is begun uses up one of its attempts.
      if (signal.aborted) throw abortError(signal, 'the event to be handled');
      const job = await planJob(store, inputs, plan, signal);
      if (job !== undefined) await options.dispatch(job, signal);
    } catch (error) {
      failures.push(asEditError(error));
    }
  };
  const sets = await collectInputs(store, id, pairing, signal);
  await inParallel(
    sets.map((inputs) => () => see(inputs)),
    options.dispatchesAtOnce,
  );
  // An input error acknowledges the event: it must not speak for a job that has to come again.
  const failure = failures.find(({ kind }) => kind !== 'input') ?? failures[0];
  if (failure !== undefined) throw failure;
}
