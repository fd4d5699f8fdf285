import type { Server } from 'node:http';
import { availableParallelism } from 'node:os';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { answerMalformed, guard } from '../../functions/gate.ts';
import { sendProblem } from '../../functions/problem.ts';
import { functionTable, gateFor, isFunctionName, registerFunctions } from '../../functions/register.ts';
import { runningWork } from '../../functions/shutdown.ts';
import { type Config, readConfig } from '../../lib/config.ts';
import { parseEngineName } from '../../lib/engines/engines.ts';
import { EditError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { shortName } from '../../lib/requests/schema.ts';
import { cloudStorage } from '../../lib/storage/gcs.ts';
import { makeTracing } from '../../lib/wiring/tracing.ts';
import { wire } from '../../lib/wiring.ts';
import { type Care, takeCare } from './care.ts';
import { systemClock } from './clock.ts';
import { listen, stop, urlOf } from './loopback.ts';
import { startModelEmulator } from './model/emulator.ts';
import { servedModelIds } from './model/models.ts';
import { removerMap } from './model/remover.ts';
import { startQueueEmulator } from './queue/emulator.ts';
import {
  type StorageEmulator,
  type StorageEmulatorOptions,
  startStorageEmulator,
} from './storage/emulator.ts';
import { startTopicEmulator, type TopicEmulator } from './topic.ts';

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
  /** How often a sweep looks for pairs without a result, and for the first time soon; never when left out. */
  readonly sweepEveryMs?: number;
  /** Further settings, as environment variables; the buckets and their endpoint are set here. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** What tests do to the storage emulator. */
  readonly storage?: Pick<StorageEmulatorOptions, 'clock' | 'intercept' | 'eventCopies'>;
}

export interface LocalSystem {
  /** Every function is at `{url}/{name}`. */
  readonly url: string;
  readonly storage: StorageEmulator;
  /** `undefined`: jobs run where their event arrives. */
  readonly queueUrl: string | undefined;
  readonly config: Config;
  /** The engine and its model. */
  readonly engine: string;
  /** True when an emulator answers in place of the model. */
  readonly isEmulated: boolean;
  /** Gives the claims of running jobs back, and stops. */
  close(): Promise<void>;
}

interface Part {
  close(): Promise<void> | void;
}

/** What is stopped in this order: those who bring work, the work itself, those it needs. */
interface Parts {
  readonly senders: Part[];
  readonly needed: Part[];
}

/** The whole system on loopback: storage emulator, functions on the real framework, events between them. */
export async function startLocalSystem(options: LocalSystemOptions): Promise<LocalSystem> {
  const server = await listen(options.port);
  const url = urlOf(server);
  const parts: Parts = { senders: [], needed: [] };
  let care: Care | undefined;
  const shutdown = new AbortController();
  const running = runningWork();
  const close = async () => {
    for (const sender of parts.senders) await sender.close();
    shutdown.abort();
    server.closeAllConnections();
    await running.ended();
    for (const part of parts.needed.toReversed()) await part.close();
    await stop(server);
  };
  try {
    const emulators = await startEmulators(options, { url, parts, onRemoved: () => care?.removed() });
    const { storage, queue, model, environment } = emulators;
    const config = readConfig(environment, { buckets: true });
    const wiring = wire(config, options.log, {
      shutdown: shutdown.signal,
      background: (work) => void running.track(work),
      tracing: makeTracing(config, () => options.log),
    });
    // Settings that an engine refuses are told now, not with the first picture.
    const jobs = await wiring.jobs();
    if (model !== undefined) assertServed(jobs.engine);
    const { clock = systemClock } = options.storage ?? {};
    care = takeCare({ ...options, clock, config, jobs, running, signal: shutdown.signal });
    parts.senders.push(care);
    const local = { ...wiring, jobs: async () => ({ ...jobs, uploads: care?.uploads ?? jobs.uploads }) };
    registerFunctions(local, running.track);
    serveFunctions(server, options.log, config);
    // Only now are events and tasks delivered, those of an earlier run that was not finished among them.
    storage.events.subscribe('input', `${url}/onUpload`);
    queue?.resume();
    const isEmulated = model !== undefined;
    return { url, storage, queueUrl: queue?.url, config, engine: jobs.engine, isEmulated, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface EmulatorSurroundings {
  /** Where the functions listen. */
  readonly url: string;
  /** Gets each emulator, and whatever sends work. */
  readonly parts: Parts;
  /** A picture, mask or request was deleted. */
  readonly onRemoved: () => void;
}

/** Starts storage, and queue and model where they are wanted. */
async function startEmulators(options: LocalSystemOptions, { url, parts, onRemoved }: EmulatorSurroundings) {
  const { root, log, environment } = options;
  const needed = <P extends Part>(part: P): P => {
    parts.needed.push(part);
    return part;
  };
  const storage = needed(
    await startStorageEmulator({
      ...options.storage,
      root,
      buckets: Object.values(bucketNames),
      port: options.storagePort,
      log: (message) => log.info(message),
      onRemoved: ({ bucket }) => {
        if (bucket === bucketNames.INPUT_BUCKET) onRemoved();
      },
      // One worker thread a core: more at once only make each slower.
      delivery: { maxInFlight: availableParallelism() },
    }),
  );
  parts.senders.push(storage.events);
  await freeOrphanedClaims(storage.url, bucketNames.CONTROL_BUCKET, log);
  const queue = options.hasQueue ? await startQueue(root, url, log) : undefined;
  if (queue !== undefined) parts.senders.push(queue);
  const model = needsModelEmulator(environment)
    ? needed(await startModelEmulator({ storageBaseUrl: storage.url, log: (line) => log.info(line) }))
    : undefined;
  const topic = await startTopic(options);
  if (topic !== undefined) parts.needed.push(topic);
  const settings = {
    ...environment,
    ...(topic && { PUBSUB_EMULATOR_HOST: topic.host }),
    ...(model === undefined ? {} : emulated(model.url, environment)),
    ...bucketNames,
    STORAGE_API_ENDPOINT: storage.url,
    ...queue?.environment,
  };
  return { storage, queue, model, environment: settings };
}

/** The settings that make the emulator the model, also that of the engine `http`. */
function emulated(url: string, environment: LocalSystemOptions['environment']) {
  const isService = environment?.['ENGINE'] === 'http';
  return { MODEL_BASE_URL: url, ...(isService && { HTTP_ENGINE: JSON.stringify(removerMap(url)) }) };
}

const bucketNames = { INPUT_BUCKET: 'input', OUTPUT_BUCKET: 'output', CONTROL_BUCKET: 'control' } as const;

/** @throws {EditError} `CONFIG_INVALID` naming the models that the emulator has for this engine. */
function assertServed(engineName: string): void {
  const { engine, model } = parseEngineName(engineName);
  const served = servedModelIds(engine);
  if (model === undefined || served.length === 0 || served.includes(model)) return;
  throw new EditError(
    'CONFIG_INVALID',
    `Expected a model that is emulated for ${engine} (${served.join(', ')}), got ${model}. ` +
      'To ask a real service, set MODEL_BASE_URL.',
  );
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
  if (freed > 0) log.info(`Jobs of an earlier run that was killed begin again: ${freed}`);
}

/** A model's engine without an address of its own is answered on this machine. */
function needsModelEmulator(environment: LocalSystemOptions['environment']): boolean {
  // An empty variable counts as unset.
  const { ENGINE: engine, MODEL_BASE_URL: baseUrl, HTTP_ENGINE: service } = environment ?? {};
  if (engine === 'http') return !service;
  return Boolean(engine) && engine !== 'patchmatch' && engine !== 'onnx' && !baseUrl;
}

const queueName = 'projects/local/locations/local/queues/jobs';

/** The queue, and the settings that make `onUpload` use it. */
async function startQueue(root: string, url: string, log: Log) {
  const queue = await startQueueEmulator({
    root,
    name: queueName,
    limits: { maxConcurrentDispatches: availableParallelism() },
    log: (message) => log.info(message),
    isPaused: true,
  });
  const environment = {
    TASKS_QUEUE: queueName,
    TASKS_API_ENDPOINT: queue.url,
    RUN_JOB_URL: `${url}/runJob`,
  };
  return { ...queue, environment };
}

/** A topic that tells in the log what its subscribers would get; the address of another one wins. */
async function startTopic({ environment = {}, log }: LocalSystemOptions): Promise<TopicEmulator | undefined> {
  const { RESULTS_TOPIC: name, PUBSUB_EMULATOR_HOST: host } = environment;
  if (!name || host) return undefined;
  return startTopicEmulator({
    name,
    onMessage: ({ attributes: { image, outcome, code }, data }) => {
      const where = data['delivered'] ?? data['file'];
      log.info(`Told: ${image} ${outcome}${code === undefined ? '' : ` ${code}`}, ${where}`);
    },
  });
}

/** Serves all functions on one port: the framework's own server of each, guarded, answers `/{name}`. */
function serveFunctions(server: Server, log: Log, config: Config): void {
  const names = Object.keys(functionTable).filter(isFunctionName);
  const servers = new Map<string, Server>();
  for (const name of names) {
    const target = getTestServer(name);
    guard(target, { log, ...gateFor(name, config) });
    servers.set(name, target);
  }
  server.on('request', (request, response) => {
    const name = (request.url ?? '').split(/[/?]/)[1] ?? '';
    const target = servers.get(name);
    if (/^\/(studio)?$/.test(request.url ?? '')) {
      // Its addresses are relative: they need the slash.
      response.writeHead(308, { Location: 'studio/' }).end();
      return;
    }
    if (target !== undefined) {
      // Deployed, the studio has an address of its own: it never sees this prefix.
      if (name === 'studio') request.url = (request.url ?? '').replace(/^\/studio\/?/, '/');
      target.emit('request', request, response);
      return;
    }
    const known = names.map((key) => `/${key}`).join(', ');
    const error = new EditError('NOT_FOUND', `Expected one of ${known}, got /${shortName(name)}`);
    sendProblem(response, error, {});
  });
  answerMalformed(server);
}
