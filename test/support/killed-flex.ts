import { expect } from 'vitest';
import type { FaultMatch } from './storage-faults.ts';
import { deliverTo, openWiredWorld } from './wired-world.ts';

interface Survived {
  /** False when the job made fewer requests. */
  readonly isHit: boolean;
  /** Calls that the model answered, and that the claim counts. */
  readonly calls: number;
  readonly counted: number;
}

const hoursMs = 2 * 3_600_000;

/**
 * A job of the tier flex whose process is killed after its request `at` of those that match, on the emulators
 * of storage and model; another one goes on after the lease. Holds after that: one result, by flex, and every
 * call counted.
 */
export async function surviveFlexKill(at: number, match: FaultMatch = {}): Promise<Survived> {
  await using world = await openWiredWorld({
    ENGINE: 'gemini',
    MODEL_TIER: 'flex',
    DAILY_COST_CAP_USD: '10',
  });
  await world.dropPair('p');
  const died = Promise.withResolvers<void>();
  const gone = new AbortController();
  world.storage.faults.set([
    { kind: 'crash-after', at, times: 1, match: { ...match, worker: 'first' }, onHit: () => died.resolve() },
  ]);
  const STORAGE_API_ENDPOINT = world.storage.workerUrl('first');
  const worker = await world.worker({ STORAGE_API_ENDPOINT }, gone.signal);
  await Promise.race([deliverTo(worker, 'p'), died.promise]);
  const isHit = world.storage.faults.hits().length > 0;
  gone.abort();
  world.storage.advance(hoursMs);
  expect(await deliverTo(await world.worker(), 'p')).toBe('ended');
  expect(await world.endOf('p')).toEqual(['1.png', 'manifest.json']);
  expect(await world.manifestOf('p')).toMatchObject({ usage: { trafficTypes: ['ON_DEMAND_FLEX'] } });
  const counted = Number((await world.claimOf('p'))?.['modelCalls']?.slice('r0='.length));
  expect(counted).toBeLessThanOrEqual(2);
  const calls = world.model.calls().length;
  expect(calls).toBeLessThanOrEqual(counted);
  return { isHit, calls, counted };
}
