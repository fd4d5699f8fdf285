import type { Config } from '../config.ts';
import type { InpaintEngine, InpaintReply } from '../engines/engine.ts';
import { capabilitiesOf, chooseEngine, parseEngineName } from '../engines/engines.ts';
import { estimateUsd, modelEntry } from '../engines/models.ts';
import { asEditError, EditError } from '../errors.ts';
import type { Dispatch } from '../jobs/dispatch.ts';
import { type PriceOf, smallestFrame } from '../jobs/run/cost.ts';
import type { SweepReport } from '../jobs/sweep/sweep-report.ts';
import type { Log } from '../log.ts';
import type { ObjectId, ObjectStore } from '../storage/store.ts';
import { type Tracing, traceHeaders } from '../trace.ts';
import { type EditWith, type ModelCalls, makeEngine } from './engines.ts';
import { onceForEach } from './once.ts';
import { tracedStore } from './tracing.ts';

/** Sees every job of an object of the input bucket through, or throws for another delivery. */
export type UploadHandler = (upload: ObjectId, signal?: AbortSignal) => Promise<void>;
export type Sweeper = (options: { readonly isDryRun: boolean }, signal: AbortSignal) => Promise<SweepReport>;

export interface Jobs {
  /** For events: runs jobs here, or puts them into the queue. */
  readonly uploads: UploadHandler;
  /** For tasks of the queue: always runs them here. */
  readonly runJob: UploadHandler;
  readonly sweep: Sweeper;
}

interface JobParts {
  /** Aborts when the instance is going away: jobs then leave a state from which the next attempt goes on. */
  readonly shutdown: AbortSignal;
  readonly config: Config;
  readonly log: Log;
  readonly tracing: Tracing;
  readonly calls: ModelCalls;
  readonly editWith: EditWith;
}

/** Sets younger than this are left to their events. */
const sweepMinAgeMs = 120_000;
/** Looked at by one sweep: a listing of this many takes some seconds. */
const sweepMaxImages = 20_000;
/** Of its deadline: what has begun then ends in order. */
const sweepShare = 0.9;
/** Tasks are small requests; jobs that run here take the memory of their pictures. */
const tasksAtOnce = 10;

/** Everything that works on buckets. @throws {EditError} `CONFIG_INVALID` without buckets. */
export async function makeJobs(parts: JobParts): Promise<Jobs> {
  const { config, log, tracing, shutdown } = parts;
  const { buckets } = config;
  if (buckets === undefined)
    throw new EditError('CONFIG_INVALID', 'Expected three buckets to be named, got none');
  const [{ cloudStorage }, { handleUpload }] = await Promise.all([
    import('../storage/gcs.ts'),
    import('../jobs/upload.ts'),
  ]);
  const client = cloudStorage({ apiEndpoint: config.storageApiEndpoint, projectId: config.project });
  const store = tracedStore(client, tracing.trace);
  const { name: engine } = await makeEngine(config, config, parts.calls);
  const inline = inlineByEngine({ ...parts, calls: countedCalls(parts) }, { store, buckets });
  const dispatch = config.queue === undefined ? inline : await queued(config.queue, parts);
  const dispatchesAtOnce = config.queue === undefined ? 1 : tasksAtOnce;
  const pairing = { folderMask: config.folderMask };
  const plan = {
    engine,
    requestDefaults: config.requestDefaults,
    requestFile: config.requestFile,
    makesOwnMask: ({ maskMode }: { readonly maskMode: string }) => maskMode !== 'user',
  };
  const upload =
    (to: Dispatch, atOnce: number): UploadHandler =>
    (id, signal) =>
      handleUpload(
        id,
        { store, inputBucket: buckets.input, pairing, plan, dispatch: to, dispatchesAtOnce: atOnce, log },
        signal === undefined ? shutdown : AbortSignal.any([signal, shutdown]),
      );
  return {
    uploads: upload(dispatch, dispatchesAtOnce),
    runJob: upload(inline, 1),
    sweep: async ({ isDryRun }, signal) => {
      const { sweep } = await import('../jobs/sweep/sweep.ts');
      return sweep(
        {
          store,
          buckets,
          pairing,
          plan,
          dispatch,
          maxJobs: config.sweepMaxJobs,
          maxImages: sweepMaxImages,
          timeMs: sweepShare * config.editDeadlineMs,
          now: Date.now,
          dispatchesAtOnce,
          minAgeMs: sweepMinAgeMs,
          isDryRun,
          priceOf: priceOf(config, engine),
          log,
        },
        // Without a queue the jobs run here, and have to hear of it.
        AbortSignal.any([signal, shutdown]),
      );
    },
  };
}

/** Where a job may call a model once, no layer below may send the same again: each may be billed. */
function countedCalls({ config, calls }: JobParts): ModelCalls {
  return config.budget.maxModelCalls === 1 ? { ...calls, maxTries: 1, maxCallsPerSample: 1 } : calls;
}

interface Place {
  readonly store: ObjectStore;
  readonly buckets: NonNullable<Config['buckets']>;
}

/** Runs jobs here, each with the engine its request names; one that may not be named fails the job by name. */
function inlineByEngine(parts: JobParts, { store, buckets }: Place): Dispatch {
  const { config, log, tracing, calls, editWith } = parts;
  // Breaker, cost guard and running jobs are of one dispatch: two for one model would not know of each other.
  const dispatchOf = onceForEach<Dispatch>();
  return async (job, signal) => {
    // Loaded with the first job: most events find a member missing.
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
    const dispatch = await dispatchOf(bare.name, async () => {
      const engine = await guarded(bare, parts, store);
      return inlineDispatch({
        store,
        buckets,
        engine,
        editWith,
        checkReply,
        maxImageBytes: config.limits.maxImageBytes,
        budget: config.budget,
        priceOf: priceOf(config, engine.name),
        log,
        trace: tracing.trace,
      });
    });
    await dispatch({ ...job, fault }, signal);
  };
}

async function checkReply({ outcomes }: InpaintReply): Promise<void> {
  const { decodeAnswer } = await import('../formats/vips/answer.ts');
  for (const outcome of outcomes) if (outcome.kind === 'image') await decodeAnswer(outcome.image.bytes);
}

/** Before a model is asked: is there money left today, and is asking of any use at the moment? */
async function guarded(
  engine: InpaintEngine,
  { config, log, calls }: JobParts,
  store: ObjectStore,
): Promise<InpaintEngine> {
  // An embedded engine costs nothing and is always there.
  const { engine: api, model } = parseEngineName(engine.name);
  if (model === undefined) return engine;
  const [{ circuitBreaker }, { costGuardedEngine }] = await Promise.all([
    import('../jobs/run/circuit-breaker.ts'),
    import('../jobs/run/cost-guard.ts'),
  ]);
  const now = Date.now;
  // The breaker is outside: what is not asked takes no money.
  return circuitBreaker(capped(), { now, log });

  function capped(): InpaintEngine {
    const { dailyCostCapUsd: dailyCapUsd, buckets } = config;
    if (dailyCapUsd === undefined || buckets === undefined) return engine;
    const price = priceOf(config, engine.name);
    if (price({ frame: smallestFrame, samples: 1 }) === undefined) {
      throw new EditError(
        'CONFIG_INVALID',
        `Expected a price for ${engine.name} in MODELS beside DAILY_COST_CAP_USD, got none`,
      );
    }
    return costGuardedEngine(engine, {
      ...{ store, controlBucket: buckets.control, dailyCapUsd, now },
      priceOf: (call) => price(call) ?? 0,
      triesPerSample: calls.maxCallsPerSample ?? capabilitiesOf(api).maxCallsPerSample,
    });
  }
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

/** An engine without a model costs nothing. */
function priceOf({ models }: Config, engineName: string): PriceOf {
  const { model } = parseEngineName(engineName);
  return ({ frame, samples }) =>
    model === undefined ? 0 : estimateUsd(modelEntry(model, models), frame, samples);
}
