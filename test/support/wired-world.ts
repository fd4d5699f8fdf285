import { Storage } from '@google-cloud/storage';
import { readConfig } from '../../lib/config.ts';
import { asEditError } from '../../lib/errors.ts';
import type { ObjectStore } from '../../lib/storage/store.ts';
import type { Jobs } from '../../lib/wiring/jobs.ts';
import { wire } from '../../lib/wiring.ts';
import { listed, openEmulator, textAt, workerStore } from './emulator-world.ts';
import { type FaultyModel, type FaultyModelOptions, startFaultyModel } from './faulty-model.ts';
import type { FaultyStorage } from './faulty-storage.ts';
import { never } from './job-world.ts';
import { image, mask } from './small-pair.ts';

interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The real wiring between an emulated storage and an emulated model, both over HTTP. */
export interface WiredWorld extends AsyncDisposable {
  readonly storage: FaultyStorage;
  readonly model: FaultyModel;
  /** A user's view of the buckets. */
  readonly user: ObjectStore;
  /** What every worker logged. */
  readonly lines: readonly LogLine[];
  /** What a worker of its own would be wired to: it shares nothing with the others but the buckets. */
  worker(environment?: Readonly<Record<string, string>>, shutdown?: AbortSignal): Promise<Jobs>;
  /** Uploads one file, over what has its name. */
  put(name: string, what: 'photo' | 'mask'): Promise<void>;
  /** Drops `{name}.png` and its mask. */
  dropPair(name: string): Promise<void>;
  /** The last parts of the names in the output folder of a picture, in order. */
  endOf(name: string): Promise<string[]>;
  manifestOf(name: string): Promise<unknown>;
  claimOf(name: string): Promise<Readonly<Record<string, string>> | undefined>;
}

export async function openWiredWorld(
  settings: Readonly<Record<string, string>> = {},
  modelOptions: FaultyModelOptions = {},
): Promise<WiredWorld> {
  const storage = await openEmulator();
  const model = await startFaultyModel({ scale: 1 / 4, storageBaseUrl: storage.url, ...modelOptions });
  const user = workerStore(storage, 'user');
  const lines: LogLine[] = [];
  const write =
    (level: LogLine['level']) =>
    (message: string, fields: object = {}) =>
      void lines.push({ level, message, fields: { ...fields } });
  const log = { info: write('info'), warn: write('warn'), error: write('error') };
  // As users do: the store that jobs have overwrites nothing.
  const client = new Storage({ apiEndpoint: storage.url, projectId: 'local' });
  const put = (name: string, what: 'photo' | 'mask') =>
    client
      .bucket('input')
      .file(name)
      .save(Buffer.from(what === 'photo' ? image : mask), { resumable: false });
  return {
    ...{ storage, model, user, lines, put },
    worker: (environment = {}, shutdown = never) =>
      wire(
        readConfig({
          ...{ INPUT_BUCKET: 'input', OUTPUT_BUCKET: 'output', CONTROL_BUCKET: 'control' },
          ...{ STORAGE_API_ENDPOINT: storage.url, MODEL_BASE_URL: model.url, ENGINE: 'imagen' },
          ...settings,
          ...environment,
        }),
        log,
        { shutdown },
      ).jobs(),
    async dropPair(name) {
      await put(`${name}.mask.png`, 'mask');
      await put(`${name}.png`, 'photo');
    },
    async endOf(name) {
      const outputs = await listed(user, 'output', `${name}.png/`);
      return outputs.map((info) => info.name.split('/').at(-1) ?? '');
    },
    async manifestOf(name) {
      const outputs = await listed(user, 'output', `${name}.png/`);
      const manifest = outputs.find((info) => info.name.endsWith('/manifest.json'));
      return manifest === undefined ? undefined : JSON.parse(await textAt(user, manifest));
    },
    async claimOf(name) {
      const claims = await listed(user, 'control', 'claims/');
      return claims.find(({ metadata }) => metadata['imageVersion']?.startsWith(`${name}.png#`))?.metadata;
    },
    async [Symbol.asyncDispose]() {
      await model.close();
      await storage[Symbol.asyncDispose]();
    },
  };
}

/** What becomes of an event or a task: `ended`, or the code with which it comes again. */
export async function deliverTo(worker: Jobs, name: string): Promise<string> {
  return worker.runJob({ bucket: 'input', name: `${name}.png` }, never).then(
    () => 'ended',
    (error: unknown) => asEditError(error).code,
  );
}
