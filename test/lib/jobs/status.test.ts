import { expect, it } from 'vitest';
import { EditError } from '../../../lib/errors.ts';
import { collectInputs } from '../../../lib/jobs/inputs/pairing.ts';
import { planJob } from '../../../lib/jobs/inputs/plan.ts';
import { runJob } from '../../../lib/jobs/run/run.ts';
import { statusOf } from '../../../lib/jobs/status.ts';
import { buckets, fakeEngine, jobsOf, never, planOptions, runOptions } from '../../support/job-world.ts';
import { bucketsWith, memoryBuckets, memoryClient, put } from '../../support/memory-store.ts';

it('reads the state of every picture from the buckets', async () => {
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

  // The full name of a picture is no prefix of the name of its mask.
  expect(await statusOf({ store, buckets, prefix: 's/done.jpg' })).toMatchObject([{ state: 'done' }]);
  const of = (name: string, state: string, attempts = 0, modelCalls = 0, code = '') => ({
    ...{ image: `s/${name}.jpg`, state, ageMs: 5000, attempts, modelCalls, code },
  });
  expect(await statusOf({ store, buckets, prefix: 's/' })).toEqual([
    of('alone', 'no mask'),
    of('done', 'done', 1, 1),
    of('pending', 'pending'),
    of('poison', 'failed', 1, 0, 'IMAGE_UNREADABLE'),
    of('running', 'running', 1, 0),
    of('waiting', 'waiting', 0, 0, 'MODEL_QUOTA'),
  ]);
});

it('finds results of folder masks, and pictures that wait with one where that is configured', async () => {
  const store = memoryClient(bucketsWith('f/_folder.mask.png', 'f/p1.jpg', 'f/p2.jpg'));
  const id = { bucket: 'input', name: 'f/p1.jpg' };
  const [set] = await collectInputs(store, id, { folderMask: true }, never);
  const job = set && (await planJob(store, set, planOptions, never));
  if (job === undefined) throw new Error('expected a job');
  await runJob(job, runOptions(store, fakeEngine()), never);
  const states = async (folderMask: boolean) =>
    (await statusOf({ store, buckets, prefix: 'f/p', folderMask })).map(({ state }) => state);
  expect(await states(false)).toEqual(['done', 'no mask']);
  expect(await states(true)).toEqual(['done', 'pending']);
});

it('shows the later of two claims of one picture', async () => {
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
