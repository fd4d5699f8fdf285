import { availableParallelism } from 'node:os';
import type { Config } from '../config.ts';
import { chooseEngine } from '../engines/engines.ts';
import { asEditError } from '../errors.ts';
import type { HttpJobs } from '../http-jobs/http-jobs.ts';
import type { Uploads } from '../http-jobs/uploads.ts';
import type { Dispatch } from '../jobs/dispatch.ts';
import type { PairingOptions } from '../jobs/inputs/pairing.ts';
import type { PlanOptions } from '../jobs/inputs/plan.ts';
import type { Log } from '../log.ts';
import type { ObjectStore } from '../storage/store.ts';
import type { Transfers } from '../storage/transfers.ts';

/** Work that goes on after its request was answered; the end of the process waits for it. */
export type Background = (work: Promise<void>) => void;

interface HttpJobParts {
  readonly store: ObjectStore;
  readonly buckets: NonNullable<Config['buckets']>;
  readonly config: Config;
  readonly pairing: PairingOptions;
  readonly plan: PlanOptions;
  /** Runs or queues a job. */
  readonly dispatch: Dispatch;
  readonly log: Log;
  readonly shutdown: AbortSignal;
  readonly background: Background;
}

async function transfersOf({ storageApiEndpoint, project }: Config): Promise<Transfers> {
  const { cloudTransfers } = await import('../storage/gcs-transfers.ts');
  return cloudTransfers({ apiEndpoint: storageApiEndpoint, projectId: project });
}

export async function makeHttpJobs(parts: HttpJobParts): Promise<HttpJobs> {
  const { config, store, buckets, pairing } = parts;
  const { httpJobs } = await import('../http-jobs/http-jobs.ts');
  const transfers = await transfersOf(config);
  const configured = { engine: config.engine, model: config.model };
  const makesOwnMask: PlanOptions['makesOwnMask'] = (request) => {
    // A request for an engine that is not allowed is refused at once.
    chooseEngine(request, configured, config.allowedModels);
    return parts.plan.makesOwnMask(request);
  };
  const plan = { ...parts.plan, makesOwnMask };
  const { maxImageBytes } = config.limits;
  return httpJobs({ store, transfers, buckets, pairing, plan, maxImageBytes, start: starter(parts) });
}

export async function makeUploads({ store, buckets, config }: HttpJobParts): Promise<Uploads> {
  const { uploadsOf } = await import('../http-jobs/uploads.ts');
  const { maxImageBytes } = config.limits;
  const transfers = await transfersOf(config);
  return uploadsOf({ store, transfers, controlBucket: buckets.control, maxImageBytes });
}

/**
 * Begins a job without waiting for its end: in the queue; or in this process on one's own machine. Deployed
 * without a queue the event of the upload does it: an instance has no processor after its answer.
 */
function starter({ config, dispatch, log, shutdown, background }: HttpJobParts): Dispatch {
  if (config.queue !== undefined) return dispatch;
  if (config.service !== undefined) return async () => {};
  const waiting: (() => Promise<void>)[] = [];
  let running = 0;
  const next = async (): Promise<void> => {
    if (running >= availableParallelism()) return;
    const work = waiting.shift();
    if (work === undefined) return;
    running++;
    await work();
    running--;
    await next();
  };
  return async (job) => {
    waiting.push(() =>
      dispatch(job, shutdown).catch((error: unknown) => {
        // The event or the sweep brings it again.
        log.warn('A job over HTTP was put off', { job: job.id, code: asEditError(error).code });
      }),
    );
    background(next());
  };
}
