import { expect } from 'vitest';
import type { Batch, BatchClient, BatchOrder } from '../../lib/engines/batch/client.ts';
import type { BatchAnswer, BatchSide, InpaintEngine } from '../../lib/engines/engine.ts';
import { EditError } from '../../lib/errors.ts';
import { type BatchDraft, batchingEngine } from '../../lib/jobs/batches/draft.ts';
import { sweepInBatches } from '../../lib/jobs/batches/sweep.ts';
import type { Dispatch } from '../../lib/jobs/dispatch.ts';
import { type InputSet, setKey } from '../../lib/jobs/inputs/identity.ts';
import { runJob } from '../../lib/jobs/run/run.ts';
import { sweep } from '../../lib/jobs/sweep/sweep.ts';
import type { SweepReport } from '../../lib/jobs/sweep/sweep-report.ts';
import { listAll, type ObjectInfo, type ObjectStore } from '../../lib/storage/store.ts';
import { buckets, fakeEngine, jobsOf, never, planOptions, runOptions, silentLog } from './job-world.ts';
import { Crash } from './memory-store.ts';

/** What becomes of the lines of a batch: each is answered, every second one, or none. */
type Fate = 'all' | 'half' | 'none' | 'faults';

/** A service of batches that remembers what it took. */
interface BatchService {
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
  /** True while it answers nothing. */
  isBusy: boolean;
  /** Before the next submission, once. */
  beforeSubmit: (() => Promise<void>) | undefined;
}

const batchService = (): BatchService => ({
  orders: [],
  answered: [],
  fate: 'all',
  refusal: undefined,
  lateFault: undefined,
  isBlind: false,
  isBusy: false,
  beforeSubmit: undefined,
});

const keyIn = (line: string) => /\/([^/]+)\/0-0\.png/.exec(line)?.[1] ?? '';

async function finish(
  service: BatchService,
  own: ObjectStore,
  { source, target }: BatchOrder,
): Promise<string> {
  const file = await own.stat({ bucket: 'control', name: source.replace('gs://control/', '') });
  const lines = (await textOf(own, file)).split('\n').filter(Boolean);
  const asked = { all: lines, faults: lines, half: lines.slice(1), none: [] }[service.fate];
  const folder = `${target}prediction`;
  const name = `${folder.replace('gs://control/', '')}/predictions.jsonl`;
  if ((await own.stat({ bucket: 'control', name })) === undefined) {
    const status = service.fate === 'faults' ? 'Bad Request: no file' : '';
    if (status === '') service.answered.push(...asked.map(keyIn));
    const answers = asked.map((line) => ({ status, ...JSON.parse(line), response: { text: 'batched' } }));
    const bytes = Buffer.from(answers.map((answer) => `${JSON.stringify(answer)}\n`).join(''));
    await own.create({ bucket: 'control', name }, bytes, { contentType: 'application/jsonl' });
  }
  return folder;
}

/** Its requests go through the store of the worker, so that faults are counted over both. */
function clientOf(service: BatchService, own: ObjectStore, store: ObjectStore): BatchClient {
  const called = (what: string) => store.stat({ bucket: 'control', name: `service/${what}` });
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
      if (service.isBusy) return asBatch(Number(id));
      if (order === undefined) return asBatch(0, 'failed');
      return asBatch(Number(id), 'done', await finish(service, own, order));
    },
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

const sweepSettings = {
  ...{ buckets, plan: planOptions, pairing: { folderMask: false }, log: silentLog, isDryRun: false },
  ...{ maxImages: 20_000, timeMs: 1e9, now: Date.now, dispatchesAtOnce: 1, minAgeMs: 120_000 },
  priceOf: () => 1,
};

export interface SweptWorld {
  /** What the service has, and who looks at the buckets. */
  readonly own: ObjectStore;
  /** Moves the clock of the buckets. */
  readonly pass: (ms: number) => void;
  readonly service: BatchService;
  readonly names: readonly string[];
  /** Calls that were made without a batch. */
  readonly engine: InpaintEngine & { readonly calls: string[] };
}

/** One sweep by a worker of its own: over all pictures, or as `sweep` goes through a bucket. */
export async function sweepOnce(
  { own, service, names, engine }: SweptWorld,
  {
    store = own,
    maxModelCalls = 3,
    afterJobs = async () => {},
    maxJobs,
  }: {
    readonly store?: ObjectStore;
    readonly maxModelCalls?: number;
    /** When the jobs are prepared, and their batch is not yet sent. */
    readonly afterJobs?: () => Promise<void>;
    readonly maxJobs?: number;
  } = {},
): Promise<SweepReport | undefined> {
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
  return sweepInBatches<SweepReport | undefined>(
    {
      ...{ store, controlBucket: buckets.control, log: silentLog, live: running(withSide) },
      ...{ isDryRun: false, dispatchesAtOnce: 1, isOver: () => false },
      resume: (name) => each(name, running(withSide)),
      transfers: {
        readRange: async (id, { start, end }) =>
          (await store.read(id, { maxBytes: 1e9 }))?.subarray(start, end + 1),
      },
      clientFor: () => clientOf(service, own, store),
      prepareWith: (draftOf) => async (job, signal) => {
        const draft = draftOf(withSide);
        if (draft === undefined) return running(withSide)(job, signal);
        return running(batchingEngine(withSide, draft), draft)(job, signal);
      },
      async sweep(dispatch, { waiting }) {
        if (maxJobs !== undefined) {
          const isBatched = (inputs: InputSet) => waiting.has(setKey(inputs));
          return sweep({ ...sweepSettings, store, maxJobs, dispatch, isBatched }, never);
        }
        for (const name of names) {
          await each(name, dispatch).catch((error: unknown) => {
            if (error instanceof Crash) throw error;
          });
        }
        await afterJobs();
        return undefined;
      },
    },
    never,
  );
}

export function openSweptWorld(
  own: ObjectStore,
  { names, pass }: Pick<SweptWorld, 'names' | 'pass'>,
): SweptWorld {
  return { own, pass, names, service: batchService(), engine: fakeEngine(() => 'live') };
}

async function textOf(store: ObjectStore, info: ObjectInfo | undefined): Promise<string> {
  const bytes = info && (await store.read(info, { maxBytes: 1e9 }));
  return new TextDecoder().decode(bytes);
}

/** What each picture became: the text of its output, or its error file's code. */
export async function endsOf({ own, names }: SweptWorld): Promise<string[]> {
  const outputs = await listAll(own, 'output', '', undefined);
  const endOf = async (name: string) => {
    const found = outputs.filter((info) => info.name.startsWith(`${name}/`));
    const text = (suffix: string) =>
      textOf(
        own,
        found.find((info) => info.name.endsWith(suffix)),
      );
    if (await text('manifest.json')) return (await text('/1.jpg')).split('+')[2] ?? '';
    const error = await text('error.json');
    return error === '' ? 'open' : JSON.parse(error).code;
  };
  return Promise.all(names.map(endOf));
}

/** Of the pictures, in order. */
export const claimsIn = async ({ own }: SweptWorld) =>
  (await listAll(own, 'control', 'claims/', undefined))
    .map(({ metadata }) => metadata)
    .sort((a, b) => (String(a['imageVersion']) < String(b['imageVersion']) ? -1 : 1));

/** Holds after any fault: one result for each picture, every call counted, and nothing in two batches. */
export async function expectNothingDoubled(world: SweptWorld): Promise<void> {
  const { service, engine, names } = world;
  expect(await endsOf(world)).toEqual(names.map(() => expect.stringMatching(/^(batched|live)$/)));
  expect(new Set(service.orders.map(({ name }) => name)).size).toBe(service.orders.length);
  expect(new Set(service.answered).size).toBe(service.answered.length);
  const counted = (await claimsIn(world)).map(({ modelCalls }) => Number(modelCalls?.slice('r0='.length)));
  const made = engine.calls.length + service.answered.length;
  expect(made).toBeLessThanOrEqual(counted.reduce((sum, count) => sum + count, 0));
  for (const count of counted) expect(count).toBeLessThanOrEqual(2);
}

/** Sweeps until every picture has an end, hours apart. */
export async function sweepToTheEnd(world: SweptWorld): Promise<void> {
  for (let n = 0; n < 6 && (await endsOf(world)).includes('open'); n++) {
    world.pass(3 * 3_600_000);
    await sweepOnce(world).catch(() => undefined);
  }
}
