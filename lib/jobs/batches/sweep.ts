import type { InpaintEngine } from '../../engines/engine.ts';
import { asEditError } from '../../errors.ts';
import { mapOrdered } from '../../in-parallel.ts';
import { observeClaim } from '../claim/claim-store.ts';
import type { Dispatch } from '../dispatch.ts';
import { imageOfSetKey } from '../inputs/identity.ts';
import { controlNames } from '../inputs/names.ts';
import { type BatchDraft, batchDraft } from './draft.ts';
import { fateOf } from './record.ts';
import { type Settled, type SettleOptions, settleBatch, settleBatches } from './settle.ts';

export interface SweepInBatches<Report> extends SettleOptions {
  /** Runs or queues jobs as it is done without batches. */
  readonly live: Dispatch;
  /** Runs or queues the job of a picture whose batch is over, as an event of the picture does. */
  readonly resume: (image: string, signal: AbortSignal) => Promise<void>;
  readonly dispatchesAtOnce: number;
  /** True when no further picture is to be resumed before the sweep. */
  readonly isOver: () => boolean;
  /** Runs jobs up to the first call of the model, which goes into a draft where there is one. */
  readonly prepareWith: (draftOf: (engine: InpaintEngine) => BatchDraft | undefined) => Dispatch;
  readonly sweep: (dispatch: Dispatch, settled: Settled) => Promise<Report>;
}

/**
 * A sweep whose new jobs go into batches. Batches that have ended are collected before it, and their jobs go
 * on; what it filled is submitted after it.
 */
export async function sweepInBatches<Report>(
  options: SweepInBatches<Report>,
  signal: AbortSignal,
): Promise<Report> {
  const settled = await settleBatches(options, signal);
  await resumeAll(settled.over, options, signal);
  const drafts = new Map<string, BatchDraft>();
  const draftOf = ({ name, batch }: InpaintEngine) => {
    if (batch === undefined || settled.refused.has(batch.model)) return undefined;
    const draft = drafts.get(name) ?? batchDraft(batch, options);
    drafts.set(name, draft);
    return draft;
  };
  try {
    return await options.sweep(batchDispatch(options, options.prepareWith(draftOf)), settled);
  } finally {
    for (const draft of drafts.values()) await send(draft, options, signal);
  }
}

type Options = Omit<SweepInBatches<unknown>, 'sweep' | 'prepareWith'>;

/** The sweeps find a job again that is not resumed here. */
async function resumeAll(
  sets: readonly string[],
  { resume, dispatchesAtOnce, isOver, log }: Options,
  signal: AbortSignal,
): Promise<void> {
  const resumed = mapOrdered(sets, dispatchesAtOnce, async (set) => {
    if (isOver()) return;
    const image = imageOfSetKey(set);
    await resume(image, signal).catch((thrown: unknown) => {
      if (signal.aborted) throw thrown;
      const { code, message } = asEditError(thrown);
      log.warn(`A job could not go on after its batch: ${message}`, { image, code });
    });
  });
  for await (const _ of resumed);
}

/**
 * A job that nobody has begun is prepared for a batch, one that a batch has is left alone, and every other
 * one runs. So a job is in one batch at most, and what a batch did not bring is asked as usual.
 */
function batchDispatch(options: Options, prepare: Dispatch): Dispatch {
  const { store, controlBucket, live } = options;
  return async (job, signal) => {
    const id = { bucket: controlBucket, name: controlNames(job.id).claim };
    const info = await store.stat(id, signal);
    if (info === undefined) return prepare(job, signal);
    const { claim } = observeClaim(info);
    const isBatched = claim.code === 'BATCHED' && claim.batch !== undefined;
    if (isBatched && (await fateOf(claim.batch.name, options, signal)) === 'open') return;
    await live(job, signal);
  };
}

/** What cannot be sent now is sent, or given up, by a later sweep. */
async function send(draft: BatchDraft, options: SettleOptions, signal: AbortSignal): Promise<void> {
  try {
    const ready = await draft.close(signal);
    if (ready !== undefined) await settleBatch(ready, options, signal);
  } catch (thrown) {
    const { code, message } = asEditError(thrown);
    options.log.warn(`A batch could not be sent: ${message}`, { code });
  }
}
