import type { Config } from '../config.ts';
import type { InpaintEngine } from '../engines/engine.ts';
import { chooseEngine, nameInIds, parseEngineName, priceOf } from '../engines/engines.ts';
import { priceOfBatch } from '../engines/usage.ts';
import { asEditError, EditError } from '../errors.ts';
import type { HttpJobs } from '../http-jobs/http-jobs.ts';
import type { CallersObjects } from '../http-jobs/objects.ts';
import type { Uploads } from '../http-jobs/uploads.ts';
import type { BatchDraft } from '../jobs/batches/draft.ts';
import type { Dispatch } from '../jobs/dispatch.ts';
import type { Reporter } from '../jobs/ends/reporter.ts';
import type { SweepOptions } from '../jobs/sweep/sweep.ts';
import type { SweepReport } from '../jobs/sweep/sweep-report.ts';
import type { Log } from '../log.ts';
import type { EditRequest } from '../requests/edit-request.ts';
import { wantedMask } from '../requests/engine-options.ts';
import type { ObjectId, ObjectStore } from '../storage/store.ts';
import { type Trace, type Tracing, traceHeaders } from '../trace.ts';
import type { CostCap } from './cost-cap.ts';
import { type EditWith, type ModelCalls, makeEngine } from './engines.ts';
import { findingFor, findingModelName } from './finders.ts';
import { type Background, makeHttpJobs, makeUploads } from './http-jobs.ts';
import { once, onceForEach } from './once.ts';
import { checkReply, isAnswer } from './replies.ts';
import { makeReporter } from './reporter.ts';
import { tracedStore } from './tracing.ts';

/** Runs or queues every job of an object of the input bucket, or throws for another delivery. */
type UploadHandler = (upload: ObjectId, signal?: AbortSignal) => Promise<void>;
type Sweeper = (
  options: Pick<SweepOptions, 'isDryRun' | 'again'> & {
    /** Younger sets are left to their events. */
    readonly minAgeMs?: number;
  },
  signal: AbortSignal,
) => Promise<SweepReport>;

export interface Jobs {
  /** The configured engine and its model. */
  readonly engine: string;
  /** For events: runs jobs in this process, or puts them into the queue. */
  readonly uploads: UploadHandler;
  /** For tasks of the queue: runs jobs in this process. */
  readonly runJob: UploadHandler;
  readonly sweep: Sweeper;
  /** For callers: created, read, waited for, listed and cancelled over HTTP. */
  readonly http: () => Promise<HttpJobs>;
  readonly httpUploads: () => Promise<Uploads>;
}

interface JobParts {
  /** Aborts when the instance is going away: jobs then leave a state from which the next run continues. */
  readonly shutdown: AbortSignal;
  readonly config: Config;
  readonly log: Log;
  readonly tracing: Tracing;
  readonly calls: ModelCalls;
  readonly cap: CostCap;
  readonly editWith: EditWith;
  readonly background: Background;
}

/** Two minutes for the events of a set. */
const sweepMinAgeMs = 120_000;
/** Most pictures of one sweep: a listing of this many takes some seconds. */
const sweepMaxImages = 20_000;
/** Share of the deadline after which a sweep begins nothing more: what has begun ends in order. */
const sweepShare = 0.9;
/** Tasks are small requests. */
const tasksAtOnce = 10;

/** Objects that a caller of a function may name. */
export async function makeObjects(config: Config, { trace }: Tracing): Promise<CallersObjects> {
  const { store, buckets } = await bucketSetOf(config, trace);
  const { callersObjects } = await import('../http-jobs/objects.ts');
  return callersObjects({ store, buckets, maxImageBytes: config.limits.maxImageBytes });
}

/** @throws {EditError} `CONFIG_INVALID` without buckets. */
async function bucketSetOf(config: Config, trace: Trace): Promise<BucketSet> {
  const { buckets, storageApiEndpoint: apiEndpoint, project: projectId } = config;
  if (buckets === undefined)
    throw new EditError(
      'CONFIG_INVALID',
      'Expected INPUT_BUCKET, OUTPUT_BUCKET and CONTROL_BUCKET, got none',
    );
  const { cloudStorage } = await import('../storage/gcs.ts');
  return { store: tracedStore(cloudStorage({ apiEndpoint, projectId }), trace), buckets };
}

/** Everything that works on buckets. @throws {EditError} `CONFIG_INVALID` without buckets. */
export async function makeJobs(parts: JobParts): Promise<Jobs> {
  const { config, tracing, shutdown } = parts;
  const [bucketSet, { handleUpload }] = await Promise.all([
    bucketSetOf(config, tracing.trace),
    import('../jobs/upload.ts'),
  ]);
  const { buckets } = bucketSet;
  const { name: engine } = await makeEngine(config, config, parts.calls);
  const reporter = await makeReporter({ ...parts, ...bucketSet });
  const counted = { ...parts, reporter, calls: countedCalls(parts) };
  const inline = inlineByEngine(counted, bucketSet);
  // Jobs that run here take the memory of their pictures.
  const here = { dispatch: inline, dispatchesAtOnce: 1 };
  const hereOrQueue = config.queue === undefined ? here : await inQueue(config.queue, parts);
  const jobOptions = setOptions(config, nameInIds(config, engine));
  const sets = { ...bucketSet, ...jobOptions, reporter, inputBucket: buckets.input };
  const until = (signal?: AbortSignal) =>
    signal === undefined ? shutdown : AbortSignal.any([signal, shutdown]);
  const overHttp = { ...parts, ...bucketSet, ...hereOrQueue, ...jobOptions };
  const uploads: UploadHandler = (id, signal) => handleUpload(id, { ...sets, ...hereOrQueue }, until(signal));
  return {
    ...{ engine, uploads },
    http: once(() => makeHttpJobs(overHttp)),
    httpUploads: once(() => makeUploads(overHttp)),
    runJob: (id, signal) => handleUpload(id, { ...sets, ...here }, until(signal)),
    sweep: sweeper({ ...counted, engine, bucketSet, until, uploads, sweepSets: { ...sets, ...hereOrQueue } }),
  };
}

interface SweeperParts extends InlineParts {
  readonly engine: string;
  readonly bucketSet: BucketSet;
  readonly until: (signal?: AbortSignal) => AbortSignal;
  readonly uploads: UploadHandler;
  readonly sweepSets: Omit<SweepOptions, 'isDryRun' | 'minAgeMs' | keyof ReturnType<typeof sweepOptions>>;
}

function sweeper({ engine, bucketSet, until, uploads, sweepSets, ...parts }: SweeperParts): Sweeper {
  const { config } = parts;
  return async ({ minAgeMs = sweepMinAgeMs, ...asked }, signal) => {
    const options = { ...sweepSets, ...sweepOptions(parts, engine), ...asked, minAgeMs };
    if (config.batch === 'off') {
      const { sweep } = await import('../jobs/sweep/sweep.ts');
      return sweep(options, until(signal));
    }
    const { sweepWithBatches } = await import('./batches.ts');
    const { batch } = await makeEngine(config, config, parts.calls);
    const { dispatch: live } = options;
    const batched: Parameters<typeof sweepWithBatches>[0] = {
      ...{ ...parts, engine, batch, options },
      resume: (name, stop) => uploads({ bucket: bucketSet.buckets.input, name }, stop),
      prepareWith: (draftOf) => inlineByEngine(parts, bucketSet, { draftOf, live }),
    };
    return sweepWithBatches(batched, until(signal));
  };
}

const inQueue = async (queue: NonNullable<Config['queue']>, parts: JobParts) => ({
  dispatch: await queued(queue, parts),
  dispatchesAtOnce: tasksAtOnce,
});

/** How files become sets, and sets become jobs. @param engine as ids of jobs name it. */
const setOptions = ({ folderMask, requestDefaults, requestFile }: Config, engine: string) => ({
  pairing: { folderMask },
  plan: {
    engine,
    requestDefaults,
    requestFile,
    makesOwnMask: ({ maskMode, only }: EditRequest) => maskMode !== 'user' || only === 'preview',
  },
});

const sweepOptions = ({ config, log }: JobParts, engine: string) => ({
  maxJobs: config.sweepMaxJobs,
  maxImages: sweepMaxImages,
  timeMs: sweepShare * config.editDeadlineMs,
  now: Date.now,
  priceOf: priceOf(engine, config),
  log,
});

/** Where a job may call a model only once, no layer below may send anything again. */
function countedCalls({ config, calls }: JobParts): ModelCalls {
  const once = config.budget.maxModelCalls === 1 ? { maxTries: 1, maxCallsPerSample: 1 } : {};
  return { ...calls, ...once };
}

interface BucketSet {
  readonly store: ObjectStore;
  readonly buckets: NonNullable<Config['buckets']>;
}

interface InlineParts extends JobParts {
  readonly reporter: Reporter | undefined;
}

/** What fills batches instead of calling models; other engines are left to `live`. */
interface Batching {
  readonly draftOf: (engine: InpaintEngine) => BatchDraft | undefined;
  readonly live: Dispatch;
}

/**
 * Runs jobs in this process, each with the engine that its request names. A request for an engine that is not
 * allowed fails its job.
 */
function inlineByEngine(parts: InlineParts, { store, buckets }: BucketSet, batching?: Batching): Dispatch {
  const { config, log, tracing, calls, editWith, reporter } = parts;
  // One dispatch for each model: it holds the breaker, the cost guard and the running jobs.
  const dispatchOf = onceForEach<Dispatch>();
  const guards = onceForEach<InpaintEngine>();
  const guardOf = (bare: InpaintEngine) =>
    guards(bare.name, () => guarded(bare, parts, batching?.draftOf(bare)));
  return async (job, signal) => {
    // Loaded with the first job: most events find a file missing.
    const { inlineDispatch } = await import('../jobs/dispatch.ts');
    let choice = { engine: config.engine, model: config.model };
    let fault = job.fault;
    try {
      if (job.request !== undefined)
        choice = { ...choice, ...chooseEngine(job.request, choice, config.allowedModels) };
    } catch (error) {
      fault ??= asEditError(error);
    }
    const bare = await makeEngine(config, choice, calls);
    const draft = batching?.draftOf(bare);
    // Masks are found by calls of their own, which are not sent in batches.
    const isFound = job.request !== undefined && wantedMask(job.request) !== undefined;
    if (batching !== undefined && (draft === undefined || isFound)) return batching.live(job, signal);
    const dispatch = await dispatchOf(bare.name, async () => {
      const engine = await guardOf(bare);
      return inlineDispatch({
        store,
        buckets,
        engine,
        editWith,
        findingFor: (request) =>
          findingFor(wantedMask(request), {
            ...{ config, choice, tuning: calls, engine, wrap: guardOf },
            isAlone: request.only === 'mask',
          }),
        findingPriceOf: (request) =>
          priceOf(findingModelName(wantedMask(request), { config, choice, engine }), config),
        ...{ checkReply, isAnswer },
        maxImageBytes: config.limits.maxImageBytes,
        budget: config.budget,
        priceOf: priceOf(engine.name, config),
        log,
        trace: tracing.trace,
        reporter,
        draft,
      });
    });
    await dispatch({ ...job, fault }, signal);
  };
}

/** The engine behind the cost cap of the day and the circuit breaker. */
async function guarded(
  engine: InpaintEngine,
  { calls, cap, log }: JobParts,
  draft?: BatchDraft,
): Promise<InpaintEngine> {
  // An embedded engine costs nothing and is always available.
  if (parseEngineName(engine.name).model === undefined) return engine;
  if (draft !== undefined) {
    const { batchingEngine } = await import('../jobs/batches/draft.ts');
    return cap.engine(batchingEngine(engine, draft), { ...calls, maxCallsPerSample: 1 }, priceOfBatch);
  }
  const { circuitBreaker } = await import('../jobs/run/circuit-breaker.ts');
  // The breaker is outside: a call that it stops takes no money from the cap.
  return circuitBreaker(await cap.engine(engine, calls), { now: Date.now, log });
}

async function queued(
  queue: NonNullable<Config['queue']>,
  { config, calls, tracing }: JobParts,
): Promise<Dispatch> {
  const { queueDispatch } = await import('../jobs/queue.ts');
  const { name, runJobUrl, serviceAccount, apiEndpoint } = queue;
  const isLocal = apiEndpoint.startsWith('http://');
  return queueDispatch({
    queue: name,
    apiEndpoint,
    targetUrl: runJobUrl,
    serviceAccount,
    taskDeadlineMs: config.budget.taskDeadlineMs,
    traceHeaders: () => traceHeaders(tracing.current()),
    authorize: async () => (isLocal ? {} : Object.fromEntries(await calls.authorize(apiEndpoint))),
    fetch,
  });
}
