import { randomUUID } from 'node:crypto';
import { batchLine } from '../../engines/batch/lines.ts';
import type { BatchSide, EncodedImage, InpaintEngine, InpaintRequest } from '../../engines/engine.ts';
import { asEditError, EditError } from '../../errors.ts';
import type { BatchedCall } from '../claim/claim.ts';
import { setKey } from '../inputs/identity.ts';
import { batchNames, lineKey } from '../inputs/names.ts';
import type { Job } from '../inputs/plan.ts';
import { type BatchRecord, type BatchStore, changeBatch, openBatch } from './record.ts';

/** A batch that one sweep fills with the calls of jobs of one model. */
export interface BatchDraft {
  /** Stores the pictures of a call, and keeps its lines aside. */
  readonly add: (
    call: { readonly job: string; readonly request: InpaintRequest },
    signal: AbortSignal,
  ) => Promise<void>;
  /** The call of a job that was kept aside. */
  readonly callOf: (job: string) => BatchedCall | undefined;
  /** The claim of the job points to the batch: its lines are to be sent. */
  readonly commit: (job: Pick<Job, 'id' | 'inputs'>) => void;
  /** Stores the lines; nothing can be added any more. `undefined` when there is nothing to send. */
  readonly close: (signal: AbortSignal) => Promise<BatchRecord | undefined>;
}

interface Kept {
  readonly key: string;
  readonly lines: readonly string[];
}

export function batchDraft(side: BatchSide, batches: BatchStore): BatchDraft {
  const name = `batch-${randomUUID()}`;
  const names = batchNames(name);
  const kept = new Map<string, Kept>();
  const sent: string[] = [];
  const sets: string[] = [];
  let record: Promise<BatchRecord> | undefined;
  const { keepLines, keepPicture } = keepers(names, batches);
  return {
    async add({ job, request }, signal) {
      record ??= openBatch({ name, ...side }, batches, signal);
      await record.catch((error: unknown) => {
        record = undefined;
        throw error;
      });
      const body = await side.bodyOf(request);
      const { key } = request;
      const lines: string[] = [];
      for (let candidate = 0; candidate < request.samples; candidate++)
        lines.push(await batchLine(lineKey({ job, key }, candidate), body, keepPicture(signal)));
      kept.set(job, { key, lines });
    },
    callOf: (job) => {
      const call = kept.get(job);
      return call && { name, key: call.key };
    },
    commit({ id, inputs }) {
      sent.push(...(kept.get(id)?.lines ?? []));
      sets.push(`${setKey(inputs)}\n`);
    },
    async close(signal) {
      const open = await record;
      if (open === undefined) return undefined;
      if (sent.length === 0) {
        await changeBatch(open, { state: 'UNSENT' }, batches, signal);
        return undefined;
      }
      await keepLines(names.sets, sets, signal);
      await keepLines(names.lines, sent, signal);
      return changeBatch(open, { state: 'READY' }, batches, signal);
    },
  };
}

/** Store the files of a batch. */
function keepers(names: ReturnType<typeof batchNames>, { store, controlBucket }: BatchStore) {
  const keepLines = async (name: string, lines: readonly string[], signal: AbortSignal) => {
    const id = { bucket: controlBucket, name };
    await store.create(id, Buffer.from(lines.join('')), { contentType: 'application/jsonl', signal });
  };
  const keepPicture =
    (signal: AbortSignal) =>
    async (at: string, { bytes, mediaType }: EncodedImage) => {
      const id = { bucket: controlBucket, name: names.picture(at) };
      await store.create(id, bytes, { contentType: mediaType, signal });
      return `gs://${controlBucket}/${id.name}`;
    };
  return { keepLines, keepPicture };
}

const dayMs = 24 * 3_600_000;
/** A batch may queue for three days and run for one. Its record tells earlier when it is over. */
const batchWaitMs = 4 * dayMs;

/**
 * An engine whose calls become lines of a batch. A line is no answer: each call ends its run as `BATCHED`.
 *
 * @throws {EditError} `BATCHED`; else what storage throws.
 */
export const batchingEngine = (engine: InpaintEngine, draft: BatchDraft): InpaintEngine => ({
  ...engine,
  async inpaint(request, signal) {
    const { job = '', samples } = request;
    await draft.add({ job, request }, signal).catch((error: unknown) => {
      throw asEditError(error).withBilling({ calls: 0, mayBeBilled: false });
    });
    throw new EditError('BATCHED', 'Expected an answer of the model, it comes with a batch', {
      retryAfterMs: batchWaitMs,
      billing: { calls: samples, mayBeBilled: true },
    });
  },
});
