import { describe, expect, it } from 'vitest';
import { EditError } from '../../../../lib/errors.ts';
import { defaultBudget } from '../../../../lib/jobs/claim/budget.ts';
import type { JobEnd } from '../../../../lib/jobs/ends/end.ts';
import { reporter } from '../../../../lib/jobs/ends/reporter.ts';
import { runJob } from '../../../../lib/jobs/run/run.ts';
import {
  afterLease,
  claimOf,
  deliver,
  delivery,
  dropPair,
  numbered,
  outputsOf,
} from '../../../support/failure-world.ts';
import { buckets, fakeEngine, never, runOptions, silentLog, soleJob } from '../../../support/job-world.ts';
import { Crash, type Fault, type MemoryBuckets, memoryClient } from '../../../support/memory-store.ts';

type FaultAt = (request: number, what: string) => Fault | undefined;

/** Remembers what it is told; `isDown` refuses it. */
function listener() {
  const told: JobEnd[] = [];
  const state = { isDown: false };
  const of = (world: MemoryBuckets, faultAt?: FaultAt) =>
    reporter({
      ...{ store: memoryClient(world, faultAt), buckets, log: silentLog, leaseMs: defaultBudget.leaseMs },
      onEnd: async (end) => {
        if (state.isDown) throw new EditError('TOPIC_UNAVAILABLE', 'Expected Pub/Sub to answer, got none');
        told.push(end);
      },
    });
  return { told, state, of };
}

const sweepOf = (world: MemoryBuckets, of: ReturnType<typeof listener>['of']) =>
  of(world).tellRest(() => false, never);

describe('reporter', () => {
  it('tells once of a job: after its manifest, without a further write, and not again', async () => {
    const world = dropPair();
    const { told, of } = listener();
    const plain = await delivery(dropPair(), numbered());
    const { requests } = await delivery(world, numbered(), { run: { reporter: of(world) } });
    expect(told).toMatchObject([{ image: 'd/p.jpg', outcome: 'published', outputs: [{ name: /1\.jpg$/ }] }]);
    const writes = (all: readonly string[]) => all.filter((each) => /^(create|swap)/.test(each));
    expect(writes(requests)).toEqual(writes(plain.requests));
    expect(claimOf(world)).toMatchObject({ state: 'DONE', reported: 'yes' });
    afterLease(world);
    expect(await deliver(world, numbered(), { run: { reporter: of(world) } })).toBe('acknowledged');
    expect(await sweepOf(world, of)).toBe(0);
    expect(told).toHaveLength(1);
  });

  it('tells what could not be told with the next sweep, and leaves the job as it ended', async () => {
    const world = dropPair();
    const { told, state, of } = listener();
    state.isDown = true;
    expect(await deliver(world, numbered(), { run: { reporter: of(world) } })).toBe('acknowledged');
    expect(claimOf(world)).toMatchObject({ state: 'DONE', reported: 'no' });
    expect(await sweepOf(world, of)).toBe(0);
    state.isDown = false;
    expect([await sweepOf(world, of), await sweepOf(world, of)]).toEqual([1, 0]);
    expect(told).toHaveLength(1);
  });

  it('tells of failures with their code, also of a job that cannot begin', async () => {
    const refusing = fakeEngine(() => {
      throw new EditError('ENGINE_REFUSED', 'Expected a picture');
    });
    const { told, of } = listener();
    const world = dropPair();
    await deliver(world, refusing, { run: { reporter: of(world) } });
    expect(told).toMatchObject([{ outcome: 'failed', outputs: [], failure: { code: 'ENGINE_REFUSED' } }]);
  });

  it('tells nobody of jobs that ended before somebody was to be told', async () => {
    const world = dropPair();
    const { told, of } = listener();
    await deliver(world, numbered());
    afterLease(world);
    await deliver(world, numbered(), { run: { reporter: of(world) } });
    expect([await sweepOf(world, of), told.length]).toEqual([0, 0]);
  });

  it.each(['crash-before', 'crash-after', 'lost', 'unavailable'] as const)(
    '%s at every request: told after the next sweeps, and one result',
    async (fault) => {
      for (let at = 1, isHit = true; isHit; at++) {
        isHit = false;
        const world = dropPair();
        const { told, of } = listener();
        const faultAt: FaultAt = (request) => {
          if (request !== at) return undefined;
          isHit = true;
          return fault;
        };
        const run = { reporter: of(world) };
        const answer = await deliver(world, numbered(), { faultAt, run }).catch(() => 'redeliver');
        afterLease(world);
        // Its event may have been its last one, as soon as there is an end.
        const hasEnd = outputsOf(world).length > 0 && answer === 'acknowledged';
        if (!hasEnd) for (let n = 0; n < 3; n++) await deliver(world, numbered(), { run });
        await sweepOf(world, of);
        expect(told.length, `fault at ${at}`).toBeGreaterThanOrEqual(1);
        expect(outputsOf(world)).toHaveLength(1);
      }
    },
  );

  it('a job that died between its claim and its error file has one, also when it could begin now', async () => {
    const world = dropPair();
    const { told, of } = listener();
    const job = await soleJob(memoryClient(world));
    const fault = new EditError('ENGINE_UNSUPPORTED', 'Expected an engine of the list');
    const dying = memoryClient(world, (_, what) => (what.includes('claims/') ? 'crash-after' : undefined));
    const died = runJob({ ...job, fault }, runOptions(dying, fakeEngine(), { reporter: of(world) }), never);
    await expect(died).rejects.toThrow(Crash);
    expect([claimOf(world)?.['state'], outputsOf(world)]).toEqual(['FAILED', []]);
    const store = memoryClient(world);
    const { outcome } = await runJob(job, runOptions(store, fakeEngine(), { reporter: of(world) }), never);
    expect(outcome).toBe('failed-before');
    expect(told).toMatchObject([{ outcome: 'failed', failure: { code: 'ENGINE_UNSUPPORTED' } }]);
  });

  it('tells of a job that died between its manifest and the message, without its event', async () => {
    const world = dropPair();
    const { told, of } = listener();
    const faultAt: FaultAt = (_, what) =>
      what.includes('manifest.json') && what.startsWith('create') ? 'crash-after' : undefined;
    await deliver(world, numbered(), { faultAt, run: { reporter: of(world) } });
    expect([await sweepOf(world, of), told.length]).toEqual([0, 0]);
    afterLease(world);
    expect([await sweepOf(world, of), await sweepOf(world, of)]).toEqual([1, 0]);
    expect(told).toMatchObject([{ outcome: 'published' }]);
  });
});
