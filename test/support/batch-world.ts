import type { Batch, BatchClient, BatchOrder } from '../../lib/engines/batch/client.ts';
import type { BatchAnswer, BatchSide, InpaintEngine } from '../../lib/engines/engine.ts';
import { EditError } from '../../lib/errors.ts';
import { type BatchDraft, batchingEngine } from '../../lib/jobs/batches/draft.ts';
import { sweepInBatches } from '../../lib/jobs/batches/sweep.ts';
import type { Dispatch } from '../../lib/jobs/dispatch.ts';
import { runJob } from '../../lib/jobs/run/run.ts';
import type { ObjectStore } from '../../lib/storage/store.ts';
import { buckets, fakeEngine, jobsOf, never, runOptions, silentLog } from './job-world.ts';
import { Crash, type MemoryBuckets, memoryClient, put } from './memory-store.ts';

/** What becomes of the lines of a batch: each is answered, every second one, or none. */
export type Fate = 'all' | 'half' | 'none' | 'faults';

/** A service of batches that remembers what it took. */
export interface BatchService {
  readonly orders: BatchOrder[];
  /** Lines that were answered, by job. */
  readonly answered: string[];
  fate: Fate;
  /** What the next submission is refused with. */
  refusal: EditError | undefined;
  /** What a submission that was taken is answered with. */
  lateFault: EditError | undefined;
  /** True while its list does not show what was just submitted. */
  isBlind: boolean;
  /** Before the next submission, once. */
  beforeSubmit: (() => Promise<void>) | undefined;
}

export const batchService = (): BatchService => ({
  orders: [],
  answered: [],
  fate: 'all',
  refusal: undefined,
  lateFault: undefined,
  isBlind: false,
  beforeSubmit: undefined,
});

const keyIn = (line: string) => /\/([^/]+)\/0-0\.png/.exec(line)?.[1] ?? '';

function finish(service: BatchService, memory: MemoryBuckets, { source, target }: BatchOrder): string {
  const file = memory.objects.get(source.replace('gs://', ''));
  const lines = new TextDecoder().decode(file?.bytes).split('\n').filter(Boolean);
  const asked = { all: lines, faults: lines, half: lines.slice(1), none: [] }[service.fate];
  const folder = `${target}prediction`;
  const name = `${folder.replace('gs://control/', '')}/predictions.jsonl`;
  if (!memory.objects.has(`control/${name}`)) {
    const status = service.fate === 'faults' ? 'Bad Request: no file' : '';
    if (status === '') service.answered.push(...asked.map(keyIn));
    const answers = asked.map((line) => ({ status, ...JSON.parse(line), response: { text: 'batched' } }));
    put(memory, { bucket: 'control', name }, answers.map((answer) => `${JSON.stringify(answer)}\n`).join(''));
  }
  return folder;
}

/** Its requests go through the store of the worker, so that faults are counted over both. */
function clientOf(service: BatchService, memory: MemoryBuckets, store: ObjectStore): BatchClient {
  const called = (what: string) => store.stat({ bucket: 'service', name: what });
  const asBatch = (at: number, state: Batch['state'] = 'waiting', folder?: string): Batch => ({
    id: String(at),
    ...{ state, folder, said: undefined },
  });
  return {
    async submit(order, signal) {
      await called('before-submit');
      const { beforeSubmit } = service;
      service.beforeSubmit = undefined;
      await beforeSubmit?.();
      if (service.refusal !== undefined) throw service.refusal;
      if (signal.aborted) throw new EditError('CANCELLED', 'The work was cancelled');
      service.orders.push(order);
      await called('after-submit');
      if (service.lateFault !== undefined) throw service.lateFault;
      return asBatch(service.orders.length - 1);
    },
    async find(name) {
      await called('find');
      const at = service.orders.findLastIndex((order) => order.name === name);
      return at < 0 || service.isBlind ? undefined : asBatch(at);
    },
    async get(id) {
      await called('get');
      const order = service.orders[Number(id)];
      if (order === undefined) return asBatch(0, 'failed');
      return asBatch(Number(id), 'done', finish(service, memory, order));
    },
    cancel: async () => {},
  };
}

const side: BatchSide = {
  ...{ model: 'fake', location: 'global' },
  bodyOf: async () => ({
    contents: [{ parts: [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }] }],
  }),
  replyOf(_request, answers: readonly BatchAnswer[]) {
    const [first] = answers;
    const { text = '' } = (first !== undefined && 'response' in first ? first.response : {}) as {
      text?: string;
    };
    const image = { bytes: new TextEncoder().encode(text), mediaType: 'image/png' };
    return { outcomes: [{ kind: 'image', image }], warnings: [], calls: 1 };
  },
};

export interface SweptWorld {
  readonly memory: MemoryBuckets;
  readonly service: BatchService;
  readonly names: readonly string[];
  /** Calls that were made without a batch. */
  readonly engine: InpaintEngine & { readonly calls: string[] };
}

/** One sweep over all pictures by a worker of its own. */
export async function sweepOnce(
  { memory, service, names, engine }: SweptWorld,
  {
    store = memoryClient(memory),
    maxModelCalls = 3,
    afterJobs = async () => {},
  }: {
    readonly store?: ObjectStore;
    readonly maxModelCalls?: number;
    /** When the jobs are prepared, and their batch is not yet sent. */
    readonly afterJobs?: () => Promise<void>;
  } = {},
): Promise<void> {
  const withSide = { ...engine, batch: side };
  const running =
    (model: InpaintEngine, draft?: BatchDraft): Dispatch =>
    async (job, signal) => {
      const { budget } = runOptions(store, model);
      await runJob(job, runOptions(store, model, { draft, budget: { ...budget, maxModelCalls } }), signal);
    };
  const each = async (name: string, dispatch: Dispatch) => {
    for (const job of await jobsOf(store, name)) await dispatch(job, never);
  };
  await sweepInBatches(
    {
      ...{ store, controlBucket: buckets.control, log: silentLog, live: running(withSide) },
      ...{ isDryRun: false, dispatchesAtOnce: 1, isOver: () => false },
      resume: (name) => each(name, running(withSide)),
      transfers: {
        readRange: async (id, { start, end }) =>
          (await store.read(id, { maxBytes: 1e9 }))?.subarray(start, end + 1),
      },
      clientFor: () => clientOf(service, memory, store),
      prepareWith: (draftOf) => async (job, signal) => {
        const draft = draftOf(withSide);
        if (draft === undefined) return running(withSide)(job, signal);
        return running(batchingEngine(withSide, draft), draft)(job, signal);
      },
      async sweep(dispatch) {
        for (const name of names) {
          await each(name, dispatch).catch((error: unknown) => {
            if (error instanceof Crash) throw error;
          });
        }
        await afterJobs();
      },
    },
    never,
  );
}

export function openSweptWorld(memory: MemoryBuckets, names: readonly string[]): SweptWorld {
  return { memory, names, service: batchService(), engine: fakeEngine(() => 'live') };
}
