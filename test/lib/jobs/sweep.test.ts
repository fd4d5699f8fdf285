import { describe, expect, it } from 'vitest';
import { EditError } from '../../../lib/errors.ts';
import { inlineDispatch } from '../../../lib/jobs/dispatch.ts';
import { type SweepOptions, sweep } from '../../../lib/jobs/sweep.ts';
import { buckets, fakeEngine, never, planOptions, runOptions, silentLog } from '../../support/job-world.ts';
import { type MemoryBuckets, memoryBuckets, memoryClient, put } from '../../support/memory-store.ts';

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

  it('says what it would do and cost, and does nothing', async () => {
    const world = worldOf('a.jpg', 'a.mask.png', 'b.jpg', 'b.mask.png');
    const dry = await sweep(optionsFor(world, { isDryRun: true }), never);
    expect(imagesOf(dry)).toEqual(['a.jpg', 'b.jpg']);
    expect(dry.costEstimateUsd).toBeCloseTo(0.08);
    expect([...world.objects.keys()].filter((key) => key.startsWith('output/'))).toEqual([]);
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
