import type { Config } from '../config.ts';
import type { JobEnd } from '../jobs/ends/end.ts';
import type { Reporter } from '../jobs/ends/reporter.ts';
import type { TopicOptions } from '../jobs/ends/topic.ts';
import type { Log } from '../log.ts';
import type { ObjectStore } from '../storage/store.ts';
import type { ModelCalls } from './engines.ts';

interface ReporterParts {
  readonly config: Config;
  readonly store: ObjectStore;
  readonly buckets: NonNullable<Config['buckets']>;
  readonly calls: ModelCalls;
  readonly log: Log;
}

type Delivers = (end: JobEnd, signal: AbortSignal) => Promise<string | undefined>;

/** What is done after each job: delivery, then the message. `undefined` where neither is wanted. */
export async function makeReporter(parts: ReporterParts): Promise<Reporter | undefined> {
  const { config, store, buckets, log } = parts;
  const topic = topicOf(parts);
  if (topic === undefined && config.results.delivery !== 'flat') return undefined;
  const deliver = config.results.delivery === 'flat' ? await delivering(parts) : async () => undefined;
  const { reporter } = await import('../jobs/ends/reporter.ts');
  return reporter({
    ...{ store, buckets, log, leaseMs: config.budget.leaseMs },
    async onEnd(end, signal) {
      const delivered = await deliver(end, signal);
      if (topic === undefined) return;
      const { publishEnd } = await import('../jobs/ends/topic.ts');
      await publishEnd({ ...end, delivered }, topic, signal);
    },
  });
}

async function delivering({ config, store, buckets }: ReporterParts): Promise<Delivers> {
  const [{ deliverEnd }, { cloudTransfers }] = await Promise.all([
    import('../jobs/ends/deliver.ts'),
    import('../storage/gcs-transfers.ts'),
  ]);
  const transfers = cloudTransfers({ apiEndpoint: config.storageApiEndpoint, projectId: config.project });
  return (end, signal) => deliverEnd(end, { store, transfers, outputBucket: buckets.output }, signal);
}

function topicOf({ config, buckets, calls }: ReporterParts): TopicOptions | undefined {
  const { topic, emulatorHost } = config.results;
  if (topic === undefined) return undefined;
  const isLocal = emulatorHost !== undefined;
  const apiEndpoint = isLocal ? `http://${emulatorHost}` : 'https://pubsub.googleapis.com';
  return {
    ...{ topic, apiEndpoint, fetch, inputBucket: buckets.input, outputBucket: buckets.output },
    authorize: async () => (isLocal ? {} : Object.fromEntries(await calls.authorize(apiEndpoint))),
  };
}
