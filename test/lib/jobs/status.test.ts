import { describe, expect, it } from 'vitest';
import { EditError } from '../../../lib/errors.ts';
import { collectInputs } from '../../../lib/jobs/inputs/pairing.ts';
import { planJob } from '../../../lib/jobs/inputs/plan.ts';
import { runJob } from '../../../lib/jobs/run/run.ts';
import { statusOf } from '../../../lib/jobs/status.ts';
import { buckets, fakeEngine, jobsOf, never, planOptions, runOptions } from '../../support/job-world.ts';
import { memoryBuckets, memoryClient, put } from '../../support/memory-store.ts';

it('tells from the buckets what has become of every picture', async () => {
  const world = memoryBuckets();
  const store = memoryClient(world);
  const drop = (name: string, text = 'photo') => put(world, { bucket: 'input', name }, text);
  const run = async (name: string, code?: 'MODEL_QUOTA', client = store) => {
    const engine = fakeEngine(() => {
      if (code !== undefined) throw new EditError(code, 'Expected quota');
      return 'painted';
    });
    for (const job of await jobsOf(store, name)) {
      await runJob(job, runOptions(client, engine), never).catch(() => undefined);
    }
  };
  for (const name of ['done', 'pending', 'running', 'waiting', 'poison']) drop(`s/${name}_mask.png`);
  for (const name of ['alone', 'done', 'pending', 'running', 'waiting']) drop(`s/${name}.jpg`);
  drop('s/poison.jpg', 'bomb');
  drop('other.jpg');
  await run('s/done.jpg');
  await run('s/waiting.jpg', 'MODEL_QUOTA');
  await run('s/poison.jpg');
  const dying = memoryClient(world, (_, what) =>
    what.startsWith('create raw') || what.startsWith('read') ? 'crash-before' : undefined,
  );
  await run('s/running.jpg', undefined, dying);
  world.nowMs += 5000;

  // A picture named in full is told with its mask, which does not begin so.
  expect(await statusOf({ store, buckets, prefix: 's/done.jpg' })).toMatchObject([{ state: 'done' }]);
  expect(await statusOf({ store, buckets, prefix: 's/' })).toEqual([
    { image: 's/alone.jpg', state: 'no mask', ageMs: 5000, attempts: 0, modelCalls: 0, code: '' },
    { image: 's/done.jpg', state: 'done', ageMs: 5000, attempts: 1, modelCalls: 1, code: '' },
    { image: 's/pending.jpg', state: 'pending', ageMs: 5000, attempts: 0, modelCalls: 0, code: '' },
    {
      image: 's/poison.jpg',
      state: 'failed',
      ageMs: 5000,
      attempts: 1,
      modelCalls: 0,
      code: 'IMAGE_UNREADABLE',
    },
    { image: 's/running.jpg', state: 'running', ageMs: 5000, attempts: 1, modelCalls: 0, code: '' },
    {
      image: 's/waiting.jpg',
      state: 'waiting',
      ageMs: 5000,
      attempts: 0,
      modelCalls: 0,
      code: 'MODEL_QUOTA',
    },
  ]);
});

describe('pictures with the mask of their folder', () => {
  const options = (store: ReturnType<typeof memoryClient>, folderMask: boolean) => ({
    ...{ store, buckets, prefix: 'f/p', folderMask },
  });

  it('are told from what became of them, and wait where that is configured', async () => {
    const world = memoryBuckets();
    const store = memoryClient(world);
    for (const name of ['f/_folder.mask.png', 'f/p1.jpg', 'f/p2.jpg'])
      put(world, { bucket: 'input', name }, name);
    const [set] = await collectInputs(
      store,
      { bucket: 'input', name: 'f/p1.jpg' },
      { folderMask: true },
      never,
    );
    const job = set && (await planJob(store, set, planOptions, never));
    if (job === undefined) throw new Error('expected a job');
    await runJob(job, runOptions(store, fakeEngine()), never);
    const states = async (folderMask: boolean) =>
      (await statusOf(options(store, folderMask))).map(({ state }) => state);
    expect(await states(false)).toEqual(['done', 'no mask']);
    expect(await states(true)).toEqual(['done', 'pending']);
  });
});

it('tells of the later of two claims of one picture', async () => {
  const world = memoryBuckets();
  const store = memoryClient(world);
  const drop = (name: string) => put(world, { bucket: 'input', name }, name);
  const states: string[] = [];
  for (let upload = 0; upload < 6; upload++) {
    drop('p.mask.png');
    if (upload === 0) drop('p.jpg');
    const engine = fakeEngine(() => {
      if (upload % 2 === 1) throw new EditError('MODEL_QUOTA', 'Expected quota');
      return 'painted';
    });
    const [job] = await jobsOf(store, 'p.jpg');
    if (job !== undefined) await runJob(job, runOptions(store, engine), never).catch(() => undefined);
    world.nowMs += 1000;
    states.push((await statusOf({ store, buckets, prefix: '' })).map(({ state }) => state).join());
  }
  expect(states).toEqual(['done', 'waiting', 'done', 'waiting', 'done', 'waiting']);
});
