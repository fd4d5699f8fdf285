import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { listAll } from '../../../lib/storage/store.ts';
import { never } from '../../support/job-world.ts';
import { deliverTo, openWiredWorld, type WiredWorld } from '../../support/wired-world.ts';

// Only the clock is a fake: the wiring, the emulators and, as HTTP Date, the jobs read it.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 4, 1, 12) }));
afterEach(() => void vi.useRealTimers());

const settings = { ENGINE: 'gemini', BATCH: 'on', DAILY_COST_CAP_USD: '20' };

async function sweepLater(
  world: WiredWorld,
  environment: Readonly<Record<string, string>> = {},
  isDryRun = false,
) {
  vi.setSystemTime(Date.now() + 600_000);
  return (await world.worker(environment)).sweep({ isDryRun }, never);
}

it('a batch that expires: what it answered is published at half the price, the rest at the full one', async () => {
  await using world = await openWiredWorld(settings, { batchEnd: () => 'EXPIRED' });
  const names = ['p1', 'p2'];
  for (const name of names) await world.dropPair(name);
  await sweepLater(world);
  expect(await world.claimOf('p1')).toMatchObject({ state: 'WAIT', code: 'BATCHED', modelCalls: 'r0=1' });
  // A dropped event, and a sweep while the service works.
  expect(await deliverTo(await world.worker(), 'p1')).toBe('ended');
  await sweepLater(world);
  expect(await world.endOf('p1')).toEqual([]);
  expect(world.model.calls()).toEqual([]);
  await sweepLater(world);
  expect(world.model.calls()).toHaveLength(1);
  const told: number[] = [];
  for (const name of names) {
    expect(await world.endOf(name)).toEqual(['1.png', 'manifest.json']);
    const { usage, warnings } = (await world.manifestOf(name)) as {
      usage: { usd: number };
      warnings: string[];
    };
    told.push(usage.usd);
    const isLive = usage.usd > 0.03;
    expect(warnings.some((text) => text.includes('batch'))).toBe(isLive);
  }
  expect(told.filter((usd) => usd > 0.03)).toHaveLength(1);
  expect(told.filter((usd) => usd > 0.0168 && usd < 0.02)).toHaveLength(1);
});

it('a model without batches is asked as usual, and the next jobs at once', async () => {
  await using world = await openWiredWorld({ ...settings, MODEL: 'gemini-3.1-flash-image' });
  await world.dropPair('p1');
  await sweepLater(world);
  expect(await world.endOf('p1')).toEqual([]);
  await world.dropPair('p2');
  await sweepLater(world);
  for (const name of ['p1', 'p2']) expect(await world.endOf(name)).toEqual(['1.png', 'manifest.json']);
  expect(
    world.lines.find(({ fields }) => Reflect.get(fields, 'code') === 'MODEL_INCOMPATIBLE'),
  ).toBeDefined();
});

it('counts half the price before it submits, and puts nothing into a batch beyond the cap of the day', async () => {
  await using world = await openWiredWorld({ ...settings, DAILY_COST_CAP_USD: '0.05' });
  const names = ['p1', 'p2', 'p3'];
  for (const name of names) await world.dropPair(name);
  await sweepLater(world);
  const claims = await Promise.all(names.map(world.claimOf));
  expect(claims.map((claim) => [claim?.['code'], claim?.['modelCalls']])).toEqual([
    ['BATCHED', 'r0=1'],
    ['BATCHED', 'r0=1'],
    ['COST_CAP_REACHED', 'r0=0'],
  ]);
});

it('a backlog that waits takes no room and no requests of sweeps, and goes on as soon as its batch is over', async () => {
  let isAnswered = false;
  await using world = await openWiredWorld(settings, {
    batchEnd: () => (isAnswered ? 'SUCCEEDED' : undefined),
  });
  const [backlog, fresh] = [
    ['a1', 'a2', 'a3'],
    ['b1', 'b2', 'b3'],
  ] as const;
  for (const name of backlog) await world.dropPair(name);
  await sweepLater(world);
  for (const name of fresh) await world.dropPair(name);
  world.storage.requests.reset();
  const small = { SWEEP_MAX_JOBS: '2' };
  const [dry, wet, rest] = [
    await sweepLater(world, small, true),
    await sweepLater(world, small),
    await sweepLater(world, small),
  ];
  const images = (report: typeof wet) => report.jobs.map(({ image }) => image);
  expect([dry, wet, rest].map(images)).toEqual([['b1.png', 'b2.png'], ['b1.png', 'b2.png'], ['b3.png']]);
  expect([dry.batched, wet.batched, rest.batched]).toEqual([3, 3, 0]);
  // Half the list price of a picture.
  expect([dry.costEstimateUsd, wet.costEstimateUsd]).toEqual([2 * 0.0168, 2 * 0.0168]);
  const touched = Object.keys(world.storage.requests.snapshot().byObject);
  const claims = await listAll(world.user, 'control', 'claims/', undefined);
  const idle = claims.filter(({ metadata }) => metadata['imageVersion']?.startsWith('a'));
  expect(idle).toHaveLength(3);
  for (const { name } of idle) expect(touched).not.toContain(`control/${name}`);

  isAnswered = true;
  await sweepLater(world, small);
  for (const name of backlog) expect(await world.endOf(name)).toEqual(['1.png', 'manifest.json']);
  expect(world.model.calls()).toEqual([]);
});
