import { expect, it } from 'vitest';
import { EditError } from '../../../lib/errors.ts';
import { runJob } from '../../../lib/jobs/run.ts';
import { statusOf } from '../../../lib/jobs/status.ts';
import { buckets, fakeEngine, jobsOf, never, runOptions } from '../../support/job-world.ts';
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

  expect(await statusOf(store, buckets, 's/')).toEqual([
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
