import { describe, expect, it } from 'vitest';
import { inlineDispatch } from '../../../lib/jobs/dispatch.ts';
import { handleUpload } from '../../../lib/jobs/upload.ts';
import {
  buckets,
  fakeEditWith,
  fakeEngine,
  never,
  planOptions,
  runOptions,
  silentLog,
} from '../../support/job-world.ts';
import {
  type Fault,
  type MemoryBuckets,
  memoryBuckets,
  memoryClient,
  put,
} from '../../support/memory-store.ts';

type Engine = ReturnType<typeof fakeEngine>;

const image = { bucket: 'input', name: 'd/p.jpg' };
const mask = { bucket: 'input', name: 'd/p.mask.png' };

function dropPair(): MemoryBuckets {
  const world = memoryBuckets();
  put(world, image, 'photo');
  put(world, mask, 'mask');
  return world;
}

/** One delivery of an event, in a process of its own. */
function deliver(
  world: MemoryBuckets,
  engine: Engine,
  {
    id = image,
    faultAt,
  }: { id?: typeof image; faultAt?: (request: number, what: string) => Fault | undefined } = {},
): Promise<'acknowledged' | 'redeliver'> {
  const store = memoryClient(world, faultAt);
  const dispatch = inlineDispatch(runOptions(store, engine, { editWith: fakeEditWith() }));
  const options = {
    store,
    inputBucket: buckets.input,
    pairing: { folderMask: false },
    plan: planOptions,
    dispatch,
    log: silentLog,
  };
  return handleUpload(id, options, never).then(
    () => 'acknowledged',
    () => 'redeliver',
  );
}

const afterLease = (world: MemoryBuckets) => {
  world.nowMs += 16 * 60_000;
};

function outputsOf(world: MemoryBuckets): string[] {
  const entries = [...world.objects.values()].filter(({ info }) => info.name.endsWith('/1.jpg'));
  return entries.map(({ bytes }) => new TextDecoder().decode(bytes));
}

const numbered = () => fakeEngine((call) => `painted ${call}`);

describe('what must happen', () => {
  it('duplicate event or task; N concurrent instances: one claim wins, others are busy or done', async () => {
    const world = dropPair();
    const engine = numbered();
    const answers = await Promise.all(Array.from({ length: 8 }, () => deliver(world, engine)));
    expect(answers.filter((answer) => answer === 'acknowledged')).toHaveLength(1);
    expect(await deliver(world, engine)).toBe('acknowledged');
    expect(engine.calls).toHaveLength(1);
    expect(outputsOf(world)).toEqual(['photo+mask+painted 1']);
  });

  it.each([
    ['mask first', [mask, image]],
    ['image first', [image, mask]],
  ] as const)('%s: exactly one job', async (_, order) => {
    const world = memoryBuckets();
    const engine = numbered();
    for (const id of order) {
      put(world, id, id === image ? 'photo' : 'mask');
      expect(await deliver(world, engine, { id })).toBe('acknowledged');
    }
    expect(outputsOf(world)).toEqual(['photo+mask+painted 1']);
    expect(engine.calls).toHaveLength(1);
  });

  it('both together: exactly one job', async () => {
    const world = dropPair();
    const engine = numbered();
    await Promise.all([deliver(world, engine, { id: image }), deliver(world, engine, { id: mask })]);
    expect(outputsOf(world)).toEqual(['photo+mask+painted 1']);
    expect(engine.calls).toHaveLength(1);
  });

  const crashes: readonly [row: string, at: RegExp, kind: Fault, calls: number][] = [
    ['crash before the model call: one call of the budget spent', /^swap control\/claims/, 'crash-after', 1],
    ['crash after the call, before raw saved: the call repeats', /^create control\/raw/, 'crash-before', 2],
    ['crash after raw: no new model call', /^create control\/raw/, 'crash-after', 1],
    ['crash after output 1 of n: no new model call', /1\.jpg$/, 'crash-after', 1],
    ['crash after manifest: nothing is done again', /manifest\.json$/, 'crash-after', 1],
  ];
  it.each(crashes)('%s', async (_, at, kind, calls) => {
    const world = dropPair();
    const engine = numbered();
    const faultAt = (__: number, what: string) =>
      at.test(what) && !what.startsWith('stat') ? kind : undefined;
    await deliver(world, engine, { faultAt });
    const published = outputsOf(world);
    afterLease(world);
    expect(await deliver(world, engine)).toBe('acknowledged');
    expect(engine.calls).toHaveLength(calls);
    expect(outputsOf(world)).toHaveLength(1);
    if (published.length > 0) expect(outputsOf(world)).toEqual(published);
  });

  it('response of a create or swap lost: the nonce is read again, no double', async () => {
    const { requests } = await (async () => {
      const store = memoryClient(dropPair());
      const dispatch = inlineDispatch(runOptions(store, numbered()));
      await handleUpload(
        image,
        {
          store,
          inputBucket: 'input',
          pairing: { folderMask: false },
          plan: planOptions,
          dispatch,
          log: silentLog,
        },
        never,
      );
      return store;
    })();
    for (let k = 1; k <= requests.length; k++) {
      const world = dropPair();
      const engine = numbered();
      const answer = await deliver(world, engine, { faultAt: (at) => (at === k ? 'repeated' : undefined) });
      expect([requests[k - 1], answer]).toEqual([requests[k - 1], 'acknowledged']);
      expect(engine.calls).toHaveLength(1);
      expect(outputsOf(world)).toEqual(['photo+mask+painted 1']);
    }
  });

  it('zombie past its lease: its swaps fail, its writes are create-only', async () => {
    const world = dropPair();
    const heir = fakeEngine(() => "the heir's");
    const zombie = fakeEngine(async () => {
      afterLease(world);
      expect(await deliver(world, heir)).toBe('acknowledged');
      return "the zombie's";
    });
    await deliver(world, zombie);
    expect(outputsOf(world)).toEqual(["photo+mask+the heir's"]);
    const claim = [...world.objects.values()].find(({ info }) => info.name.startsWith('claims/'));
    expect(claim?.info.metadata).toMatchObject({ state: 'DONE', modelCalls: 'r0=2' });
  });

  it.each([
    ['image', image],
    ['mask', mask],
  ] as const)('%s re-uploaded during the run: a new job, each result under its own name', async (_, id) => {
    const world = dropPair();
    const engine = fakeEngine((call) => {
      if (call === 1) put(world, id, 'newer');
      return `painted ${call}`;
    });
    expect(await deliver(world, engine)).toBe('acknowledged');
    expect(await deliver(world, engine, { id })).toBe('acknowledged');
    expect(outputsOf(world)).toHaveLength(2);
    expect(outputsOf(world)[0]).toBe('photo+mask+painted 1');
    expect(outputsOf(world)[1]).toContain('newer');
  });

  it('storage 503s: retried, then redelivered, never acknowledged', async () => {
    const world = dropPair();
    const engine = numbered();
    expect(await deliver(world, engine, { faultAt: () => 'unavailable' })).toBe('redeliver');
    expect(await deliver(world, engine)).toBe('acknowledged');
  });

  it('forged event: the same result as a real one, and none outside the bucket', async () => {
    const world = dropPair();
    const engine = numbered();
    const forged = { id: { bucket: 'output', name: 'd/p.jpg' } };
    const store = memoryClient(world);
    expect(await deliver(world, engine, forged)).toBe('redeliver');
    expect(store.requests).toEqual([]);
    expect(await deliver(world, engine, { id: { bucket: 'input', name: '../../etc/passwd' } })).toBe(
      'acknowledged',
    );
    expect(engine.calls).toEqual([]);
  });
});
