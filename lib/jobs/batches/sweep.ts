import type { InpaintEngine } from '../../engines/engine.ts';
import { asEditError } from '../../errors.ts';
import type { Dispatch } from '../dispatch.ts';
import { batchDispatch } from './batch-dispatch.ts';
import { type BatchDraft, batchDraft } from './draft.ts';
import { type SettleOptions, settleBatch, settleBatches } from './settle.ts';

export interface SweepInBatches<Report> extends SettleOptions {
  /** Runs or queues jobs as it is done without batches. */
  readonly live: Dispatch;
  /** Runs jobs up to the first call of the model, which goes into a draft where there is one. */
  readonly prepareWith: (draftOf: (engine: InpaintEngine) => BatchDraft | undefined) => Dispatch;
  readonly sweep: (dispatch: Dispatch) => Promise<Report>;
}

/**
 * A sweep whose new jobs go into batches. Batches that have ended are collected before it, so that it goes on
 * with their jobs; what it filled is submitted after it.
 */
export async function sweepInBatches<Report>(
  { live, prepareWith, sweep, ...options }: SweepInBatches<Report>,
  signal: AbortSignal,
): Promise<Report> {
  const refused = await settleBatches(options, signal);
  const drafts = new Map<string, BatchDraft>();
  const draftOf = ({ name, batch }: InpaintEngine) => {
    if (batch === undefined || refused.has(batch.model)) return undefined;
    const draft = drafts.get(name) ?? batchDraft(batch, options);
    drafts.set(name, draft);
    return draft;
  };
  try {
    return await sweep(batchDispatch({ ...options, live, prepare: prepareWith(draftOf) }));
  } finally {
    for (const draft of drafts.values()) await send(draft, options, signal);
  }
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
