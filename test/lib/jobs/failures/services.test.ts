import { describe, expect, it } from 'vitest';
import { EditError, type ErrorCode } from '../../../../lib/errors.ts';
import { defaultBudget } from '../../../../lib/jobs/claim/budget.ts';
import { inlineDispatch } from '../../../../lib/jobs/dispatch.ts';
import { sweep } from '../../../../lib/jobs/sweep/sweep.ts';
import {
  claimOf,
  deliver,
  dropPair,
  errorsOf,
  numbered,
  outputsOf,
  pass,
} from '../../../support/failure-world.ts';
import {
  buckets,
  fakeEngine,
  never,
  planOptions,
  runOptions,
  silentLog,
} from '../../../support/job-world.ts';
import { memoryClient } from '../../../support/memory-store.ts';

// Each `describe` is a row of the table in docs/architecture.md, which test/docs compares.

/** More often than any budget allows, then it is mended. */
const times = 10 * defaultBudget.maxAttempts;

async function expectWaiting(codes: readonly ErrorCode[]): Promise<void> {
  const world = dropPair();
  const engine = fakeEngine((call) => {
    const code = codes[call % codes.length];
    if (call > times || code === undefined) return 'painted';
    throw new EditError(code, 'Expected the model to answer');
  });
  for (let i = 0; i < times; i++) {
    expect(await deliver(world, engine)).toBe('redeliver');
    pass(world, 10);
  }
  expect(claimOf(world)).toMatchObject({ state: 'WAIT', attempts: '0', modelCalls: 'r0=0' });
  expect(await deliver(world, engine)).toBe('acknowledged');
  expect([outputsOf(world), errorsOf(world)]).toEqual([['photo+mask+painted'], []]);
}

describe('Quota gone for hours', () => {
  it('slowed, not failed; the budget is kept (G14)', () => expectWaiting(['MODEL_QUOTA']));
});

describe('Model retired, permission lost', () => {
  // The circuit and the alert: test/lib/wiring/jobs.test.ts.
  it('waits, and resumes after the fix (G15)', () => expectWaiting(['MODEL_RETIRED', 'MODEL_PERMISSION']));
});

describe('Events or tasks lost, trigger deleted', () => {
  it('the sweep finds the pair (G10)', async () => {
    const world = dropPair();
    pass(world, 3);
    const store = memoryClient(world);
    const options = {
      ...{ store, buckets, plan: planOptions, log: silentLog, pairing: { folderMask: false } },
      ...{ maxJobs: 10, maxImages: 10, minAgeMs: 120_000, isDryRun: false, priceOf: () => 0 },
      ...{ timeMs: 60_000, now: Date.now, dispatchesAtOnce: 1 },
      dispatch: inlineDispatch(runOptions(store, numbered())),
    };
    expect(await sweep(options, never)).toMatchObject({ jobs: [{ image: 'd/p.jpg' }] });
    expect(outputsOf(world)).toEqual(['photo+mask+painted 1']);
  });
});

describe('Storage answers 503, or breaks off downloads', () => {
  // The retries themselves: test/lib/storage.
  it.each(['unavailable', 'lost'] as const)(
    '%s for good: delivered again, never acknowledged',
    async (fault) => {
      const world = dropPair();
      const engine = numbered();
      expect(await deliver(world, engine, { faultAt: () => fault })).toBe('redeliver');
      expect(await deliver(world, engine)).toBe('acknowledged');
      expect(outputsOf(world)).toEqual(['photo+mask+painted 1']);
    },
  );

  it('a download that breaks off: waits, no call of the model is spent', async () => {
    const world = dropPair();
    const engine = numbered();
    const faultAt = (_: number, what: string) => (what.startsWith('read') ? ('lost' as const) : undefined);
    expect(await deliver(world, engine, { faultAt })).toBe('redeliver');
    expect(claimOf(world)).toMatchObject({ state: 'WAIT', attempts: '0', modelCalls: 'none' });
    pass(world, 1);
    expect(await deliver(world, engine)).toBe('acknowledged');
  });
});
