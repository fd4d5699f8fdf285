import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Storage } from '@google-cloud/storage';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type LocalSystem, type LocalSystemOptions, startLocalSystem } from '../../../deploy/local/system.ts';
import { startFaultyModel } from '../../support/faulty-model.ts';
import { type StorageInstruments, storageInstruments } from '../../support/faulty-storage.ts';
import { silentLog } from '../../support/job-world.ts';
import { boxMask, maskPng } from '../../support/pictures.ts';
import * as pair from '../../support/small-pair.ts';

const [photo, mask] = [Buffer.from(pair.image), Buffer.from(pair.mask)];
let root: string;
let system: LocalSystem;
let instruments: StorageInstruments;

function start(
  hasQueue = false,
  environment: Readonly<Record<string, string>> = {},
  more: Partial<LocalSystemOptions> = {},
): Promise<LocalSystem> {
  instruments = storageInstruments();
  const storage = instruments.options;
  const ports = { port: 0, storagePort: 0 };
  return startLocalSystem({ root, ...ports, log: silentLog, hasQueue, environment, storage, ...more });
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'local-system-'));
  system = await start();
});
afterEach(async () => {
  await system.close();
  await rm(root, { recursive: true });
});

function bucket() {
  const storage = new Storage({
    apiEndpoint: system.storage.url,
    projectId: 'local',
    retryOptions: { autoRetry: false },
  });
  return storage.bucket('input');
}

const upload = (name: string, bytes: Buffer) => bucket().file(name).save(bytes, { resumable: false });

async function uploadPair(): Promise<void> {
  await upload('photo.png', photo);
  await upload('photo.mask.png', mask);
}

/** Everything in the output bucket, once no event is on its way any more. */
async function outputs(): Promise<string[]> {
  await system.storage.events.idle();
  const files = await readdir(join(root, 'output'), { recursive: true, withFileTypes: true });
  return files
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name).slice(root.length + '/output/'.length))
    .sort();
}

/** Files put in by hand are taken in when nothing has written to them for a while. */
async function firstOutput(): Promise<void> {
  for (let i = 0; i < 200 && !existsSync(join(root, 'output', 'photo.png')); i++) await sleep(50);
}

const job = expect.stringMatching(/^[0-9a-f]{16}$/);
const partsOf = (names: string[]) => names.map((name) => name.split('/'));

async function outputJson(name: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(root, 'output', name), 'utf8')) as Record<string, unknown>;
}

describe('a pair gives one result', () => {
  test('in any order, under any name of a mask, and with its request file', async () => {
    const drops = {
      'image-first/p.png': ['p.png', 'p.mask.png'],
      'mask-first/p.png': ['p.mask.png', 'p.png'],
      'other/p.png': ['p.png', 'p_mask.png'],
      'a b/P.PNG': ['P.PNG', 'P.mask.Png'],
      'asked/p.png': ['p.json', 'p.png', 'p.mask.png'],
    };
    const request = Buffer.from('{ "featherPx": 3, "seed": 4 }');
    for (const [image, names] of Object.entries(drops))
      for (const name of names)
        await upload(
          image.replace(/[^/]+$/, name),
          /mask/i.test(name) ? mask : name.endsWith('json') ? request : photo,
        );
    const found = await outputs();
    const ends = Object.keys(drops).flatMap((image) => [
      [...image.split('/'), job, '1.png'],
      [...image.split('/'), job, 'manifest.json'],
    ]);
    expect(partsOf(found)).toEqual(expect.arrayContaining(ends));
    expect(found).toHaveLength(ends.length);
    for (const name of found.filter((each) => each.endsWith('.json')))
      expect(await outputJson(name)).toMatchObject({
        state: 'done',
        engine: 'patchmatch',
        proofs: [{ outside: 'exact', differingPixels: 0 }],
        request: { ...(name.startsWith('asked/') && { featherPx: 3, seed: 4 }), mode: 'removal' },
      });
  });

  test('both at once, every event delivered twice', async () => {
    instruments.sendEvents(2);
    await Promise.all([upload('photo.png', photo), upload('photo.mask.png', mask)]);
    expect(await outputs()).toHaveLength(2);
  });

  test('files put in by hand are uploads', async () => {
    await writeFile(join(root, 'input', 'photo.png'), photo);
    await writeFile(join(root, 'input', 'photo.mask.png'), mask);
    await firstOutput();
    expect(await outputs()).toHaveLength(2);
  });

  test('a picture without a mask waits', async () => {
    await upload('photo.png', photo);
    expect(await outputs()).toEqual([]);
  });
});

test('what can never succeed is reported beside where the result would be, and acknowledged', async () => {
  const empty = () => maskPng(boxMask(pair.size, { left: 0, top: 0, width: 0, height: 0 }));
  const cases = {
    MASK_EMPTY: async () => ({ 'p.png': photo, 'p.mask.png': await empty() }),
    MASK_FULL: async () => ({
      'p.png': photo,
      'p.mask.png': await maskPng(boxMask(pair.size, { left: 0, top: 0, ...pair.size })),
    }),
    MASK_SIZE_MISMATCH: async () => ({
      'p.png': photo,
      'p.mask.png': await maskPng(
        boxMask({ width: 50, height: 70 }, { left: 9, top: 9, width: 5, height: 5 }),
      ),
    }),
    MASK_UNREADABLE: async () => ({ 'p.png': photo, 'p.mask.png': Buffer.from('no mask') }),
    IMAGE_UNREADABLE: async () => ({ 'p.png': Buffer.from('no image'), 'p.mask.png': mask }),
    IMAGE_TRUNCATED: async () => ({ 'p.png': photo.subarray(0, photo.length / 2), 'p.mask.png': mask }),
    FORMAT_UNSUPPORTED: async () => ({ 'p.gif': Buffer.from('GIF89a00000000000000'), 'p.mask.png': mask }),
    REQUEST_INVALID: async () => ({
      'p.json': Buffer.from('{ "fether": 3 }'),
      'p.png': photo,
      'p.mask.png': mask,
    }),
  };
  const uploaded: string[] = [];
  for (const [code, files] of Object.entries(cases)) {
    for (const [name, bytes] of Object.entries(await files())) {
      await upload(`${code}/${name}`, bytes);
      uploaded.push(`${code}/${name}`);
    }
  }
  const errors = await outputs();
  expect(errors.map((name) => name.split('/')[0])).toEqual(Object.keys(cases).sort());
  for (const name of errors)
    expect(await outputJson(name)).toMatchObject({
      state: 'failed',
      code: name.split('/')[0],
      message: expect.stringMatching(/./),
      whatToDo: expect.stringMatching(/./),
    });
  expect((await bucket().getFiles())[0].map(({ name }) => name).sort()).toEqual(uploaded.sort());
});

test('a pair that was not finished is picked up after a restart', async () => {
  await system.close();
  await writeFile(join(root, 'input', 'photo.png'), photo);
  await writeFile(join(root, 'input', 'photo.mask.png'), mask);
  system = await start();
  await firstOutput();
  expect(await outputs()).toHaveLength(2);
  await system.close();
  system = await start();
  expect(await outputs()).toHaveLength(2);
});

async function post(name: string, body: object): Promise<Record<string, unknown>> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${system.url}/${name}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  return (await response.json()) as Record<string, unknown>;
}

test('the sweep finds a pair whose events were lost; a dry run only says so', async () => {
  instruments.sendEvents(0);
  await uploadPair();
  expect(await post('sweep', {})).toMatchObject({ jobs: [], young: 1 });
  instruments.advance(180_000);
  const planned = { images: 1, jobs: [{ image: 'photo.png', job }], costEstimateUsd: 0 };
  expect(await post('sweep', { dryRun: true })).toMatchObject(planned);
  expect(await outputs()).toEqual([]);
  expect(await post('sweep', {})).toMatchObject(planned);
  expect(await outputs()).toHaveLength(2);
  expect(await post('sweep', {})).toMatchObject({ jobs: [], settled: 1 });
});

test('a sweep starts so many jobs, the next ones go on where it stopped; a dry run says what that costs', async () => {
  await system.close();
  const model = await startFaultyModel({ scale: 1 / 4 });
  onTestFinished(() => model.close());
  system = await start(false, { SWEEP_MAX_JOBS: '2', ENGINE: 'imagen', MODEL_BASE_URL: model.url });
  instruments.sendEvents(0);
  for (const n of [0, 1, 2, 3, 4]) {
    await upload(`p${n}.mask.png`, mask);
    await upload(`p${n}.png`, photo);
  }
  instruments.advance(180_000);
  const sweep = async (body: object) => {
    const report = (await post('sweep', body)) as { jobs: { image: string }[]; isComplete: boolean };
    return { ...report, jobs: report.jobs.map(({ image }) => image) };
  };
  const planned = { jobs: ['p0.png', 'p1.png'], costEstimateUsd: 0.08, isComplete: false };
  for (let run = 0; run < 2; run++) expect(await sweep({ dryRun: true })).toMatchObject(planned);
  expect(await outputs()).toEqual([]);
  expect(await sweep({})).toMatchObject(planned);
  expect(await sweep({})).toMatchObject({
    jobs: ['p2.png', 'p3.png'],
    images: 2,
    settled: 0,
    isComplete: false,
  });
  expect(await sweep({})).toMatchObject({ jobs: ['p4.png'], isComplete: true, costEstimateUsd: 0.04 });
  expect(await sweep({})).toMatchObject({ jobs: [], settled: 5, isComplete: true, costEstimateUsd: 0 });
  expect(await outputs()).toHaveLength(10);
});

test('a job of a system that was killed begins again at once, its lost start counted', async () => {
  instruments.sendEvents(0);
  await uploadPair();
  instruments.advance(180_000);
  const { jobs } = (await post('sweep', { dryRun: true })) as { jobs: { job: string }[] };
  const claim = {
    state: 'RUNNING',
    owner: 'gone',
    attempts: '1',
    modelCalls: 'none',
    waitMs: '0',
    code: 'none',
  };
  const control = bucket().storage.bucket('control');
  await control.file(`claims/${jobs[0]?.job}`).save('', { resumable: false, metadata: { metadata: claim } });
  const task = { bucket: 'input', name: 'photo.png', job: jobs[0]?.job };
  expect(await post('runJob', task)).toMatchObject({ error: { code: 'BUSY' } });
  await system.close();
  system = await start();
  expect(await post('runJob', task)).toEqual({ job: task.job });
  const [, manifest] = await outputs();
  expect(await outputJson(manifest!)).toMatchObject({ state: 'done', attempts: 2 });
});

test.each([false, true])('a system that is stopped gives its claims back (queue: %s)', async (hasQueue) => {
  await system.close();
  const asked = Promise.withResolvers<void>();
  const model = await startFaultyModel({ scale: 1 / 4, onRequest: () => asked.resolve() });
  onTestFinished(() => model.close());
  const environment = { ENGINE: 'imagen', MODEL_BASE_URL: model.url };
  system = await start(hasQueue, environment);
  model.behave({ hang: true }, 1);
  await uploadPair();
  await asked.promise;
  await system.close();
  // A task names the port of its handler.
  system = await start(hasQueue, environment, { port: Number(new URL(system.url).port) });
  for (let i = 0; i < 200 && (await outputs()).length < 2; i++) await sleep(50);
  const [, manifest] = await outputs();
  expect(await outputJson(manifest!)).toMatchObject({ state: 'done', attempts: 1 });
});

test('sweeps find pairs without events, at the start and after a request file was deleted', async () => {
  instruments.sendEvents(0);
  await upload('photo.json', Buffer.from('{ "fether": 3 }'));
  await uploadPair();
  await system.close();
  system = await start(false, {}, { sweepEveryMs: 3_600_000 });
  const names = async () => (await outputs()).map((name) => name.split('/').at(-1));
  await vi.waitFor(async () => expect(await names()).toEqual(['error.json']), 10_000);
  await bucket().file('photo.json').delete();
  const all = ['1.png', 'error.json', 'manifest.json'];
  await vi.waitFor(async () => expect((await names()).sort()).toEqual(all), 10_000);
});

test('a picture that arrives alone is told, with the name that it waits for', async () => {
  await system.close();
  const lines: string[] = [];
  system = await start(false, {}, { log: { ...silentLog, info: (line) => void lines.push(line) } });
  for (const name of ['a/alone.png', 'photo.png']) await upload(name, photo);
  await upload('photo.mask.png', mask);
  await vi.waitFor(() => expect(lines.join()).toContain('a/alone.mask.png'), 10_000);
  expect(lines.filter((line) => /^Waits: photo/.test(line))).toEqual([]);
});

test.each([
  [{ ENGINE: 'endpoint' }, 'ENDPOINT_ID'],
  [{ ENGINE: 'gemini', MODEL: 'nope' }, 'gemini-nano-banana-2.1'],
])('settings that an engine refuses are refused at the start: %j', async (environment, named) => {
  await system.close();
  await expect(start(false, environment)).rejects.toThrow(named);
  system = await start();
});

test('with a queue an upload becomes a task, and the task the result', async () => {
  await system.close();
  system = await start(true);
  await uploadPair();
  await outputs();
  await firstOutput();
  for (let i = 0; i < 100 && (await outputs()).length < 2; i++) await sleep(50);
  expect(await outputs()).toHaveLength(2);
});

test('a request may not name an engine that is not on the list', async () => {
  await upload('photo.json', Buffer.from('{ "engine": "gemini" }'));
  await uploadPair();
  const [error] = await outputs();
  expect(await outputJson(error!)).toMatchObject({
    code: 'ENGINE_UNSUPPORTED',
    message: expect.stringContaining('ALLOWED_MODELS'),
  });
});

test('starting twice names the port that is taken', async () => {
  const port = Number(new URL(system.url).port);
  await expect(startLocalSystem({ root, port, storagePort: 0, log: silentLog })).rejects.toThrow(
    `Port ${port} is taken`,
  );
});
