import { describe, expect, it } from 'vitest';
import { EditError } from '../../../../lib/errors.ts';
import { costGuard, costGuardedEngine } from '../../../../lib/jobs/run/cost-guard.ts';
import { runJob } from '../../../../lib/jobs/run/run.ts';
import type { ObjectStore } from '../../../../lib/storage/store.ts';
import { claimOf, dropPair } from '../../../support/failure-world.ts';
import { engineRequest, fakeEngine, never, runOptions, soleJob } from '../../../support/job-world.ts';
import { type MemoryBuckets, memoryBuckets, memoryClient } from '../../../support/memory-store.ts';

const request = engineRequest('r0');

interface Changes {
  readonly counter?: ObjectStore;
  readonly engine?: ReturnType<typeof fakeEngine>;
  readonly triesPerSample?: number;
}

function guarded(world: MemoryBuckets, dailyCapUsd: number, changes: Changes = {}) {
  const { counter, engine = fakeEngine(), ...more } = changes;
  const store = memoryClient(world);
  const ofDay = costGuard({
    counter: { store: counter ?? store, controlBucket: 'control' },
    dailyCapUsd,
    now: () => world.nowMs,
  });
  const priceOf = ({ samples }: { samples: number }) => 0.04 * samples;
  const guard = costGuardedEngine(engine, { guard: ofDay, priceOf, ...more });
  return { engine, store, guard };
}

describe('costGuardedEngine', () => {
  it('never passes the cap, however many processes share it (G20)', async () => {
    const world = memoryBuckets();
    const processes = Array.from({ length: 5 }, () => guarded(world, 1));
    let refused = 0;
    const ask = async ({ guard }: (typeof processes)[number]) => {
      for (let call = 0; call < 20; call++) await guard.inpaint(request, never).catch(() => refused++);
    };
    await Promise.all(processes.map(ask));
    const calls = processes.reduce((sum, { engine }) => sum + engine.calls.length, 0);
    expect(calls).toBe(25);
    expect(refused).toBe(75);
  });

  it('counts every candidate', async () => {
    const { engine, guard } = guarded(memoryBuckets(), 0.2);
    await guard.inpaint(engineRequest('r0', 4), never);
    const four = guard.inpaint(engineRequest('r0', 4), never);
    await expect(four).rejects.toMatchObject({ code: 'COST_CAP_REACHED' });
    await guard.inpaint(request, never);
    await expect(guard.inpaint(request, never)).rejects.toMatchObject({ code: 'COST_CAP_REACHED' });
    expect(engine.calls).toHaveLength(2);
  });

  it('admits a candidate at the most tries it may need, and gives back the unused ones', async () => {
    const atOnce = guarded(memoryBuckets(), 0.2, { triesPerSample: 2 });
    const asked = [1, 2, 3].map(() => atOnce.guard.inpaint(request, never).then(() => 'made'));
    const ends = await Promise.allSettled(asked);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    const inTurn = guarded(memoryBuckets(), 0.2, { triesPerSample: 2 });
    for (let call = 0; call < 4; call++) await inTurn.guard.inpaint(request, never);
    await expect(inTurn.guard.inpaint(request, never)).rejects.toMatchObject({ code: 'COST_CAP_REACHED' });
  });

  it('gives back what a call did not use by its own account, and spends what it used beyond', async () => {
    const counted = async (usd: number) => {
      const fake = fakeEngine();
      const tokens = { inputTokens: 1, textTokens: 0, thoughtTokens: 0, imageTokens: 1, trafficTypes: [] };
      const inpaint: typeof fake.inpaint = async (asked, signal) => ({
        ...(await fake.inpaint(asked, signal)),
        usage: { ...tokens, usd },
      });
      const { guard } = guarded(memoryBuckets(), 0.4, { engine: { ...fake, inpaint } });
      for (let call = 0; call < 30; call++) await guard.inpaint(request, never).catch(() => undefined);
      return fake.calls.length;
    };
    expect(await counted(0.04)).toBe(10);
    // The last one is admitted while 0.04 are left.
    expect(await counted(0.02)).toBe(19);
    expect(await counted(0.05)).toBe(8);
  });

  it('spends nothing of the cap on an outage, but does on calls that may be billed', async () => {
    const fails = (mayBeBilled: boolean) =>
      fakeEngine(() => {
        throw new EditError('MODEL_UNAVAILABLE', 'Expected an answer', {
          billing: { calls: 1, mayBeBilled },
        });
      });
    const ends = async (mayBeBilled: boolean) => {
      const { guard } = guarded(memoryBuckets(), 0.2, { engine: fails(mayBeBilled) });
      const codes: string[] = [];
      for (let call = 0; call < 7; call++)
        await guard.inpaint(request, never).catch(({ code }: EditError) => codes.push(code));
      return codes.filter((code) => code === 'COST_CAP_REACHED').length;
    };
    expect([await ends(false), await ends(true)]).toEqual([0, 2]);
  });

  it('writes the counter once for many calls', async () => {
    const { guard, store } = guarded(memoryBuckets(), 100);
    for (let call = 0; call < 25; call++) await guard.inpaint(request, never);
    expect(store.requests.filter((what) => what.startsWith('swap'))).toHaveLength(1);
  });

  it('makes calls again on the next day', async () => {
    const world = memoryBuckets();
    const { guard } = guarded(world, 0.05);
    await guard.inpaint(request, never);
    const late = guard.inpaint(request, never);
    await expect(late).rejects.toMatchObject({ code: 'COST_CAP_REACHED', retryAfterMs: 3_600_000 });
    world.nowMs += 24 * 3_600_000;
    await expect(guard.inpaint(request, never)).resolves.toBeDefined();
  });

  it.each([
    ['busy', 'BUSY'],
    ['away', 'STORAGE_UNAVAILABLE'],
    ['silent when the work is stopped', 'CANCELLED'],
  ] as const)('spends no call of a job while the counter is %s', async (state, code) => {
    const world = dropPair();
    const stop = new AbortController();
    const store = memoryClient(world);
    const counter: ObjectStore = {
      ...store,
      swapMetadata: async () => undefined,
      async stat(id, signal) {
        if (state === 'away') throw new EditError('STORAGE_UNAVAILABLE', 'Expected an answer, got none');
        if (state === 'busy') return store.stat(id, signal);
        stop.abort();
        throw signal?.reason;
      },
    };
    const { engine, guard } = guarded(world, 1, { counter });
    const job = await soleJob(store);
    await expect(runJob(job, runOptions(store, guard), stop.signal)).rejects.toMatchObject({ code });
    expect(engine.calls).toEqual([]);
    expect(claimOf(world)).toMatchObject({ state: 'WAIT', code, attempts: '0', modelCalls: 'r0=0' });
  });
});
