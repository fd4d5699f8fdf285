import type { Server } from 'node:http';
import { availableParallelism } from 'node:os';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { answerMalformed, guard } from '../../functions/gate.ts';
import { sendProblem } from '../../functions/problem.ts';
import { functionTable, isFunctionName, maxBodyBytes, registerFunctions } from '../../functions/register.ts';
import { type Config, readConfig } from '../../lib/config.ts';
import { EditError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { shortName } from '../../lib/requests/schema.ts';
import { cloudStorage } from '../../lib/storage/gcs.ts';
import { makeTracing } from '../../lib/wiring/tracing.ts';
import { wire } from '../../lib/wiring.ts';
import { listen, stop, urlOf } from './loopback.ts';
import { startModelEmulator } from './model/emulator.ts';
import { startQueueEmulator } from './queue/emulator.ts';
import {
  type StorageEmulator,
  type StorageEmulatorOptions,
  startStorageEmulator,
} from './storage/emulator.ts';

export interface LocalSystemOptions {
  /** The folder that holds the buckets. */
  readonly root: string;
  /** Where the functions listen; 0 takes any free port. */
  readonly port: number;
  /** Where the storage emulator listens; 0 takes any free port. */
  readonly storagePort: number;
  readonly log: Log;
  /** Jobs go through the queue emulator, as they do through Cloud Tasks in large deployments. */
  readonly hasQueue?: boolean;
  /** Further settings, as environment variables; the buckets and their endpoint are set here. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** What tests do to the storage emulator. */
  readonly storage?: Pick<StorageEmulatorOptions, 'clock' | 'intercept' | 'eventCopies'>;
}

export interface LocalSystem {
  /** Every function is at `{url}/{name}`. */
  readonly url: string;
  readonly storage: StorageEmulator;
  close(): Promise<void>;
}

interface Part {
  close(): Promise<void>;
}

/** The whole system on loopback: storage emulator, functions on the real framework, events between them. */
export async function startLocalSystem(options: LocalSystemOptions): Promise<LocalSystem> {
  const server = await listen(options.port);
  const url = urlOf(server);
  const parts: Part[] = [];
  const shutdown = new AbortController();
  const close = async () => {
    shutdown.abort();
    server.closeAllConnections();
    for (const part of parts) await part.close();
    await stop(server);
  };
  try {
    const { storage, queue, environment } = await startEmulators(options, url, parts);
    const config = readConfig(environment);
    const tracing = makeTracing(config, () => options.log);
    registerFunctions(wire(config, options.log, { shutdown: shutdown.signal, tracing }));
    serveFunctions(server, options.log, config);
    // Only now are events and tasks delivered, those of an earlier run that was not finished among them.
    storage.events.subscribe('input', `${url}/onUpload`);
    queue?.resume();
    return { url, storage, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Starts storage, and queue and model where they are wanted. `parts` gets each of them, those to be closed
 * first in front.
 */
async function startEmulators(options: LocalSystemOptions, url: string, parts: Part[]) {
  const { root, log, environment } = options;
  const started = <P extends Part>(part: P): P => {
    parts.unshift(part);
    return part;
  };
  const storage = started(
    await startStorageEmulator({
      ...options.storage,
      root,
      buckets: ['input', 'output', 'control'],
      port: options.storagePort,
      log: (message) => log.info(message),
      // One worker thread a core: more at once only make each slower.
      delivery: { maxInFlight: availableParallelism() },
    }),
  );
  await freeOrphanedClaims(storage.url, 'control', log);
  const queue = options.hasQueue ? started(await startQueue(root, url, log)) : undefined;
  const model = needsModelEmulator(environment)
    ? started(await startModelEmulator({ storageBaseUrl: storage.url }))
    : undefined;
  const settings = {
    ...environment,
    ...(model === undefined ? {} : { MODEL_BASE_URL: model.url }),
    INPUT_BUCKET: 'input',
    OUTPUT_BUCKET: 'output',
    CONTROL_BUCKET: 'control',
    STORAGE_API_ENDPOINT: storage.url,
    ...queue?.environment,
  };
  return { storage, queue, environment: settings };
}

/**
 * Gives back the claims of a local system that was killed: holding the folder's lock proves that it is gone,
 * so its leases need not run out. Its attempts stay counted, so that a file that kills the process is given
 * up in the end.
 *
 * In the cloud nobody can know that another instance is gone: there the lease is waited for.
 */
async function freeOrphanedClaims(storageUrl: string, bucket: string, log: Log): Promise<void> {
  const store = cloudStorage({ apiEndpoint: storageUrl, projectId: undefined });
  let freed = 0;
  for await (const info of store.list(bucket, { prefix: 'claims/' })) {
    if (info.metadata['state'] !== 'RUNNING') continue;
    const swapped = await store.swapMetadata(info, { state: 'WAIT', waitMs: '0', code: 'CANCELLED' });
    if (swapped !== undefined) freed++;
  }
  if (freed > 0) log.info(`${freed} jobs of an earlier run that was killed begin again`);
}

/** A model's engine without an address of its own is answered on this machine. */
function needsModelEmulator(environment: LocalSystemOptions['environment']): boolean {
  const { ENGINE: engine = 'patchmatch', MODEL_BASE_URL: baseUrl } = environment ?? {};
  return engine !== 'patchmatch' && baseUrl === undefined;
}

const queueName = 'projects/local/locations/local/queues/jobs';

/** The queue, and the settings that make `onUpload` use it. */
async function startQueue(root: string, url: string, log: Log) {
  const queue = await startQueueEmulator({
    root,
    queues: { [queueName]: { maxConcurrentDispatches: availableParallelism() } },
    log: (message) => log.info(message),
    isPaused: true,
  });
  const environment = {
    TASKS_QUEUE: queueName,
    TASKS_API_ENDPOINT: queue.url,
    RUN_JOB_URL: `${url}/runJob`,
  };
  return { environment, resume: () => queue.queue(queueName).resume(), close: () => queue.close() };
}

/** Serves all functions on one port: the framework's own server of each, guarded, answers `/{name}`. */
function serveFunctions(server: Server, log: Log, config: Config): void {
  const names = Object.keys(functionTable).filter(isFunctionName);
  const servers = new Map<string, Server>();
  for (const name of names) {
    const target = getTestServer(name);
    guard(target, { log, maxBodyBytes: maxBodyBytes(name, config) });
    servers.set(name, target);
  }
  server.on('request', (request, response) => {
    const name = (request.url ?? '').split(/[/?]/)[1] ?? '';
    const target = servers.get(name);
    if (target !== undefined) {
      target.emit('request', request, response);
      return;
    }
    const known = names.map((key) => `/${key}`).join(', ');
    const error = new EditError('NOT_FOUND', `Expected one of ${known}, got /${shortName(name)}`);
    sendProblem(response, error, undefined);
  });
  answerMalformed(server);
}
