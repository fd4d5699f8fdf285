import { describe, expect, it } from 'vitest';
import { EditError } from '../../../../lib/errors.ts';
import { inlineDispatch } from '../../../../lib/jobs/dispatch.ts';
import { type SweepOptions, sweep } from '../../../../lib/jobs/sweep/sweep.ts';
import {
  buckets,
  fakeEngine,
  never,
  planOptions,
  runOptions,
  silentLog,
} from '../../../support/job-world.ts';
import { type MemoryBuckets, memoryBuckets, memoryClient, put } from '../../../support/memory-store.ts';

function optionsFor(world: MemoryBuckets, changes: Partial<SweepOptions> = {}): SweepOptions {
  const store = memoryClient(world);
  return {
    store,
    buckets,
    pairing: { folderMask: false },
    plan: planOptions,
    dispatch: inlineDispatch(runOptions(store, fakeEngine())),
    maxJobs: 100,
    maxImages: 1000,
    timeMs: 60_000,
    now: Date.now,
    dispatchesAtOnce: 1,
    minAgeMs: 120_000,
    isDryRun: false,
    priceOf: ({ samples }) => samples * 0.04,
    log: silentLog,
    ...changes,
  };
}

function worldOf(...names: string[]): MemoryBuckets {
  const world = memoryBuckets();
  for (const name of names) put(world, { bucket: 'input', name }, name);
  world.nowMs += 10 * 60_000;
  return world;
}

const imagesOf = ({ jobs }: { jobs: readonly { image: string }[] }) => jobs.map(({ image }) => image);

describe('sweep', () => {
  it('finds what events lost, whatever the mask is called', async () => {
    const world = worldOf('a.jpg', 'a.mask.png', 'b/c.png', 'b/c_mask.png', 'alone.jpg', 'z.mask.png');
    const report = await sweep(optionsFor(world), never);
    expect(imagesOf(report)).toEqual(['a.jpg', 'b/c.png']);
    expect(report).toMatchObject({ images: 3, incomplete: 1, isComplete: true });
    const again = await sweep(optionsFor(world), never);
    expect(again).toMatchObject({ jobs: [], settled: 2, incomplete: 1 });
  });

  it('says how long the oldest set without an end has been complete', async () => {
    const world = worldOf('a.jpg', 'a.mask.png', 'b.jpg');
    put(world, { bucket: 'input', name: 'b.mask.png' }, 'later');
    world.nowMs += 5 * 60_000;
    expect(await sweep(optionsFor(world, { isDryRun: true }), never)).toMatchObject({
      oldestOpenMs: 15 * 60_000,
    });
    await sweep(optionsFor(world, { maxJobs: 1 }), never);
    expect(await sweep(optionsFor(world), never)).toMatchObject({ oldestOpenMs: 5 * 60_000 });
    expect(await sweep(optionsFor(world), never)).toMatchObject({ jobs: [], oldestOpenMs: 0 });
  });

  it('leaves young sets to their events', async () => {
    const world = worldOf('a.jpg');
    put(world, { bucket: 'input', name: 'a.mask.png' }, 'just now');
    expect(await sweep(optionsFor(world), never)).toMatchObject({ jobs: [], young: 1 });
  });

  it('counts an error file as an end', async () => {
    const world = worldOf('a.mask.png');
    put(world, { bucket: 'input', name: 'a.jpg' }, 'bomb');
    world.nowMs += 600_000;
    expect(imagesOf(await sweep(optionsFor(world), never))).toEqual(['a.jpg']);
    expect(await sweep(optionsFor(world), never)).toMatchObject({ jobs: [], settled: 1 });
  });

  it.each(['a.jpg', 'a.mask.png', 'a.json'])(
    'takes up a set again when %s was uploaded again',
    async (name) => {
      const world = worldOf('a.jpg', 'a.mask.png');
      put(world, { bucket: 'input', name: 'a.json' }, '{}');
      world.nowMs += 600_000;
      await sweep(optionsFor(world), never);
      put(world, { bucket: 'input', name }, '{"seed": 1}');
      world.nowMs += 600_000;
      expect(imagesOf(await sweep(optionsFor(world), never))).toEqual(['a.jpg']);
    },
  );

  it('does not do everything again when the model changes', async () => {
    const world = worldOf('a.jpg', 'a.mask.png');
    await sweep(optionsFor(world), never);
    const plan = { ...planOptions, engine: 'fake:2' };
    expect(await sweep(optionsFor(world, { plan }), never)).toMatchObject({ jobs: [], settled: 1 });
  });

  describe("pictures with their folder's mask", () => {
    const options = { pairing: { folderMask: true } };
    const files = ['d/_folder.mask.png', 'd/a.jpg', 'd/b.jpg', 'd/b.mask.png', 'd/z.jpg', 'e/a.jpg'];

    it('are found where that is configured, and again when it was uploaded again', async () => {
      const world = worldOf(...files);
      expect(imagesOf(await sweep(optionsFor(world), never))).toEqual(['d/b.jpg']);
      expect(imagesOf(await sweep(optionsFor(world, options), never))).toEqual(['d/a.jpg', 'd/z.jpg']);
      expect(await sweep(optionsFor(world, options), never)).toMatchObject({ jobs: [], settled: 3 });
      put(world, { bucket: 'input', name: 'd/_folder.mask.png' }, 'another');
      expect(await sweep(optionsFor(world, options), never)).toMatchObject({ jobs: [], young: 2 });
      world.nowMs += 600_000;
      expect(imagesOf(await sweep(optionsFor(world, options), never))).toEqual(['d/a.jpg', 'd/z.jpg']);
    });

    it('take their own mask when it comes later', async () => {
      const world = worldOf('d/_folder.mask.png', 'd/a.jpg');
      await sweep(optionsFor(world, options), never);
      put(world, { bucket: 'input', name: 'd/a_mask.png' }, 'own');
      world.nowMs += 600_000;
      for (const maxImages of [1, 1000]) {
        const dry = await sweep(optionsFor(world, { ...options, maxImages, isDryRun: true }), never);
        expect(imagesOf(dry)).toEqual(['d/a.jpg']);
      }
    });

    it('take their own mask too where it lies before the window', async () => {
      const world = worldOf('_folder.mask.png', 'a.png.jpg', 'a.webp');
      await sweep(optionsFor(world, options), never);
      put(world, { bucket: 'input', name: 'a.mask.png' }, 'own');
      world.nowMs += 600_000;
      const found: string[][] = [];
      for (let run = 0; run < 2; run++)
        found.push(imagesOf(await sweep(optionsFor(world, { ...options, maxImages: 1 }), never)));
      expect(found).toEqual([[], ['a.webp']]);
    });

    it('cost one more request for each folder once they are settled', async () => {
      const world = worldOf('d/_folder.mask.png', ...Array.from({ length: 100 }, (_, n) => `d/p${n}.jpg`));
      await sweep(optionsFor(world, { ...options, maxJobs: 1000 }), never);
      const store = memoryClient(world);
      await sweep(optionsFor(world, { ...options, store }), never);
      expect(store.requests.length).toBeLessThan(10);
    });
  });

  it('goes on behind a picture that cannot be looked at, and counts it', async () => {
    const world = worldOf('a.jpg', 'a.mask.png', 'b {{projectId}}.jpg', 'c.jpg', 'c.mask.png');
    const store = memoryClient(world);
    const real: SweepOptions['store'] = {
      ...store,
      async *list(bucket, options, signal) {
        if (options?.prefix?.includes('{{projectId}}') === true)
          throw new EditError('REQUEST_INVALID', 'a name');
        yield* store.list(bucket, options, signal);
      },
    };
    const report = await sweep(optionsFor(world, { store: real }), never);
    expect(imagesOf(report)).toEqual(['a.jpg', 'c.jpg']);
    expect(report).toMatchObject({ images: 3, failures: 1, isComplete: true });
  });

  it('looks at pictures of one stem that did not fit into the last window', async () => {
    const world = worldOf('a.jpg', 'a.mask.png', 'a.png', 'a.webp');
    const seen = new Set<string>();
    for (let n = 0; n < 6; n++) {
      const report = await sweep(optionsFor(world, { maxImages: 1, isDryRun: false }), never);
      for (const name of imagesOf(report)) seen.add(name);
    }
    expect([...seen].sort()).toEqual(['a.jpg', 'a.png', 'a.webp']);
  });

  it('goes on where it stopped, and begins again at the end', async () => {
    const names = Array.from({ length: 7 }, (_, i) => [`p${i}.jpg`, `p${i}.mask.png`]).flat();
    const world = worldOf(...names);
    const found: string[][] = [];
    for (let run = 0; run < 4; run++)
      found.push(imagesOf(await sweep(optionsFor(world, { maxJobs: 3 }), never)));
    expect(found).toEqual([['p0.jpg', 'p1.jpg', 'p2.jpg'], ['p3.jpg', 'p4.jpg', 'p5.jpg'], ['p6.jpg'], []]);
  });

  it('sees every picture whatever the size of its window, also where one name begins another', async () => {
    const names = [
      'a.jpg',
      'a.jpg.png',
      'a.mask.png',
      'a.jpg.mask.png',
      'a.png',
      'b.mask.png',
      'b.webp',
      'a-b.jpg',
      'a-b.mask.png',
    ];
    for (let maxImages = 1; maxImages <= 6; maxImages++) {
      const world = worldOf(...names);
      const found = new Set<string>();
      for (let run = 0; run < 7; run++)
        for (const image of imagesOf(await sweep(optionsFor(world, { maxImages }), never))) {
          expect(found.has(image)).toBe(false);
          found.add(image);
        }
      expect([...found].sort()).toEqual(['a-b.jpg', 'a.jpg', 'a.jpg.png', 'a.png', 'b.webp']);
      expect((await sweep(optionsFor(world), never)).jobs).toEqual([]);
    }
  });

  describe('that runs out of time', () => {
    const pairs = (count: number) =>
      Array.from({ length: count }, (_, n) => [`p${100 + n}.jpg`, `p${100 + n}.mask.png`]).flat();
    const lonely = Array.from({ length: 300 }, (_, n) => `l${100 + n}.jpg`);

    it('stops in order before its deadline, says so, and the next one goes on behind that place', async () => {
      const world = worldOf(...pairs(7));
      let nowMs = 0;
      const dispatch = async () => {
        nowMs += 400;
      };
      const limited = { dispatch, now: () => nowMs, timeMs: 1000 };
      const reports = [];
      for (let run = 0; run < 3; run++) reports.push(await sweep(optionsFor(world, limited), never));
      expect(reports.map(imagesOf)).toEqual([
        ['p100.jpg', 'p101.jpg', 'p102.jpg'],
        ['p103.jpg', 'p104.jpg', 'p105.jpg'],
        ['p106.jpg'],
      ]);
      const stopped = { images: 3, isOutOfTime: true, isComplete: false, oldestOpenMs: 10 * 60_000 };
      expect(reports).toMatchObject([stopped, stopped, { isOutOfTime: false, isComplete: true }]);
    });

    it('keeps what it has done when it is aborted in the middle of anything', async () => {
      // A whole one makes about forty requests.
      for (let requests = 2; requests < 38; requests += 3) {
        const world = worldOf(...pairs(12));
        const found: string[] = [];
        for (let run = 0; run < 2; run++) {
          const aborting = new AbortController();
          const store = memoryClient(world, (request) => {
            if (run === 0 && request === requests) aborting.abort();
            return undefined;
          });
          const dispatch = async (job: { readonly inputs: { readonly image: { readonly name: string } } }) =>
            void found.push(job.inputs.image.name);
          const report = await sweep(
            optionsFor(world, { store, dispatch, dispatchesAtOnce: 5 }),
            aborting.signal,
          );
          expect(report).toMatchObject({ isComplete: run === 1, isOutOfTime: run === 0 });
        }
        expect(found).toEqual([...new Set(found)]);
        expect(found).toHaveLength(12);
      }
    });

    it('gets past thousands of pictures without masks, over several calls', async () => {
      const world = worldOf(...lonely, 'z.jpg', 'z.mask.png');
      const found: string[] = [];
      let calls = 0;
      for (let isComplete = false; !isComplete && calls < 30; calls++) {
        const aborting = new AbortController();
        const store = memoryClient(world, (request) => {
          // In the middle of a batch.
          if (request === 100) aborting.abort();
          return undefined;
        });
        const report = await sweep(optionsFor(world, { store }), aborting.signal);
        found.push(...imagesOf(report));
        isComplete = report.isComplete;
      }
      expect(found).toEqual(['z.jpg']);
      expect(calls).toBeGreaterThan(2);
      expect(calls).toBeLessThan(20);
    });

    it('has remembered its place when it is killed', async () => {
      const world = worldOf(...Array.from({ length: 1100 }, (_, n) => `l${1000 + n}.jpg`));
      let nowMs = 0;
      const store = memoryClient(world, (request) => {
        nowMs += 10;
        return request > 1700 ? 'crash-before' : undefined;
      });
      await expect(sweep(optionsFor(world, { store, now: () => nowMs }), never)).rejects.toThrow();
      const after = await sweep(optionsFor(world), never);
      expect(after).toMatchObject({ images: 600, isComplete: true });
    });
  });

  it('looks at some pictures at once, starts jobs as many at once as it is told, and no more than it may', async () => {
    const world = worldOf(
      ...Array.from({ length: 60 }, (_, n) => [`p${100 + n}.jpg`, `p${100 + n}.mask.png`]).flat(),
    );
    const atOnce = (limit: number) => {
      let running = 0;
      let most = 0;
      return {
        most: () => most,
        async run() {
          most = Math.max(most, ++running);
          await new Promise(setImmediate);
          running--;
          expect(most).toBeLessThanOrEqual(limit);
        },
      };
    };
    const looks = atOnce(10);
    const starts = atOnce(5);
    const memory = memoryClient(world);
    const store: typeof memory = {
      ...memory,
      async *list(bucket, options, signal) {
        await looks.run();
        yield* memory.list(bucket, options, signal);
      },
    };
    const report = await sweep(
      optionsFor(world, { store, dispatch: starts.run, dispatchesAtOnce: 5, maxJobs: 55 }),
      never,
    );
    expect(report.jobs).toHaveLength(55);
    expect([looks.most(), starts.most()]).toEqual([10, 5]);
    expect(imagesOf(await sweep(optionsFor(world), never))[0]).toBe('p155.jpg');
  });

  it('says what it would do and cost, and does nothing', async () => {
    const world = worldOf('a.jpg', 'a.mask.png', 'b.jpg', 'b.mask.png');
    const objects = [...world.objects.keys()];
    const store = memoryClient(world);
    const dry = await sweep(optionsFor(world, { store, isDryRun: true }), never);
    expect([...world.objects.keys()]).toEqual(objects);
    // The rights of a reader are enough.
    expect(store.requests.filter((request) => !/^(stat|read|list) /.test(request))).toEqual([]);
    expect(imagesOf(dry)).toEqual(['a.jpg', 'b.jpg']);
    expect(dry.costEstimateUsd).toBeCloseTo(0.08);
    expect(imagesOf(await sweep(optionsFor(world), never))).toEqual(['a.jpg', 'b.jpg']);
  });

  it('goes on after a job that does not start, which the next sweep finds again', async () => {
    const world = worldOf('a.jpg', 'a.mask.png', 'b.jpg', 'b.mask.png');
    const working = optionsFor(world).dispatch;
    const dispatch: typeof working = async (job, signal) => {
      if (job.inputs.image.name === 'a.jpg') throw new EditError('QUEUE_UNAVAILABLE', 'Expected Cloud Tasks');
      await working(job, signal);
    };
    const report = await sweep(optionsFor(world, { dispatch }), never);
    expect(report).toMatchObject({ failures: 1, jobs: [{ image: 'b.jpg' }] });
    expect(imagesOf(await sweep(optionsFor(world), never))).toEqual(['a.jpg']);
  });

  it('looks at settled pictures with a handful of requests', async () => {
    const names = Array.from({ length: 200 }, (_, i) => [`p${i}.jpg`, `p${i}.mask.png`]).flat();
    const world = worldOf(...names);
    await sweep(optionsFor(world, { maxJobs: 1000 }), never);
    const store = memoryClient(world);
    await sweep(optionsFor(world, { store }), never);
    expect(store.requests.length).toBeLessThan(10);
  });
});
