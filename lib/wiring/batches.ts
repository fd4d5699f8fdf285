import type { Config } from '../config.ts';
import type { SweepInBatches } from '../jobs/batches/sweep.ts';
import type { Log } from '../log.ts';
import type { ObjectStore } from '../storage/store.ts';
import type { ModelCalls } from './engines.ts';

/** What a sweep with batches needs from the other jobs. */
export type BatchedSweep =
  | 'isDryRun'
  | 'live'
  | 'resume'
  | 'dispatchesAtOnce'
  | 'isOver'
  | 'prepareWith'
  | 'sweep';

interface BatchParts<Report> extends Pick<SweepInBatches<Report>, BatchedSweep> {
  readonly config: Config;
  readonly log: Log;
  readonly calls: ModelCalls;
  readonly store: ObjectStore;
  readonly buckets: NonNullable<Config['buckets']>;
}

/** A sweep whose new jobs go into batches of the configured service. */
export async function withBatches<Report>(parts: BatchParts<Report>, signal: AbortSignal): Promise<Report> {
  const { config, calls, buckets } = parts;
  const [{ batchClient }, { cloudTransfers }, { sweepInBatches }] = await Promise.all([
    import('../engines/batch/client.ts'),
    import('../storage/gcs-transfers.ts'),
    import('../jobs/batches/sweep.ts'),
  ]);
  const { storageApiEndpoint: apiEndpoint, project, modelBaseUrl: baseUrl } = config;
  const options = {
    ...parts,
    controlBucket: buckets.control,
    transfers: cloudTransfers({ apiEndpoint, projectId: project }),
    clientFor: ({ location }: { readonly location: string }) =>
      batchClient({ ...calls, project: project ?? 'local', location, baseUrl }),
  };
  return sweepInBatches(options, signal);
}
