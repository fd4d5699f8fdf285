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
  for (const name of ['done', 'embedded', 'pending', 'running', 'waiting', 'poison'])
    drop(`s/${name}_mask.png`);
  for (const name of ['alone', 'done', 'embedded', 'pending', 'running', 'waiting']) drop(`s/${name}.jpg`);
  drop('s/poison.jpg', 'bomb');
  drop('other.jpg');
  await run('s/done.jpg');
  const embedded = { ...fakeEngine(), name: 'patchmatch' };
  for (const job of await jobsOf(store, 's/embedded.jpg'))
    await runJob(job, runOptions(store, embedded), never);
  await run('s/waiting.jpg', 'MODEL_QUOTA');
  await run('s/poison.jpg');
  const dying = memoryClient(world, (_, what) =>
    what.startsWith('create raw') || what.startsWith('read') ? 'crash-before' : undefined,
  );
  await run('s/running.jpg', undefined, dying);
  world.nowMs += 5000;

  // The full name of a picture is no prefix of the name of its mask.
  expect(await statusOf({ store, buckets, prefix: 's/done.jpg' })).toMatchObject([{ state: 'done' }]);
  const of = (name: string, state: string, attempts = 0, modelCalls = 0, code = '', reason = '') => ({
    ...{ name: `s/${name}.jpg`, state, ageMs: 5000, attempts, modelCalls, code, reason },
  });
  expect(await statusOf({ store, buckets, prefix: 's/' })).toEqual([
    of('alone', 'no mask', 0, 0, '', 'waits for s/alone.mask.png'),
    of('done', 'done', 1, 1),
    of('embedded', 'done', 1, 0),
    of('pending', 'pending'),
    of('poison', 'failed', 1, 0, 'IMAGE_UNREADABLE', 'Expected a picture, got bomb'),
    of('running', 'running', 1, 0),
    of('waiting', 'waiting', 0, 0, 'MODEL_QUOTA', 'Expected quota'),
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

it('shows what belongs to nothing with the name that would pair, and masks with a dash as masks', async () => {
  const names = ['IMG_2.JPG', 'img_2.mask.png', 'p.jpg', 'p-mask.png', 'old.json', 'notes.txt', 'b.jpg'];
  const long = `${'n'.repeat(1000)}.jpg`;
  const world = bucketsWith(...names, 'b.mask.png', 'b_mask.png', 'dir/', long);
  for (const name of ['x.jpeg2', 'y.jpeg2'])
    put(world, { bucket: 'input', name }, 'x', { contentType: 'image/jpeg' });
  put(world, { bucket: 'input', name: 'x_mask.png' }, 'x');
  put(world, { bucket: 'control', name: 'claims/broken' }, '', { metadata: { imageVersion: 'b.jpg#1007' } });
  const found = await statusOf({ store: memoryClient(world), buckets, prefix: '' });
  expect(found.map(({ name, state }) => `${state}: ${name}`)).toEqual([
    ...['no mask: IMG_2.JPG', 'pending: b.jpg', `failed: ${long}`, 'pending: p.jpg'],
    ...['unpaired: b_mask.png', 'unpaired: img_2.mask.png', 'unpaired: notes.txt', 'unpaired: old.json'],
    ...['unpaired: x.jpeg2', 'unpaired: x_mask.png', 'unpaired: y.jpeg2'],
  ]);
  const told = Object.fromEntries(found.map(({ name, code, reason }) => [name, code || reason]));
  expect(told).toMatchObject({ [long]: 'NAME_TOO_LONG' });
  for (const [name, expected] of [
    ['IMG_2.JPG', 'IMG_2.mask.png'],
    ['img_2.mask.png', 'IMG_2.mask.png'],
    ['b_mask.png', 'b.mask.png'],
    ['old.json', 'old.jpg'],
    ['x.jpeg2', 'As x.jpg it would pair with x_mask.png'],
    ['y.jpeg2', '.jpg'],
  ] as const)
    expect(told[name]).toContain(expected);
});
