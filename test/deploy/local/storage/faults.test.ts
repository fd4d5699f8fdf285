import type { File } from '@google-cloud/storage';
import { beforeEach, describe, expect, it } from 'vitest';
import type { FaultyStorage } from '../../../support/faulty-storage.ts';
import type { FaultHit } from '../../../support/storage-faults.ts';
import { clientOf, codeOf, createOnly, eventually, startEmulator } from './support.ts';

let emulator: FaultyStorage;
const fileFor = (name: string, url = emulator.url): File => clientOf(url).bucket('control').file(name);
const create = (name: string, url?: string) => codeOf(fileFor(name, url).save('x', createOnly));
const exists = async (name: string) => (await fileFor(name).exists())[0];
const isBroken = (code: unknown) => code !== 'no failure' && code !== 412 && code !== 503;

beforeEach(async () => {
  emulator = await startEmulator();
});

describe('a fault at request k', () => {
  it('503: answers so and does nothing', async () => {
    emulator.faults.set([{ kind: '503', at: 2 }]);
    expect(await create('a')).toBe('no failure');
    expect(await create('b')).toBe(503);
    expect(await exists('b')).toBe(false);
    expect(await create('b')).toBe('no failure');
  });

  it('reset: breaks the connection and does nothing', async () => {
    emulator.faults.set([{ kind: 'reset', at: 1 }]);
    expect(await create('a')).toSatisfy(isBroken);
    expect(await exists('a')).toBe(false);
  });

  it('lost: does it and breaks the connection', async () => {
    emulator.faults.set([{ kind: 'lost', at: 1 }]);
    expect(await create('a')).toSatisfy(isBroken);
    expect(await exists('a')).toBe(true);
    expect(await create('a')).toBe(412);
  });

  it('cut: does it and sends half of the answer', async () => {
    emulator.faults.set([{ kind: 'cut', at: 1 }]);
    expect(await create('a')).toSatisfy(isBroken);
    expect(await exists('a')).toBe(true);
  });

  it.each([100, 1_000_000])('garbled: one byte of %d is another', async (length) => {
    await fileFor('a').save(Buffer.alloc(length), createOnly);
    emulator.faults.set([{ kind: 'garbled', at: 1 }]);
    const [bytes] = await fileFor('a').download({ validation: false });
    expect([bytes.length, bytes.filter((byte) => byte !== 0).length]).toEqual([length, 1]);
  });

  it('stalled: half comes, and no more', async () => {
    await fileFor('a').save(Buffer.alloc(1000), createOnly);
    emulator.faults.set([{ kind: 'stalled', at: 1 }]);
    const stream = fileFor('a').createReadStream({ validation: false });
    let received = 0;
    stream.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    await eventually(() => expect(received).toBe(500));
    stream.destroy();
  });

  it('hang: waits for release and then does it', async () => {
    let hits = 0;
    emulator.faults.set([{ kind: 'hang', at: 1, onHit: () => void hits++ }]);
    const zombie = create('a');
    await eventually(() => expect(hits).toBe(1));
    expect(await create('a')).toBe('no failure');
    emulator.faults.release();
    expect(await zombie).toBe(412);
  });

  it('advance: moves the clock, so that a lease expires there', async () => {
    const before = emulator.now();
    emulator.faults.set([{ kind: 'advance', at: 1, advanceMs: 900_000 }]);
    await create('a');
    expect(emulator.now() - before).toBeGreaterThanOrEqual(900_000);
  });

  it('notice: waits for what is done meanwhile', async () => {
    emulator.faults.set([
      {
        kind: 'notice',
        at: 1,
        match: { worker: 'w1' },
        onHit: async () => expect(await create('a')).toBe('no failure'),
      },
    ]);
    expect(await create('a', emulator.workerUrl('w1'))).toBe(412);
  });

  it.each([
    ['crash-before', false],
    ['crash-after', true],
  ] as const)('%s: the worker is dead from there on; effect done: %s', async (kind, isDone) => {
    const hits: FaultHit[] = [];
    const url = emulator.workerUrl('w1');
    emulator.faults.set([{ kind, at: 1, match: { worker: 'w1' }, onHit: (hit) => void hits.push(hit) }]);
    void create('a', url);
    await eventually(() => expect(hits).toHaveLength(1));
    expect(hits[0]).toMatchObject({ kind, operation: 'create', bucket: 'control', name: 'a', worker: 'w1' });
    void create('b', url);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect([await exists('a'), await exists('b')]).toEqual([isDone, false]);
    expect(await create('b', emulator.workerUrl('w2'))).toBe('no failure');
  });
});

it('counts only what a rule matches, as often as told', async () => {
  emulator.faults.set([
    {
      kind: '503',
      at: 2,
      times: 2,
      match: { operations: ['create'], namePrefix: 'claims/', bucket: 'control' },
    },
  ]);
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
