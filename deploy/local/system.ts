import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { availableParallelism } from 'node:os';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { functionTable, registerFunctions } from '../../functions/register.ts';
import { readConfig } from '../../lib/config.ts';
import type { Log } from '../../lib/log.ts';
import { makeTracing } from '../../lib/wiring/tracing.ts';
import { wire } from '../../lib/wiring.ts';
import { startModelEmulator } from './model/emulator.ts';
import { freeOrphanedClaims } from './orphaned-claims.ts';
import { startQueueEmulator } from './queue/emulator.ts';
import { type StorageEmulator, startStorageEmulator } from './storage/emulator.ts';

export interface LocalSystemOptions {
  /** The folder that holds the buckets. */
  readonly root: string;
  /** Where the functions listen; 0 takes any free port. */
  readonly port: number;
  /** Where the storage emulator listens; 0 takes any free port. */
  readonly storagePort: number;
  readonly log: Log;
  /** Jobs go through the stand-in of Cloud Tasks, as in large deployments. */
  readonly hasQueue?: boolean;
  /** Further settings, as environment variables; the buckets and their endpoint are set here. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export interface LocalSystem {
  /** Every function is at `{url}/{name}`. */
  readonly url: string;
  readonly storage: StorageEmulator;
  close(): Promise<void>;
}

/** The whole system on loopback: storage emulator, functions on the real framework, events between them. */
export async function startLocalSystem(options: LocalSystemOptions): Promise<LocalSystem> {
  const { root, port, storagePort, log, environment } = options;
  const server = createServer();
  const url = await listen(server, port);
  const started: { close(): Promise<void> }[] = [];
  const shutdown = new AbortController();
  const close = async () => {
    shutdown.abort();
    server.closeAllConnections();
    for (const part of started) await part.close();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  try {
    const storage = await startStorageEmulator({
      root,
      buckets: ['input', 'output', 'control'],
      port: storagePort,
      log: (message) => log.info(message),
      // One worker thread a core: more at once only make each slower.
      delivery: { maxInFlight: availableParallelism() },
    });
    started.push(storage);
    await freeOrphanedClaims(storage.url, 'control', log);
    const queue = options.hasQueue ? await startQueue(root, url, log) : undefined;
    if (queue !== undefined) started.unshift(queue);
    const model = needsModelEmulator(environment)
      ? await startModelEmulator({ storageBaseUrl: storage.url })
      : undefined;
    if (model !== undefined) started.unshift(model);
    const config = readConfig({
      ...environment,
      ...(model === undefined ? {} : { MODEL_BASE_URL: model.url }),
      INPUT_BUCKET: 'input',
      OUTPUT_BUCKET: 'output',
      CONTROL_BUCKET: 'control',
      STORAGE_API_ENDPOINT: storage.url,
      ...queue?.environment,
    });
    const tracing = makeTracing(config, () => log);
    registerFunctions(wire(config, log, { shutdown: shutdown.signal, tracing }));
    route(server);
    // Only now are events and tasks delivered, those of an earlier run that was not finished among them.
    storage.events.subscribe('input', `${url}/onUpload`);
    queue?.resume();
    return { url, storage, close };
  } catch (error) {
    await close();
    throw error;
  }
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

/** One port for all functions: `/{name}` is answered by the framework's own server of that function. */
function route(server: Server): void {
  const servers = new Map(Object.keys(functionTable).map((name) => [name, getTestServer(name)]));
  server.on('request', (request, response) => {
    const name = new URL(request.url ?? '/', 'http://local').pathname.split('/')[1] ?? '';
    const target = servers.get(name);
    if (target !== undefined) {
      target.emit('request', request, response);
      return;
    }
    response.writeHead(404, { 'content-type': 'application/json' });
    const known = [...servers.keys()].map((key) => `/${key}`).join(', ');
    response.end(
      JSON.stringify({ error: { code: 'NOT_FOUND', message: `Expected one of ${known}, got /${name}` } }),
    );
  });
}

/** @throws {Error} naming the port when it is taken. */
async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new Error(`Port ${port} is taken: is this already running? Set PORT to another.`)
          : error,
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
