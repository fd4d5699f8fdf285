import { expect, test } from 'vitest';
import { EditError } from '../../../lib/errors.ts';
import { httpJobs } from '../../../lib/http-jobs/http-jobs.ts';
import { jobResource, stateOf } from '../../../lib/http-jobs/job-resource.ts';
import { jobSchema, type Problem } from '../../../lib/http-jobs/job-schema.ts';
import type { Dispatch } from '../../../lib/jobs/dispatch.ts';
import { inlineDispatch } from '../../../lib/jobs/dispatch.ts';
import { askAgain } from '../../../lib/jobs/sweep/again.ts';
import type { Transfers } from '../../../lib/storage/transfers.ts';
import {
  buckets,
  fakeEditWith,
  fakeEngine,
  jobsOf,
  never,
  planOptions,
  runOptions,
} from '../../support/job-world.ts';
import {
  type Fault,
  type MemoryBuckets,
  type MemoryClient,
  memoryBuckets,
  memoryClient,
} from '../../support/memory-store.ts';

const noTransfers = {} as Transfers;
const file = (text: string) => ({
  bytes: new TextEncoder().encode(text),
  fileName: 'p.jpg',
  contentType: 'image/jpeg',
});
const order = { image: file('photo'), mask: file('mask'), fields: { featherPx: 3 } };
const takeOverMs = 61_000;
const leaseMs = 3_600_000;

/** The jobs as one process sees them. */
function jobsIn(world: MemoryBuckets, start: Dispatch, faultAt?: (request: number) => Fault | undefined) {
  const store = memoryClient(world, faultAt);
  const shared = { store, transfers: noTransfers, buckets, pairing: { folderMask: false } };
  return { store, jobs: httpJobs({ ...shared, plan: planOptions, start, maxImageBytes: 1000 }) };
}

const all = { prefix: '', state: undefined, pageSize: 10, pageToken: undefined };
const idle: Dispatch = async () => {};
const namesOf = (world: MemoryBuckets, prefix: string) =>
  [...world.objects.keys()].filter((name) => name.startsWith(prefix));

test('a process that dies at any request leaves what the next try with the same key goes on with (G22)', async () => {
  const whole = jobsIn(memoryBuckets(), idle);
  await whole.jobs.create(order, 'k', never);
  const { length: requests } = whole.store.requests;
  expect(requests).toBeGreaterThan(8);
  for (const kind of ['crash-before', 'crash-after', 'unavailable', 'lost'] as const) {
    for (let at = 1; at <= requests; at++) {
      const world = memoryBuckets();
      const first = jobsIn(world, idle, (request) => (request === at ? kind : undefined));
      await first.jobs.create(order, 'k', never).catch(() => undefined);
      world.nowMs += takeOverMs;
      const { facts } = await jobsIn(world, idle).jobs.create(order, 'k', never);
      expect(namesOf(world, 'control/http-jobs/')).toEqual([`control/http-jobs/${facts.id}`]);
      expect(namesOf(world, 'input/')).toHaveLength(3);
    }
  }
});

test('a process that dies at any request of a whole job leaves one that the next try ends, with one result (G22)', async () => {
  /** One process: it creates jobs and runs them. */
  function workerIn(world: MemoryBuckets, faultAt?: (request: number) => Fault | undefined) {
    const engine = fakeEngine();
    const worker = jobsIn(
      world,
      (job, signal) => inlineDispatch(runOptions(store, engine))(job, signal),
      faultAt,
    );
    const { store } = worker;
    return { ...worker, engine };
  }
  const whole = workerIn(memoryBuckets());
  await whole.jobs.create(order, 'k', never);
  const { length: requests } = whole.store.requests;
  expect(requests).toBeGreaterThan(20);
  for (const kind of ['crash-before', 'crash-after', 'unavailable', 'lost'] as const) {
    for (let at = 1; at <= requests; at++) {
      const told = `${kind} at ${at}`;
      const world = memoryBuckets();
      const first = workerIn(world, (request) => (request === at ? kind : undefined));
      await first.jobs.create(order, 'k', never).catch(() => undefined);
      world.nowMs += leaseMs;
      const heir = workerIn(world);
      const { facts } = await heir.jobs.create(order, 'k', never);
      for (const job of await jobsOf(heir.store, facts.imageName))
        await inlineDispatch(runOptions(heir.store, heir.engine))(job, never);
      expect(stateOf(await heir.jobs.read(facts.id, never)), told).toBe('succeeded');
      const made = namesOf(world, 'output/').map((name) => name.split('/').at(-1));
      expect(made.sort(), told).toEqual(['1.jpg', 'manifest.json']);
      expect(namesOf(world, 'control/http-jobs/'), told).toHaveLength(1);
      expect(first.engine.calls.length + heir.engine.calls.length, told).toBeLessThanOrEqual(2);
    }
  }
});

test('a key is busy for a minute after its request died, and free at once after an error', async () => {
  const world = memoryBuckets();
  const dies = jobsIn(world, idle, (request) => (request === 3 ? 'crash-after' : undefined));
  await dies.jobs.create(order, 'k', never).catch(() => undefined);
  const second = jobsIn(world, idle).jobs;
  await expect(second.create(order, 'k', never)).rejects.toMatchObject({ code: 'IDEMPOTENCY_IN_PROGRESS' });
  const other = memoryBuckets();
  const fails = jobsIn(other, async () => {
    throw new Error('no queue');
  });
  await expect(fails.jobs.create(order, 'k', never)).rejects.toThrow('no queue');
  expect(await jobsIn(other, idle).jobs.create(order, 'k', never)).toMatchObject({ isReplay: false });
});

test('without a key every request is a job of its own', async () => {
  const world = memoryBuckets();
  const { jobs } = jobsIn(world, idle);
  const both = [await jobs.create(order, undefined, never), await jobs.create(order, undefined, never)];
  expect(new Set(both.map(({ facts }) => facts.id)).size).toBe(2);
});

test('a failed job that is asked for again is pending, then has the end of its newest round', async () => {
  const world = memoryBuckets();
  let isMended = false;
  const engine = fakeEngine(() => {
    if (isMended) return 'painted';
    throw new EditError('ENGINE_REJECTED', 'Expected another field');
  });
  const run: Dispatch = (job, signal) => inlineDispatch(runOptions(store, engine))(job, signal);
  const { store, jobs } = jobsIn(world, run);
  const { facts } = await jobs.create(order, undefined, never);
  expect(facts.failure).toMatchObject({ code: 'ENGINE_REJECTED' });
  const ask = { store, buckets, pairing: { folderMask: false }, codes: ['ENGINE_REJECTED'], prefix: '' };
  for await (const { job } of askAgain({ ...ask, isDryRun: false }, never)) expect(job).toBe(facts.id);
  const shown = async () => {
    const { jobs: listed } = await jobs.list(all, never);
    return listed.map((each) => jobResource(each, 'output', () => ({}) as Problem));
  };
  expect(await shown()).toMatchObject([{ id: facts.id, state: 'pending', problem: null }]);
  isMended = true;
  for (const job of await jobsOf(store, facts.imageName)) await run(job, never);
  const links = { manifest: `jobs/${facts.id}/manifest` };
  expect(await shown()).toMatchObject([{ id: facts.id, state: 'succeeded', outputs: [{ index: 1 }], links }]);
  const manifest = await jobs.manifestOf(await jobs.read(facts.id, never), never);
  expect(JSON.parse(new TextDecoder().decode(manifest))).toMatchObject({ round: 1 });
});

test('a cancelled job stays cancelled in every reader, also when a run published at the same moment (G23)', async () => {
  const world = memoryBuckets();
  const engine = fakeEngine();
  const { store, jobs } = jobsIn(world, (job, signal) =>
    inlineDispatch(runOptions(store, engine))(job, signal),
  );
  const waiting = jobsIn(world, idle);
  const { facts } = await waiting.jobs.create(order, undefined, never);
  await waiting.jobs.cancel(facts.id, never);
  await expect(jobs.cancel(facts.id, never)).resolves.toMatchObject({
    failure: { code: 'CANCELLED_BY_CALLER' },
  });
  // The manifest of a run that had looked just before.
  const done = await jobs.create(order, undefined, never);
  const manifest = namesOf(world, 'output/').find((name) => name.endsWith('manifest.json')) ?? '';
  const entry = world.objects.get(manifest);
  const folder = `${facts.imageName}/${facts.id}/`;
  world.objects.set(`output/${folder}manifest.json`, {
    info: { ...entry!.info, name: `${folder}manifest.json` },
    bytes: entry!.bytes,
  });
  const shown = jobResource(await jobs.read(facts.id, never), 'output', (error) => ({
    ...{ type: 't', title: 't', status: error.status, detail: error.message, code: error.code, remedy: 'r' },
  }));
  expect(jobSchema.parse(shown)).toMatchObject({ state: 'cancelled', outputs: [] });
  await expect(jobs.cancel(done.facts.id, never)).rejects.toMatchObject({ code: 'JOB_ENDED' });
});

interface Death {
  readonly kind: Fault;
  readonly at: number;
}

test('a job that is cancelled at any request, and dies at any later one, stays cancelled; no call begins after', async () => {
  const regions = ['r0', 'r1'];
  /** Cancels before the run makes this request; the process may die at a later one. */
  async function cancelledAt(at: number, death?: Death) {
    const world = memoryBuckets();
    const waiting = jobsIn(world, idle);
    const { facts } = await waiting.jobs.create(order, undefined, never);
    const pending = new Map(world.objects);
    await waiting.jobs.cancel(facts.id, never);
    const made = [...world.objects].filter(([name]) => !pending.has(name));
    world.objects.clear();
    for (const [name, entry] of pending) world.objects.set(name, entry);
    const engine = fakeEngine();
    let looks = 0;
    let looksBefore = 0;
    const store = memoryClient(world, (request, what) => {
      if (request === at) {
        for (const [name, entry] of made) if (!world.objects.has(name)) world.objects.set(name, entry);
        looksBefore = looks;
      }
      if (what.startsWith('stat output/') && what.endsWith('error.json')) looks++;
      return request === death?.at ? death.kind : undefined;
    });
    const deliver = async (by: MemoryClient) => {
      const options = runOptions(by, engine, { editWith: fakeEditWith(regions) });
      for (const job of await jobsOf(by, facts.imageName)) await inlineDispatch(options)(job, never);
    };
    await deliver(store).catch(() => undefined);
    for (let again = 0; again < 2; again++) {
      world.nowMs += leaseMs;
      await deliver(memoryClient(world));
    }
    const read = await waiting.jobs.read(facts.id, never);
    const seen = { state: stateOf(read), hasManifest: read.manifest !== undefined };
    return { ...seen, calls: engine.calls.length, looks, looksBefore, requests: store.requests };
  }

  const whole = await cancelledAt(0);
  const { looks } = whole;
  const { length: requests } = whole.requests;
  expect(looks).toBe(regions.length + 1);
  expect(requests).toBeGreaterThan(15);
  for (let at = 1; at <= requests; at++) {
    const deaths: (Death | undefined)[] = [undefined];
    for (let later = at; later <= requests; later++)
      for (const kind of ['crash-after', 'lost'] as const) deaths.push({ kind, at: later });
    for (const death of deaths) {
      const told = `cancelled at ${at}, ${JSON.stringify(death)}`;
      const { state, hasManifest, calls, looksBefore } = await cancelledAt(at, death);
      expect(state, told).toBe('cancelled');
      // Each call is made after a look for the cancellation.
      expect(calls, told).toBeLessThanOrEqual(looksBefore);
      // The last look comes before the manifest.
      if (looksBefore < looks) expect(hasManifest, told).toBe(false);
    }
  }
});

test('a page of jobs goes on where the one before ended', async () => {
  const world = memoryBuckets();
  const { jobs } = jobsIn(world, idle);
  const ids: string[] = [];
  for (let at = 0; at < 5; at++) ids.push((await jobs.create(order, undefined, never)).facts.id);
  const found: string[] = [];
  let pageToken: string | undefined;
  do {
    const wanted = { prefix: 'http/', state: 'pending', pageSize: 2, pageToken } as const;
    const page = await jobs.list(wanted, never);
    found.push(...page.jobs.map(({ id }) => id));
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  expect(found.sort()).toEqual(ids.sort());
});
