import type { Config } from '../config.ts';
import type { BatchSide } from '../engines/engine.ts';
import { priceOf } from '../engines/engines.ts';
import { priceOfBatch } from '../engines/usage.ts';
import type { SweepInBatches } from '../jobs/batches/sweep.ts';
import { setKey } from '../jobs/inputs/identity.ts';
import type { PriceOf } from '../jobs/run/cost.ts';
import type { SweepOptions } from '../jobs/sweep/sweep.ts';
import type { SweepReport } from '../jobs/sweep/sweep-report.ts';
import type { ModelCalls } from './engines.ts';

interface BatchedSweep extends Pick<SweepInBatches<SweepReport>, 'resume' | 'prepareWith'> {
  readonly config: Config;
  readonly calls: ModelCalls;
  /** Name of the configured engine, and its batches if it has any. */
  readonly engine: string;
  readonly batch: BatchSide | undefined;
  /** Of the sweep as it is done without batches. */
  readonly options: SweepOptions;
}

/** A sweep whose new jobs go into batches of the configured service. */
export async function sweepWithBatches(
  { config, calls, engine, batch, options, resume, prepareWith }: BatchedSweep,
  signal: AbortSignal,
): Promise<SweepReport> {
  const [{ batchClient }, { cloudTransfers }, { sweepInBatches }, { sweep }] = await Promise.all([
    import('../engines/batch/client.ts'),
    import('../storage/gcs-transfers.ts'),
    import('../jobs/batches/sweep.ts'),
    import('../jobs/sweep/sweep.ts'),
  ]);
  const { storageApiEndpoint: apiEndpoint, project, modelBaseUrl: baseUrl } = config;
  const { store, log, now, timeMs, isDryRun, dispatch: live, dispatchesAtOnce } = options;
  const endMs = now() + timeMs;
  return sweepInBatches(
    {
      ...{ store, log, isDryRun, live, dispatchesAtOnce, resume, prepareWith },
      controlBucket: options.buckets.control,
      transfers: cloudTransfers({ apiEndpoint, projectId: project }),
      clientFor: ({ location }) => batchClient({ ...calls, project: project ?? 'local', location, baseUrl }),
      // Half of the time is left to new jobs.
      isOver: () => now() > endMs - timeMs / 2,
      sweep: (dispatch, { refused, waiting }) => {
        const isHalf = batch !== undefined && !refused.has(batch.model);
        const batched = {
          ...{ dispatch, dispatchesAtOnce: 1, timeMs: Math.max(0, endMs - now()) },
          isBatched: (inputs: Parameters<typeof setKey>[0]) => waiting.has(setKey(inputs)),
          ...(isHalf && { priceOf: batchPriceOf(engine, config) }),
        };
        return sweep({ ...options, ...batched }, signal);
      },
    },
    signal,
  );
}

/** Half the list price, whatever the tier of other calls is. */
const batchPriceOf = (engine: string, config: Config): PriceOf => {
  const standard = priceOf(engine, { ...config, modelTier: 'standard' });
  return (call) => {
    const usd = standard(call);
    return usd === undefined ? undefined : usd * priceOfBatch;
  };
};
