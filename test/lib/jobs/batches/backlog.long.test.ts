import { expect, it } from 'vitest';
import { setKey } from '../../../../lib/jobs/inputs/identity.ts';
import { batchNames } from '../../../../lib/jobs/inputs/names.ts';
import { collectInputs } from '../../../../lib/jobs/inputs/pairing.ts';
import { openSweptWorld, sweepOnce } from '../../../support/batch-world.ts';
import { drop, openEmulator, workerStore } from '../../../support/emulator-world.ts';
import { buckets, never } from '../../../support/job-world.ts';

const numbered = (letter: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${letter}${10_000 + n}`);

/** Some at once: one after the other takes a minute. */
async function forEach<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = [...items];
  const worker = async () => {
    for (let item = rest.pop(); item !== undefined; item = rest.pop()) await work(item);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

it('3,000 pictures that wait for a batch cost a sweep only listings, and 100 new ones take two sweeps of 50', {
  timeout: 300_000,
}, async () => {
  await using emulator = await openEmulator();
  const own = workerStore(emulator, 'user');
  const dropPairs = (stems: readonly string[]) =>
    forEach(stems, async (stem) => {
      await drop(own, `${stem}.jpg`, stem);
      await drop(own, `${stem}.mask.png`, stem);
    });
  const backlog = numbered('a', 3000);
  await dropPairs(backlog);
  const sets: string[] = [];
  await forEach(backlog, async (stem) => {
    const id = { bucket: buckets.input, name: `${stem}.jpg` };
    const [inputs] = await collectInputs(own, id, { folderMask: false }, never);
    if (inputs !== undefined) sets.push(`${setKey(inputs)}\n`);
  });
  const names = batchNames('batch-1');
  const contentType = 'application/octet-stream';
  const metadata = { state: 'SENT', model: 'fake', location: 'global', id: '7', owner: 'nobody' };
  await own.create({ bucket: 'control', name: names.sets }, Buffer.from(sets.join('')), { contentType });
  await own.create({ bucket: 'control', name: names.record }, Buffer.alloc(0), { contentType, metadata });
  const world = openSweptWorld(own, { names: [], pass: emulator.advance });
  world.service.isBusy = true;
  await dropPairs(numbered('b', 100));
  emulator.advance(600_000);

  const taken: number[] = [];
  for (let n = 0; n < 2; n++) taken.push((await sweepOnce(world, { maxJobs: 50 }))?.jobs.length ?? 0);
  expect(taken).toEqual([50, 50]);
  emulator.requests.reset();
  // The end of the bucket, then all of it.
  await sweepOnce(world, { maxJobs: 50 });
  emulator.requests.reset();
  expect(await sweepOnce(world, { maxJobs: 50 })).toMatchObject({
    jobs: [],
    batched: 3100,
    isComplete: true,
  });
  const { total, reads, lists, writes } = emulator.requests.snapshot();
  console.log(`a sweep over 3,100 pictures that wait: ${reads} reads, ${lists} lists, ${writes} writes`);
  expect(total).toBeLessThan(60);
});
