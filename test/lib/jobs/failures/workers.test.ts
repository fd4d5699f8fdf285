import { describe, expect, it } from 'vitest';
import { EditError } from '../../../../lib/errors.ts';
import { defaultBudget } from '../../../../lib/jobs/claim/budget.ts';
import {
  afterLease,
  claimOf,
  deliver,
  delivery,
  dropPair,
  errorsOf,
  image,
  mask,
  numbered,
  outputsOf,
  pass,
} from '../../../support/failure-world.ts';
import { fakeEngine } from '../../../support/job-world.ts';
import { type Fault, memoryBuckets, put } from '../../../support/memory-store.ts';

// Each `describe` is a row of the table in docs/architecture.md, which test/docs compares.

describe('Duplicate event or task; N instances at once', () => {
  it('one claim wins, the others are busy or find it done (G6)', async () => {
    const world = dropPair();
    const engine = numbered();
    const answers = await Promise.all(Array.from({ length: 8 }, () => deliver(world, engine)));
    expect(answers.filter((answer) => answer === 'acknowledged')).toHaveLength(1);
    expect(await deliver(world, engine)).toBe('acknowledged');
    expect(engine.calls).toHaveLength(1);
    expect(outputsOf(world)).toEqual(['photo+mask+painted 1']);
  });
});

describe('Mask first, image first, both together', () => {
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

  it('both together: exactly one job (G6)', async () => {
    const world = dropPair();
    const engine = numbered();
    await Promise.all([deliver(world, engine, { id: image }), deliver(world, engine, { id: mask })]);
    expect(outputsOf(world)).toEqual(['photo+mask+painted 1']);
    expect(engine.calls).toHaveLength(1);
  });
});

interface Crash {
  readonly at: RegExp;
  readonly kind: Fault;
  /** Calls made in all, and counted in the claim. */
  readonly calls: number;
  readonly counted: number;
}

/** A worker dies there; after the lease the event comes again. */
async function crashAndRecover({ at, kind, calls, counted }: Crash): Promise<void> {
  const world = dropPair();
  const engine = numbered();
  let hits = 0;
  const faultAt = (_: number, what: string) => {
    if (!at.test(what) || what.startsWith('stat')) return undefined;
    hits++;
    return kind;
  };
  expect(await deliver(world, engine, { faultAt })).toBe('redeliver');
  expect(hits).toBe(1);
  const published = outputsOf(world);
  const isOver = [...world.objects.keys()].some((key) => key.endsWith('manifest.json'));
  // Nobody touches the job while its lease runs.
  expect(await deliver(world, engine)).toBe(isOver ? 'acknowledged' : 'redeliver');
  afterLease(world);
  expect(await deliver(world, engine)).toBe('acknowledged');
  expect(engine.calls).toHaveLength(calls);
  expect(claimOf(world)).toMatchObject({ modelCalls: `r0=${counted}` });
  expect(outputsOf(world)).toHaveLength(1);
  if (published.length > 0) expect(outputsOf(world)).toEqual(published);
}

describe('Crash before the model call', () => {
  it('take-over after the lease; one call of the budget is spent', () =>
    crashAndRecover({ at: /^swap control\/claims/, kind: 'crash-after', calls: 1, counted: 2 }));
});

describe('Crash after the call, before its answer is saved', () => {
  it('the call is made again', () =>
    crashAndRecover({ at: /^create control\/raw/, kind: 'crash-before', calls: 2, counted: 2 }));

  it('never more often than MAX_MODEL_CALLS, then it is reported (G18)', async () => {
    const world = dropPair();
    const engine = numbered();
    const faultAt = (_: number, what: string) =>
      what.startsWith('create control/raw') ? ('crash-before' as const) : undefined;
    for (let i = 0; i < defaultBudget.maxAttempts + 2; i++) {
      await deliver(world, engine, { faultAt });
      afterLease(world);
    }
    expect(engine.calls).toHaveLength(defaultBudget.maxModelCalls);
    expect(errorsOf(world)).toMatchObject([{ code: 'BUDGET_SPENT' }]);
  });
});

describe('Crash after the answer is saved, after output 1 of n, after the manifest', () => {
  it.each([
    ['after the answer is saved', /^create control\/raw/],
    ['after output 1 of n', /1\.jpg$/],
    ['after the manifest', /manifest\.json$/],
  ])('%s: no new call, the same outputs', (_, at) =>
    crashAndRecover({ at, kind: 'crash-after', calls: 1, counted: 1 }),
  );
});

describe('Answer to a create or a swap lost', () => {
  it('at every request: the nonce is read again, nothing is done twice (G7)', async () => {
    const { requests } = await delivery(dropPair(), numbered());
    expect(requests.length).toBeGreaterThan(10);
    for (let k = 1; k <= requests.length; k++) {
      const world = dropPair();
      const engine = numbered();
      const answer = await deliver(world, engine, { faultAt: (at) => (at === k ? 'repeated' : undefined) });
      expect([requests[k - 1], answer]).toEqual([requests[k - 1], 'acknowledged']);
      expect(engine.calls).toHaveLength(1);
      expect(outputsOf(world)).toEqual(['photo+mask+painted 1']);
    }
  });
});

describe('Zombie past its lease', () => {
  it('its swaps fail, its writes are create-only', async () => {
    const world = dropPair();
    const heir = fakeEngine(() => "the heir's");
    const zombie = fakeEngine(async () => {
      afterLease(world);
      expect(await deliver(world, heir)).toBe('acknowledged');
      return "the zombie's";
    });
    await deliver(world, zombie);
    expect(outputsOf(world)).toEqual(["photo+mask+the heir's"]);
    expect(claimOf(world)).toMatchObject({ state: 'DONE', modelCalls: 'r0=2' });
  });
});

describe('File that kills the process', () => {
  it('FAILED after MAX_ATTEMPTS, with an error file (G13)', async () => {
    const world = dropPair();
    const engine = numbered();
    const faultAt = (_: number, what: string) =>
      what.startsWith('read') ? ('crash-after' as const) : undefined;
    for (let i = 0; i < defaultBudget.maxAttempts; i++) {
      expect(await deliver(world, engine, { faultAt })).toBe('redeliver');
      afterLease(world);
    }
    expect(await deliver(world, engine)).toBe('acknowledged');
    expect(engine.calls).toEqual([]);
    expect(errorsOf(world)).toMatchObject([{ code: 'BUDGET_SPENT' }]);
    expect(claimOf(world)).toMatchObject({ state: 'FAILED' });
  });

  it.each([
    ['AbortSignal.timeout', new DOMException('late', 'TimeoutError')],
    ['the function', new EditError('DEADLINE_EXCEEDED', 'Expected an answer in time')],
  ])('so does one that is never done in time, as kept by %s', async (_, reason) => {
    const world = dropPair();
    const engine = fakeEngine();
    for (let i = 0; i < defaultBudget.maxAttempts; i++) {
      const late = new AbortController();
      // The deadline of the function ends the run, a moment before the job's own would.
      const editWith = () => () => {
        late.abort(reason);
        return Promise.reject(new Error('aborted in the words of the edit'));
      };
      expect(await deliver(world, engine, { run: { editWith }, signal: late.signal })).toBe('redeliver');
      expect(claimOf(world)).toMatchObject({ state: 'WAIT', attempts: String(i + 1) });
      pass(world, 1);
    }
    expect(await deliver(world, engine)).toBe('acknowledged');
    expect(errorsOf(world)).toMatchObject([{ code: 'BUDGET_SPENT' }]);
  });
});
