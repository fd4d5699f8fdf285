import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest';
import { readConfig } from '../../../lib/config.ts';
import { statusOf } from '../../../lib/jobs/status.ts';
import { parseRequest } from '../../../lib/requests/edit-request.ts';
import { wire } from '../../../lib/wiring.ts';
import { buckets, never, silentLog } from '../../support/job-world.ts';
import { image, mask } from '../../support/small-pair.ts';
import { deliverTo, openWiredWorld } from '../../support/wired-world.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

// Only the clock is a fake: the wiring, the emulators and, as HTTP Date, the jobs read it.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 4, 1, 12) }));
afterEach(() => void vi.useRealTimers());
const pass = (ms: number) => void vi.setSystemTime(Date.now() + ms);

const published = ['1.png', 'manifest.json'];
const waiting = { state: 'WAIT', attempts: '0', modelCalls: 'r0=0' };
const numbered = (count: number) => Array.from({ length: count }, (_, n) => `p${n}`);

test('defaults of requests reach the job, below the fields of its own file', async () => {
  await using world = await openWiredWorld({
    REQUEST_DEFAULTS: '{"featherPx": 3, "seed": 4, "addWatermark": false}',
  });
  const json = new TextEncoder().encode('{"seed": 9}');
  await world.user.create({ bucket: 'input', name: 'p.json' }, json, { contentType: 'application/json' });
  await world.dropPair('p');
  expect(await deliverTo(await world.worker(), 'p')).toBe('ended');
  expect(await world.manifestOf('p')).toMatchObject({ request: { featherPx: 3, seed: 9, mode: 'removal' } });
});

test('a request for a mask by the model needs no mask object, and the sweep takes it for settled', async () => {
  await using world = await openWiredWorld();
  await world.put('p.png', 'photo');
  const worker = await world.worker();
  expect(await deliverTo(worker, 'p')).toBe('ended');
  expect(await world.endOf('p')).toEqual([]);
  const json = new TextEncoder().encode('{"maskMode": "background"}');
  await world.user.create({ bucket: 'input', name: 'p.json' }, json, { contentType: 'application/json' });
  await worker.uploads({ bucket: 'input', name: 'p.json' });
  expect(await world.endOf('p')).toEqual([...published, 'mask.png']);
  expect(await world.manifestOf('p')).toMatchObject({ inputs: { mask: null }, modelCalls: 1 });
  expect(await worker.sweep({ isDryRun: true }, never)).toMatchObject({ jobs: [], settled: 1 });
});

test('several events of one picture at once on a cold worker are one run', async () => {
  await using world = await openWiredWorld();
  await world.dropPair('p');
  const { runJob } = await world.worker();
  const names = ['p.png', 'p.mask.png', 'p.png', 'p.mask.png'];
  await Promise.all(names.map((name) => runJob({ bucket: 'input', name }, never)));
  expect(await world.endOf('p')).toEqual(published);
});

test('a sweep without a queue stops when the instance is shut down', async () => {
  await using world = await openWiredWorld();
  await world.dropPair('p');
  pass(5 * minuteMs);
  const worker = await world.worker({}, AbortSignal.abort());
  await worker.sweep({ isDryRun: false }, never).catch(() => undefined);
  expect(world.model.calls()).toEqual([]);
  expect(await world.endOf('p')).toEqual([]);
  const next = await world.worker();
  expect(await next.sweep({ isDryRun: false }, never)).toMatchObject({ jobs: [expect.anything()] });
  expect(await world.endOf('p')).toEqual(published);
});

test('a bucket that was worked with the former default is not worked again with the new one', async () => {
  await using world = await openWiredWorld({ ENGINE: 'gemini' });
  const former = await world.worker({ MODEL: 'gemini-3.1-flash-image' });
  for (const name of ['done', 'failed']) await world.dropPair(name);
  expect(await deliverTo(former, 'done')).toBe('ended');
  world.model.behave({ blockReason: 'SAFETY' });
  expect(await deliverTo(former, 'failed')).toBe('ended');
  world.model.reset();
  pass(5 * minuteMs);
  const current = await world.worker();
  for (const name of ['done', 'failed']) expect(await deliverTo(current, name)).toBe('ended');
  expect(await current.sweep({ isDryRun: true }, never)).toMatchObject({ jobs: [], settled: 2 });
  expect(world.model.calls()).toEqual([]);
  await world.dropPair('fresh');
  expect(await deliverTo(current, 'fresh')).toBe('ended');
  expect(await world.manifestOf('fresh')).toMatchObject({ engine: 'gemini:gemini-nano-banana-2.1' });
});

describe('the mask of a folder', () => {
  it('uploaded between its pictures: one job for each, and a new one when the mask is uploaded again', async () => {
    await using world = await openWiredWorld({ FOLDER_MASK: 'true' });
    const { uploads } = await world.worker();
    const upload = async (what: string) => {
      const name = what === 'mask' ? 'd/_folder.mask.png' : `d/${what}.png`;
      await world.put(name, what === 'mask' ? 'mask' : 'photo');
      await uploads({ bucket: 'input', name });
    };
    for (const what of ['a', 'mask', 'b']) await upload(what);
    for (const name of ['d/a', 'd/b']) expect(await world.endOf(name)).toEqual(published);
    await upload('mask');
    for (const name of ['d/a', 'd/b']) expect(await world.endOf(name)).toEqual([...published, ...published]);
  });

  it('is ignored where it is not configured', async () => {
    await using world = await openWiredWorld({ ENGINE: 'patchmatch' });
    await world.put('d/a.png', 'photo');
    await world.put('d/_folder.mask.png', 'mask');
    const { uploads } = await world.worker();
    for (const name of ['d/a.png', 'd/_folder.mask.png']) await uploads({ bucket: 'input', name });
    expect(await world.endOf('d/a')).toEqual([]);
  });
});

describe('with MAX_MODEL_CALLS=1 no layer below a counted call sends it again', () => {
  it.each([
    ['an outage', 'imagen', { status: 503 }, 'MODEL_UNAVAILABLE'],
    ['a connection that breaks', 'imagen', { reset: true }, 'MODEL_UNAVAILABLE'],
    ['an answer without a picture', 'gemini', { refusal: true }, 'ended'],
  ] as const)('%s', async (_, ENGINE, behaviour, end) => {
    await using world = await openWiredWorld({ ENGINE, MAX_MODEL_CALLS: '1' });
    await world.dropPair('p');
    world.model.behave(behaviour);
    expect(await deliverTo(await world.worker(), 'p')).toBe(end);
    expect(world.model.calls()).toHaveLength(1);
  });
});

describe('the daily cap of cost', () => {
  it('is never passed by several workers; the other jobs wait, report that, and run on the next day', async () => {
    await using world = await openWiredWorld({ DAILY_COST_CAP_USD: '0.12' });
    const names = numbered(8);
    for (const name of names) await world.dropPair(name);
    const workers = await Promise.all(Array.from({ length: 4 }, () => world.worker()));
    const open = new Set(names);
    const callsByDay: number[] = [];
    for (let day = 0; day < 3; day++) {
      world.model.reset();
      const ends = await Promise.all(
        [...open].map(async (name, n) => [name, await deliverTo(workers[n % 4]!, name)] as const),
      );
      callsByDay.push(world.model.calls().length);
      for (const [name, end] of ends) if (end === 'ended') open.delete(name);
      expect(ends.filter(([, end]) => !['ended', 'COST_CAP_REACHED'].includes(end))).toEqual([]);
      for (const name of open) {
        expect(await world.claimOf(name)).toMatchObject({ ...waiting, code: 'COST_CAP_REACHED' });
        expect(await world.endOf(name)).toEqual([]);
      }
      const states = await statusOf({ store: world.user, buckets, prefix: '' });
      expect(
        states.filter(({ state, code }) => state === 'waiting' && code === 'COST_CAP_REACHED'),
      ).toHaveLength(open.size);
      pass(dayMs);
    }
    expect(callsByDay).toEqual([3, 3, 2]);
    for (const name of names) expect(await world.endOf(name)).toEqual(published);
    expect(
      world.lines.filter(({ level, fields }) => level === 'error' && fields['code'] === 'COST_CAP_REACHED'),
    ).not.toEqual([]);
  });

  it('holds for jobs and HTTP functions together, where these know the control bucket alone', async () => {
    await using world = await openWiredWorld({ DAILY_COST_CAP_USD: '0.12' });
    await world.dropPair('p');
    const wired = wire(
      readConfig({
        ...{ CONTROL_BUCKET: 'control', STORAGE_API_ENDPOINT: world.storage.url, DAILY_COST_CAP_USD: '0.12' },
        ...{ MODEL_BASE_URL: world.model.url, ENGINE: 'imagen' },
      }),
      silentLog,
    );
    const edit = await wired.edit();
    const { make: generate } = await wired.generate();
    const input = { image, mask, request: parseRequest({ outputFormat: 'png' }) };
    await edit(input, never);
    await generate({ prompt: 'a boat' }, never);
    expect(await deliverTo(await world.worker(), 'p')).toBe('ended');
    expect(world.model.calls()).toHaveLength(3);
    const refused = { code: 'COST_CAP_REACHED', status: 503, retryAfterMs: 3_600_000 };
    await expect(edit(input, never)).rejects.toMatchObject(refused);
    await expect(generate({ prompt: 'a boat' }, never)).rejects.toMatchObject(refused);
    expect(world.model.calls()).toHaveLength(3);
  });

  it('counts candidates, and lets jobs run at once when it is raised', async () => {
    await using world = await openWiredWorld({ REQUEST_DEFAULTS: '{"samples": 3}' });
    for (const name of ['a', 'b']) await world.dropPair(name);
    const capped = await world.worker({ DAILY_COST_CAP_USD: '0.2' });
    expect([await deliverTo(capped, 'a'), await deliverTo(capped, 'b')]).toEqual([
      'ended',
      'COST_CAP_REACHED',
    ]);
    expect(await world.manifestOf('a')).toMatchObject({ costEstimateUsd: 0.12 });
    pass(60 * minuteMs);
    expect(await deliverTo(await world.worker({ DAILY_COST_CAP_USD: '0.5' }), 'b')).toBe('ended');
  });

  it('counts the second try of a Gemini model', async () => {
    await using world = await openWiredWorld({ ENGINE: 'gemini', DAILY_COST_CAP_USD: '0.06' });
    await world.dropPair('p');
    const end = async (settings: Record<string, string>) => deliverTo(await world.worker(settings), 'p');
    expect(await end({})).toBe('COST_CAP_REACHED');
    pass(60 * minuteMs);
    expect(await end({ MAX_MODEL_CALLS: '1' })).toBe('ended');
  });

  it('needs a price', async () => {
    await using world = await openWiredWorld({ DAILY_COST_CAP_USD: '1', MODEL: 'imagen-of-tomorrow' });
    await world.dropPair('p');
    expect(await deliverTo(await world.worker(), 'p')).toBe('CONFIG_INVALID');
    expect(world.model.calls()).toEqual([]);
  });
});

describe('the circuit', () => {
  it('opens on a model that is gone: jobs wait without calls and keep their budgets, an alert is logged; closes after the fix', async () => {
    const code = 'MODEL_RETIRED';
    await using world = await openWiredWorld();
    const names = numbered(3);
    for (const name of names) await world.dropPair(name);
    const worker = await world.worker();
    world.model.behave({ status: 404 });
    for (const name of names) expect(await deliverTo(worker, name)).toBe(code);
    expect(world.model.calls()).toHaveLength(1);
    for (const name of names) expect(await world.claimOf(name)).toMatchObject({ ...waiting, code });
    const alerts = world.lines.filter(({ message }) => message.startsWith('Circuit open'));
    expect(alerts).toMatchObject([{ level: 'error', fields: { code } }]);
    // The probe finds that it is not mended.
    pass(minuteMs);
    for (const name of names) expect(await deliverTo(worker, name)).toBe(code);
    expect(world.model.calls()).toHaveLength(2);
    world.model.reset();
    pass(minuteMs);
    for (const name of names) expect(await deliverTo(worker, name)).toBe('ended');
    for (const name of names) expect(await world.endOf(name)).toEqual(published);
  });

  it('opens once for a field that the model does not take: no pair ends, and all have results a minute after the mend', async () => {
    await using world = await openWiredWorld();
    const names = numbered(8);
    for (const name of names) await world.dropPair(name);
    const worker = await world.worker();
    world.model.behave({ unknownField: 'parameters.editMode' });
    const deliver = async () => {
      const first = await deliverTo(worker, names[0]!);
      return [first, ...(await Promise.all(names.slice(1).map((name) => deliverTo(worker, name))))];
    };
    expect(new Set(await deliver())).toEqual(new Set(['MODEL_INCOMPATIBLE']));
    expect(world.model.calls()).toHaveLength(1);
    const ends = async () => (await Promise.all(names.map(world.endOf))).flat();
    expect(await ends()).toEqual([]);
    const alerts = world.lines.filter(({ message }) => message.startsWith('Circuit open'));
    expect(alerts.map(({ message }) => message)).toEqual([expect.stringContaining('editMode')]);
    world.model.reset();
    pass(minuteMs);
    expect(new Set(await deliver())).toEqual(new Set(['ended']));
    expect(await ends()).toEqual(names.flatMap(() => published));
  });

  it('opens when 5 jobs are rejected with one sentence; a minute after the mend the others have their results', async () => {
    await using world = await openWiredWorld();
    const names = numbered(7);
    for (const name of names) await world.dropPair(name);
    const worker = await world.worker();
    world.model.behave({ status: 400 });
    const ends: string[] = [];
    for (const name of names) ends.push(await deliverTo(worker, name));
    expect(ends).toEqual([...Array(4).fill('ended'), ...Array(3).fill('REJECTION_STORM')]);
    expect(world.model.calls()).toHaveLength(5);
    world.model.reset();
    pass(minuteMs);
    for (const name of names.slice(4)) expect(await deliverTo(worker, name)).toBe('ended');
    for (const name of names.slice(4)) expect(await world.endOf(name)).toEqual(published);
  });

  it('opens after twenty refusals in a row, before the whole bucket has failed', async () => {
    await using world = await openWiredWorld();
    const names = numbered(21);
    for (const name of names) await world.dropPair(name);
    const worker = await world.worker();
    world.model.behave({ refusal: true });
    for (const name of names.slice(0, 20)) expect(await deliverTo(worker, name)).toBe('ended');
    for (const name of names.slice(20)) expect(await deliverTo(worker, name)).toBe('POLICY_STORM');
    expect(await world.endOf('p19')).toEqual(['error.json']);
    expect(world.model.calls()).toHaveLength(20);
    for (const name of names.slice(20))
      expect(await world.claimOf(name)).toMatchObject({ ...waiting, code: 'POLICY_STORM' });
    world.model.reset();
    pass(6 * minuteMs);
    for (const name of names.slice(20)) expect(await deliverTo(worker, name)).toBe('ended');
    expect(await world.endOf('p20')).toEqual(published);
  });
});
