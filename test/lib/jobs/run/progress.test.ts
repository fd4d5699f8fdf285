import { describe, expect, test } from 'vitest';
import { fractionAt, progressOf, stages } from '../../../../lib/jobs/run/progress.ts';
import { never } from '../../../support/job-world.ts';
import { memoryBuckets, memoryClient } from '../../../support/memory-store.ts';

/** A clock that is moved by hand; what is due is called. */
function manualTimers() {
  let nowMs = 0;
  let due: { atMs: number; call: () => void }[] = [];
  return {
    now: () => nowMs,
    after: (ms: number, call: () => void) => {
      const entry = { atMs: nowMs + ms, call };
      due.push(entry);
      return () => {
        due = due.filter((each) => each !== entry);
      };
    },
    async advance(ms: number) {
      nowMs += ms;
      const [ready, later] = [
        due.filter(({ atMs }) => atMs <= nowMs),
        due.filter(({ atMs }) => atMs > nowMs),
      ];
      due = later;
      for (const { call } of ready) call();
      await new Promise(setImmediate);
    },
  };
}

function world() {
  const buckets = memoryBuckets();
  const timers = manualTimers();
  const store = memoryClient(buckets);
  const start = () => progressOf({ ...timers, store, controlBucket: 'control', job: 'j', signal: never });
  const told = () => buckets.objects.get('control/progress/j')?.info.metadata;
  const writes = () => store.requests.filter((what) => /^(create|swap)/.test(what)).length;
  return { buckets, timers, start, told, writes };
}

const stepOf = { ask: 'inpaint', register: 'answer' } as Readonly<Record<string, string>>;
const steps = stages.filter((stage) => stage !== 'queued').map((stage) => stepOf[stage] ?? stage);

test('fractions rise from stage to stage and from region to region, and stay below 1', () => {
  const inOrder = stages.map((stage) => fractionAt(stage));
  expect(inOrder).toEqual([...inOrder].sort((a, b) => a - b));
  expect(new Set(inOrder).size).toBe(stages.length);
  expect(inOrder.at(-1)).toBeLessThan(1);
  expect(fractionAt('crop', { index: 2, of: 2 })).toBeGreaterThan(
    fractionAt('composite', { index: 1, of: 2 }),
  );
  expect(fractionAt('composite', { index: 2, of: 2 })).toBeLessThan(fractionAt('write'));
  const halfAsked = fractionAt('ask', { index: 1, of: 2 }, 0.5);
  expect(halfAsked).toBeGreaterThan(fractionAt('ask', { index: 1, of: 2 }));
  expect(fractionAt('ask', { index: 1, of: 2 }, 1)).toBeCloseTo(fractionAt('register', { index: 1, of: 2 }));
});

describe('writes of progress', () => {
  test('a job of a second writes none', async () => {
    const { timers, start, writes } = world();
    const { listener, close } = start();
    for (const step of steps) {
      listener(step);
      await timers.advance(100);
    }
    close();
    await timers.advance(60_000);
    expect(writes()).toBe(0);
  });

  test('a slow job tells every stage, at most once in two seconds', async () => {
    const { timers, start, told, writes } = world();
    const { listener } = start();
    const seen: number[] = [];
    for (const step of steps) {
      listener(step);
      for (let half = 0; half < 6; half++) await timers.advance(500);
      seen.push(Number(told()?.['fraction']));
    }
    expect(new Set(seen).size).toBeGreaterThanOrEqual(8);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(writes()).toBeLessThanOrEqual(steps.length);
  });

  test('shares of one long call rise, and are told at most once in two seconds', async () => {
    const { timers, start, told, writes } = world();
    const { listener } = start();
    const seen: number[] = [];
    for (let tenth = 0; tenth < 200; tenth++) {
      listener('inpaint', { index: 1, of: 1 }, tenth / 200);
      await timers.advance(100);
      seen.push(Number(told()?.['fraction'] ?? 0));
    }
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(new Set(seen).size).toBe(11);
    expect(writes()).toBe(10);
  });

  test('a job of an hour writes at most 60 times', async () => {
    const { timers, start, writes } = world();
    const { listener } = start();
    for (let at = 0; at < 500; at++) {
      listener('inpaint', { index: at + 1, of: 500 });
      await timers.advance(7000);
    }
    expect(writes()).toBeLessThanOrEqual(60);
  });

  test('a run that begins again never tells less than the one before', async () => {
    const { timers, start, told } = world();
    start().listener('write');
    await timers.advance(3000);
    const before = Number(told()?.['fraction']);
    start().listener('read');
    await timers.advance(3000);
    expect(told()).toMatchObject({ stage: 'read', fraction: before.toFixed(3) });
  });
});
