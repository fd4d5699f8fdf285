import { abortError } from '../abort.ts';
import { asEditError, EditError } from '../errors.ts';
import { mapOrdered } from '../in-parallel.ts';
import type { ObjectId, ObjectStore } from '../storage/store.ts';
import type { Dispatch } from './dispatch.ts';
import type { InputSet } from './inputs/identity.ts';
import { collectInputs, type PairingOptions } from './inputs/pairing.ts';
import { type PlanOptions, planJob } from './inputs/plan.ts';

interface UploadOptions {
  readonly store: ObjectStore;
  readonly inputBucket: string;
  readonly pairing: PairingOptions;
  readonly plan: PlanOptions;
  readonly dispatch: Dispatch;
  /** 1 where jobs run here: each takes the memory of its pictures. */
  readonly dispatchesAtOnce: number;
}

/**
 * Dispatches every job that an object of the input bucket belongs to. The name of the object is only a hint:
 * each set that is complete in the bucket now becomes a job, and the event of a missing file will find the
 * rest. After an abort no further job is begun.
 *
 * @throws {EditError} after the last job: the first error that asks for another delivery, else the first one.
 */
export async function handleUpload(id: ObjectId, options: UploadOptions, signal: AbortSignal): Promise<void> {
  if (id.bucket !== options.inputBucket) {
    throw new EditError('EVENT_INVALID', `Expected bucket ${options.inputBucket}, got ${id.bucket}`);
  }
  const sets = await collectInputs(options.store, id, options.pairing, signal);
  const results = mapOrdered(sets, options.dispatchesAtOnce, (inputs) =>
    dispatchSet(inputs, options, signal),
  );
  const failures: EditError[] = [];
  for await (const failure of results) if (failure !== undefined) failures.push(failure);
  // An input error acknowledges the event, so it must not hide the error of a job that has to come again.
  const failure = failures.find(({ kind }) => kind !== 'input') ?? failures[0];
  if (failure !== undefined) throw failure;
}

/** Returns its error: one job must not keep the others from being dispatched. */
async function dispatchSet(
  inputs: InputSet,
  { store, plan, dispatch }: UploadOptions,
  signal: AbortSignal,
): Promise<EditError | undefined> {
  try {
    // Not even begun after an abort: a job that begins uses up an attempt.
    if (signal.aborted) throw abortError(signal, 'the event to be handled');
    const job = await planJob(store, inputs, plan, signal);
    if (job !== undefined) await dispatch(job, signal);
    return undefined;
  } catch (error) {
    return asEditError(error);
  }
}
