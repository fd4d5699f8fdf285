import { beforeEach, describe, expect, it } from 'vitest';
import type { FaultyStorage } from '../../../support/faulty-storage.ts';
import { clientOf, codeOf, createOnly, eventually, fileAt, startEmulator } from './support.ts';

let emulator: FaultyStorage;
const fileFor = (name: string, url = emulator.url) => fileAt(url, name, 'control');
const create = (name: string, url?: string) => codeOf(fileFor(name, url).save('x', createOnly));
const exists = async (name: string) => (await fileFor(name).exists())[0];

/** No answer of the service, and no success. */
const broken = /^(?!no failure|412|503)/;

beforeEach(async () => {
  emulator = await startEmulator();
});

// Broken, silent and garbled downloads are in test/lib/storage/gcs.test.ts.
describe('a fault at request 2', () => {
  it.each([
    ['503', /^503$/, false],
    ['reset', broken, false],
    ['lost', broken, true],
    ['cut', broken, true],
  ] as const)('%s: the client sees %s; effect done: %s', async (kind, seen, isDone) => {
    emulator.faults.set([{ kind, at: 2 }]);
    expect(await create('a')).toBe('no failure');
    expect(String(await create('b'))).toMatch(seen);
    expect(await exists('b')).toBe(isDone);
    expect(await create('b')).toBe(isDone ? 412 : 'no failure');
  });

  it('hang: waits for release and then does it', async () => {
    emulator.faults.set([{ kind: 'hang', at: 1 }]);
    const zombie = create('a');
    await eventually(() => expect(emulator.faults.hits()).toHaveLength(1));
    expect(await create('a')).toBe('no failure');
    emulator.faults.release();
    expect(await zombie).toBe(412);
  });

  it.each([
    ['crash-before', false],
    ['crash-after', true],
  ] as const)('%s: the worker is dead from there on; effect done: %s', async (kind, isDone) => {
    const url = emulator.workerUrl('w1');
    emulator.faults.set([{ kind, at: 1, match: { worker: 'w1' } }]);
    void create('a', url);
    await eventually(() => expect(emulator.faults.hits()).toHaveLength(1));
    expect(emulator.faults.hits()).toMatchObject([
      { kind, operation: 'create', bucket: 'control', name: 'a', worker: 'w1' },
    ]);
    void create('b', url);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect([await exists('a'), await exists('b')]).toEqual([isDone, false]);
    expect(await create('b', emulator.workerUrl('w2'))).toBe('no failure');
  });
});

it('counts only what a rule matches, as often as told', async () => {
  const match = { operations: ['create' as const], namePrefix: 'claims/', bucket: 'control' };
  emulator.faults.set([{ kind: '503', at: 2, times: 2, match }]);
  const outcomes: unknown[] = [];
  for (const name of ['other', 'claims/1', 'claims/2', 'other2', 'claims/3', 'claims/4']) {
    outcomes.push(await create(name));
  }
  const ok = 'no failure';
  expect(outcomes).toEqual([ok, ok, 503, ok, 503, ok]);
  expect(emulator.faults.hits().map(({ request }) => request)).toEqual([3, 5]);
});

it('counts requests by kind and by object', async () => {
  await create('a');
  await fileFor('a').getMetadata();
  await fileFor('a').download();
  await fileFor('a').setMetadata({ metadata: { k: 'v' } });
  await clientOf(emulator.url).bucket('control').getFiles();
  expect(emulator.requests.snapshot()).toEqual({
    total: 5,
    reads: 2,
    writes: 2,
    lists: 1,
    byObject: { 'control/a': { reads: 2, writes: 2, lists: 0 } },
  });
  emulator.requests.reset();
  expect(emulator.requests.snapshot()).toMatchObject({ total: 0, byObject: {} });
});
