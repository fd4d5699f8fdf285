import { z } from 'zod';
import { asEditError, EditError } from '../../errors.ts';
import { sendInTime } from '../calls/in-time.ts';
import { sendOnce } from '../calls/send.ts';
import { connectionOf, serviceCall, type VertexOptions } from '../vertex/vertex.ts';

/** What is known of a batch. */
export interface Batch {
  /** The last part of its resource name. */
  readonly id: string;
  /**
   * `expired`: the day was over before all lines were answered. It, `done` and `cancelled` may have answers
   * to some lines only; what has none was not billed.
   */
  readonly state: 'waiting' | 'done' | 'failed' | 'cancelled' | 'expired';
  /** `gs://` address of the folder of its results, where there are any. */
  readonly folder: string | undefined;
  /** Why it failed. */
  readonly said: string | undefined;
}

export interface BatchOrder {
  /** Names the batch for `find`: the same for the same lines, so that a crash submits nothing twice. */
  readonly name: string;
  readonly model: string;
  /** `gs://` address of the file of lines. */
  readonly source: string;
  /** `gs://` address below which a folder of results is made. */
  readonly target: string;
}

/**
 * Batches of one project and location. Every call is retried as calls of models are, but for `submit`: who
 * does not know whether it was done asks `find` first. No call here is billed by itself.
 *
 * @throws {EditError} as model calls: `MODEL_INCOMPATIBLE` for a model without batches, `MODEL_PERMISSION`,
 *   `MODEL_QUOTA`, `MODEL_UNAVAILABLE`, ...
 */
export interface BatchClient {
  submit(order: BatchOrder, signal: AbortSignal): Promise<Batch>;
  /** The newest batch of a name; `undefined` when there is none. */
  find(name: string, signal: AbortSignal): Promise<Batch | undefined>;
  /** A batch that is gone counts as failed. */
  get(id: string, signal: AbortSignal): Promise<Batch>;
}

const batchSchema = z.object({
  name: z.string(),
  state: z.string().nullish(),
  createTime: z.string().nullish(),
  outputInfo: z.object({ gcsOutputDirectory: z.string().nullish() }).nullish(),
  error: z.object({ message: z.string().nullish() }).nullish(),
});
const listSchema = z.object({ batchPredictionJobs: z.array(batchSchema).nullish() });

/** Every other state is `waiting`. @see https://cloud.google.com/vertex-ai/docs/reference/rest/v1/JobState */
const ends: Readonly<Record<string, Batch['state']>> = {
  JOB_STATE_SUCCEEDED: 'done',
  JOB_STATE_PARTIALLY_SUCCEEDED: 'done',
  JOB_STATE_FAILED: 'failed',
  JOB_STATE_CANCELLED: 'cancelled',
  JOB_STATE_EXPIRED: 'expired',
};

export function batchClient(options: VertexOptions): BatchClient {
  const connection = connectionOf(options);
  const ask = async (
    call: { readonly method: 'GET' | 'POST'; readonly path: string; readonly body?: unknown },
    signal: AbortSignal,
    maxTries = options.maxTries,
  ) => {
    const facts = { path: call.path, model: 'batch prediction', successor: undefined, secrets: [] };
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const sent = serviceCall({ ...facts, body }, { method: call.method, body }, connection);
    const send = (time: AbortSignal) => sendOnce(sent, connection, time);
    const patience = { ...options, maxTries, repeatsBilled: true };
    return (await sendInTime({ model: facts.model, send }, patience, signal)).value;
  };
  return {
    submit: async (order, signal) =>
      asBatch(await ask({ method: 'POST', path: 'batchPredictionJobs', body: bodyOf(order) }, signal, 1)),
    find: async (name, signal) => {
      const filter = encodeURIComponent(`displayName="${name}"`);
      const found = await ask({ method: 'GET', path: `batchPredictionJobs?filter=${filter}` }, signal);
      const jobs = parse(listSchema, found).batchPredictionJobs ?? [];
      const [newest] = jobs.toSorted((a, b) => (b.createTime ?? '').localeCompare(a.createTime ?? ''));
      return newest && asBatch(newest);
    },
    get: async (id, signal) => {
      const path = `batchPredictionJobs/${encodeURIComponent(id)}`;
      return ask({ method: 'GET', path }, signal).then(asBatch, (error: unknown) => gone(id, error));
    },
  };
}

const bodyOf = ({ name, model, source, target }: BatchOrder) => ({
  displayName: name,
  model: `publishers/google/models/${model}`,
  inputConfig: { instancesFormat: 'jsonl', gcsSource: { uris: [source] } },
  outputConfig: { predictionsFormat: 'jsonl', gcsDestination: { outputUriPrefix: target } },
});

function asBatch(value: unknown): Batch {
  const { name, state, outputInfo, error } = parse(batchSchema, value);
  return {
    id: name.slice(name.lastIndexOf('/') + 1),
    state: ends[state ?? ''] ?? 'waiting',
    folder: outputInfo?.gcsOutputDirectory ?? undefined,
    said: error?.message ?? undefined,
  };
}

function parse<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new EditError('ENGINE_BAD_REPLY', 'Expected a batch, got another shape');
}

function gone(id: string, error: unknown): Batch {
  if (asEditError(error).code !== 'MODEL_RETIRED') throw error;
  return { id, state: 'failed', folder: undefined, said: 'it is not there any more' };
}
