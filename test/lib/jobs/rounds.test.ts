import { describe, expect, it } from 'vitest';
import { EditError, type ErrorCode } from '../../../lib/errors.ts';
import type { Dispatch } from '../../../lib/jobs/dispatch.ts';
import { inlineDispatch } from '../../../lib/jobs/dispatch.ts';
import { statusOf } from '../../../lib/jobs/status.ts';
import { type SweepOptions, sweep } from '../../../lib/jobs/sweep/sweep.ts';
import { afterLease, deliver, errorsOf, image, outputsOf, pass } from '../../support/failure-world.ts';
import { buckets, fakeEngine, never, planOptions, runOptions, silentLog } from '../../support/job-world.ts';
import {
  type Fault,
  type MemoryBuckets,
  memoryBuckets,
  memoryClient,
  put,
} from '../../support/memory-store.ts';

/** Fails with a code until it is mended. */
function brokenEngine(code: ErrorCode = 'ENGINE_REJECTED') {
  const state = { isMended: false };
  const engine = fakeEngine((call) => {
    if (state.isMended) return `painted ${call}`;
    throw new EditError(code, 'Expected a field that the model takes');
  });
  return {
    engine,
    mend: () => {
      state.isMended = true;
    },
  };
}

function worldOf(...names: string[]): MemoryBuckets {
  const world = memoryBuckets();
  for (const name of names) {
    put(world, { bucket: 'input', name: `d/${name}.mask.png` }, 'mask');
    put(world, { bucket: 'input', name: `d/${name}.jpg` }, 'photo');
  }
  pass(world, 10);
  return world;
}

interface SweepParts extends Partial<SweepOptions> {
  readonly faultAt?: (request: number, what: string) => Fault | undefined;
}

function sweepWith(world: MemoryBuckets, engine: ReturnType<typeof fakeEngine>, parts: SweepParts = {}) {
  const { faultAt, ...changes } = parts;
  const store = memoryClient(world, faultAt);
  const run = sweep(
    {
      ...{ store, buckets, plan: planOptions, log: silentLog, pairing: { folderMask: false } },
      ...{ maxJobs: 100, maxImages: 100, minAgeMs: 0, isDryRun: false, priceOf: () => 0 },
      ...{ timeMs: 60_000, now: Date.now, dispatchesAtOnce: 1 },
      dispatch: inlineDispatch(runOptions(store, engine)),
      ...changes,
    },
    never,
  );
  return { run, store };
}

const again = (code: ErrorCode = 'ENGINE_REJECTED', prefix = '') => ({ again: { codes: [code], prefix } });
const states = async (world: MemoryBuckets) =>
  (await statusOf({ store: memoryClient(world), buckets, prefix: '' })).map(({ state }) => state);
const marksOf = (world: MemoryBuckets) =>
  [...world.objects.keys()].filter((name) => name.startsWith('control/again/'));
const claimsOf = (world: MemoryBuckets) =>
  [...world.objects.values()].filter(({ info }) => info.name.startsWith('claims/'));

describe('a job that is asked for again', () => {
  it('is another job with a claim and an end of its own; the newest round is what everybody shows', async () => {
    const world = worldOf('p');
    const { engine, mend } = brokenEngine();
    expect(await deliver(world, engine)).toBe('acknowledged');
    expect(await states(world)).toEqual(['failed']);
    mend();
    // Without being asked for, what ended stays ended.
    expect(await sweepWith(world, engine).run).toMatchObject({ settled: 1, jobs: [], asked: 0 });
    const dispatched: string[] = [];
    const dispatch: Dispatch = async ({ id }) => void dispatched.push(id);
    const report = await sweepWith(world, engine, { ...again(), dispatch }).run;
    expect(report).toMatchObject({ asked: 1, jobs: [{ image: 'd/p.jpg' }] });
    expect(await states(world)).toEqual(['pending']);
    // In a queue the former job still has its name.
    expect(dispatched).not.toEqual(report.askedJobs.map(({ job }) => job));
    // An event, and a sweep, run what is wanted now.
    expect(await deliver(world, engine)).toBe('acknowledged');
    expect([outputsOf(world), errorsOf(world)]).toMatchObject([
      ['photo+mask+painted 2'],
      [{ code: 'ENGINE_REJECTED' }],
    ]);
    expect(await states(world)).toEqual(['done']);
    expect(claimsOf(world).map(({ info }) => info.metadata['modelCalls'])).toEqual(['r0=1', 'r0=1']);
    expect(await sweepWith(world, engine, again()).run).toMatchObject({ asked: 0, settled: 1, jobs: [] });
  });

  it('only with that code and prefix, and nothing in a dry run', async () => {
    const world = worldOf('a', 'b', 'c');
    const failing = async (name: string, code: ErrorCode) =>
      deliver(world, brokenEngine(code).engine, { id: { bucket: 'input', name: `d/${name}.jpg` } });
    await failing('a', 'ENGINE_REJECTED');
    await failing('b', 'MASK_EMPTY');
    await deliver(world, fakeEngine(), { id: { bucket: 'input', name: 'd/c.jpg' } });
    const { engine } = brokenEngine();
    const dry = await sweepWith(world, engine, { ...again(), isDryRun: true }).run;
    expect(dry).toMatchObject({ asked: 1, askedJobs: [{ image: 'd/a.jpg', code: 'ENGINE_REJECTED' }] });
    expect(marksOf(world)).toEqual([]);
    expect(await sweepWith(world, engine, again('ENGINE_REJECTED', 'd/b')).run).toMatchObject({ asked: 0 });
    expect(await sweepWith(world, engine, again('MASK_EMPTY', 'd/b')).run).toMatchObject({ asked: 1 });
  });

  it('twice before it has ended: one new round; after it has failed again: another one', async () => {
    const world = worldOf('p');
    const { engine } = brokenEngine();
    await deliver(world, engine);
    const none: Dispatch = async () => {};
    for (let time = 0; time < 2; time++) await sweepWith(world, engine, { ...again(), dispatch: none }).run;
    expect(marksOf(world)).toHaveLength(1);
    await deliver(world, engine);
    expect(errorsOf(world)).toMatchObject([{ code: 'ENGINE_REJECTED' }, { round: 1 }]);
    expect(await states(world)).toEqual(['failed']);
    await sweepWith(world, engine, { ...again(), dispatch: none }).run;
    expect(marksOf(world)).toHaveLength(2);
  });

  it('reads the code of an error file of version 0.1', async () => {
    const world = worldOf('p');
    await deliver(world, brokenEngine().engine);
    for (const entry of world.objects.values()) {
      const { code: _, ...metadata } = entry.info.metadata;
      if (entry.info.name.endsWith('error.json')) entry.info = { ...entry.info, metadata };
    }
    expect(await sweepWith(world, brokenEngine().engine, again()).run).toMatchObject({ asked: 1 });
  });

  it.each(['crash-before', 'crash-after', 'lost', 'repeated'] as const)(
    '%s at every request of the asking sweep: one result of one more round',
    async (fault) => {
      for (let at = 1, isHit = true; isHit; at++) {
        isHit = false;
        const world = worldOf('p');
        const { engine, mend } = brokenEngine();
        await deliver(world, engine);
        mend();
        const faultAt = (request: number) => {
          if (request !== at) return undefined;
          isHit = true;
          return fault;
        };
        const { run } = sweepWith(world, engine, { ...again(), faultAt });
        await run.catch(() => undefined);
        for (let delivery = 0; delivery < 3; delivery++) {
          afterLease(world);
          await sweepWith(world, engine, again()).run;
        }
        expect(outputsOf(world), `fault at ${at}`).toHaveLength(1);
        expect(errorsOf(world)).toHaveLength(1);
        expect([marksOf(world).length, claimsOf(world).length]).toEqual([1, 2]);
        expect(engine.calls.length).toBeLessThanOrEqual(3);
        expect(await deliver(world, engine, { id: image })).toBe('acknowledged');
      }
    },
  );
});
