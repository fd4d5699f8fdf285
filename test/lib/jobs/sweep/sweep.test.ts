import { describe, expect, it } from 'vitest';
import { EditError } from '../../../../lib/errors.ts';
import { inlineDispatch } from '../../../../lib/jobs/dispatch.ts';
import { collectInputs } from '../../../../lib/jobs/inputs/pairing.ts';
import type { Job } from '../../../../lib/jobs/inputs/plan.ts';
import { type SweepOptions, sweep } from '../../../../lib/jobs/sweep/sweep.ts';
import {
  buckets,
  fakeEngine,
  never,
  planOptions,
  runOptions,
  silentLog,
} from '../../../support/job-world.ts';
import { bucketsWith, type MemoryBuckets, memoryClient, put } from '../../../support/memory-store.ts';

const minuteMs = 60_000;

function sweepOf(world: MemoryBuckets, changes: Partial<SweepOptions> = {}, signal = never) {
  const store = memoryClient(world);
  const options: SweepOptions = {
    store,
    buckets,
    pairing: { folderMask: false },
    plan: planOptions,
    dispatch: inlineDispatch(runOptions(store, fakeEngine())),
    maxJobs: 100,
    maxImages: 1000,
    timeMs: minuteMs,
    now: Date.now,
    dispatchesAtOnce: 1,
    minAgeMs: 2 * minuteMs,
    isDryRun: false,
    priceOf: ({ samples }) => samples * 0.04,
    log: silentLog,
    ...changes,
  };
  return sweep(options, signal);
}

const imagesOf = ({ jobs }: { jobs: readonly { image: string }[] }) => jobs.map(({ image }) => image);
const imagesBy = async (...args: Parameters<typeof sweepOf>) => imagesOf(await sweepOf(...args));

function upload(world: MemoryBuckets, name: string, text = name, minutes = 10): void {
  put(world, { bucket: 'input', name }, text);
  world.nowMs += minutes * minuteMs;
}

/** Files that were uploaded ten minutes ago. */
function worldOf(...names: string[]): MemoryBuckets {
  const world = bucketsWith(...names);
  world.nowMs += 10 * minuteMs;
  return world;
}

const pairOf = (stem: string) => [`${stem}.jpg`, `${stem}.mask.png`];

/** Pictures with a request that asks for no mask: they are looked at one by one. */
const withoutMask = (count: number) =>
  Array.from({ length: count }, (_, n) => [`l${1000 + n}.jpg`, `l${1000 + n}.json`]).flat();

const pairs = (count: number) =>
  Array.from({ length: count }, (_, n) => [`p${100 + n}.jpg`, `p${100 + n}.mask.png`]).flat();

describe('sweep', () => {
  it('finds sets whose events were lost, with either name of a mask', async () => {
    const world = worldOf('a.jpg', 'a.mask.png', 'b/c.png', 'b/c_mask.png', 'alone.jpg', 'z.mask.png');
    const report = await sweepOf(world);
    expect(imagesOf(report)).toEqual(['a.jpg', 'b/c.png']);
    expect(report).toMatchObject({ images: 3, incomplete: 1, isComplete: true });
    expect(await sweepOf(world)).toMatchObject({ jobs: [], settled: 2, incomplete: 1 });
  });

  it('reports how long the oldest set without a result has been complete', async () => {
    const world = worldOf('a.jpg', 'a.mask.png', 'b.jpg');
    upload(world, 'b.mask.png', 'later', 5);
    expect(await sweepOf(world, { isDryRun: true })).toMatchObject({ oldestOpenMs: 15 * minuteMs });
    await sweepOf(world, { maxJobs: 1 });
    expect(await sweepOf(world)).toMatchObject({ oldestOpenMs: 5 * minuteMs });
    expect(await sweepOf(world)).toMatchObject({ jobs: [], oldestOpenMs: 0 });
  });

  it('leaves young sets to their events', async () => {
    const world = worldOf('a.jpg');
    upload(world, 'a.mask.png', 'just now', 0);
    expect(await sweepOf(world)).toMatchObject({ jobs: [], young: 1 });
  });

  it('takes an error file for a result', async () => {
    const world = worldOf('a.mask.png');
    upload(world, 'a.jpg', 'bomb');
    expect(await imagesBy(world)).toEqual(['a.jpg']);
    expect(await sweepOf(world)).toMatchObject({ jobs: [], settled: 1 });
  });

  it.each(['a.jpg', 'a.mask.png', 'a.json'])('finds a set again when %s was uploaded again', async (name) => {
    const world = worldOf('a.jpg', 'a.mask.png');
    upload(world, 'a.json', '{}');
    await sweepOf(world);
    upload(world, name, '{"seed": 1}');
    expect(await imagesBy(world)).toEqual(['a.jpg']);
  });

  it('takes results of another model for results', async () => {
    const world = worldOf('a.jpg', 'a.mask.png');
    await sweepOf(world);
    const plan = { ...planOptions, engine: 'fake:2' };
    expect(await sweepOf(world, { plan })).toMatchObject({ jobs: [], settled: 1 });
  });

  describe('pictures with the mask of their folder', () => {
    const options = { pairing: { folderMask: true } };

    it('are found where that is configured, and again when the mask was uploaded again', async () => {
      const names = ['d/_folder.mask.png', 'd/a.jpg', 'd/b.jpg', 'd/b.mask.png', 'd/z.jpg', 'e/a.jpg'];
      const world = worldOf(...names);
      expect(await imagesBy(world)).toEqual(['d/b.jpg']);
      expect(await imagesBy(world, options)).toEqual(['d/a.jpg', 'd/z.jpg']);
      expect(await sweepOf(world, options)).toMatchObject({ jobs: [], settled: 3 });
      upload(world, 'd/_folder.mask.png', 'another', 0);
      expect(await sweepOf(world, options)).toMatchObject({ jobs: [], young: 2 });
      world.nowMs += 10 * minuteMs;
      expect(await imagesBy(world, options)).toEqual(['d/a.jpg', 'd/z.jpg']);
    });

    it('get a new job when a mask of their own comes later', async () => {
      const world = worldOf('d/_folder.mask.png', 'd/a.jpg');
      await sweepOf(world, options);
      upload(world, 'd/a_mask.png');
      for (const maxImages of [1, 1000])
        expect(await imagesBy(world, { ...options, maxImages, isDryRun: true })).toEqual(['d/a.jpg']);
    });

    it('get a new job also when their own mask lies before the window', async () => {
      const world = worldOf('_folder.mask.png', 'a.png.jpg', 'a.webp');
      await sweepOf(world, options);
      upload(world, 'a.mask.png');
      expect(await imagesBy(world, { ...options, maxImages: 1 })).toEqual([]);
      expect(await imagesBy(world, { ...options, maxImages: 1 })).toEqual(['a.webp']);
    });
  });

  it.each([
    ['with masks of their own', false, pairs(200)],
    ['with the mask of a folder', true, ['_folder.mask.png', ...pairs(400).filter((_, n) => n % 2 === 0)]],
  ])('takes less than ten requests for hundreds of settled pictures %s', async (_, folderMask, names) => {
    const world = worldOf(...names);
    await sweepOf(world, { pairing: { folderMask }, maxJobs: 1000 });
    const store = memoryClient(world);
    const report = await sweepOf(world, { pairing: { folderMask }, store });
    expect(report).toMatchObject({ jobs: [], settled: report.images });
    expect(store.requests.length).toBeLessThan(10);
  });

  it('makes no request for a picture that lacks its mask', async () => {
    const world = worldOf(...Array.from({ length: 300 }, (_, n) => `o${1000 + n}.jpg`));
    const store = memoryClient(world);
    expect(await sweepOf(world, { store })).toMatchObject({ images: 300, incomplete: 300 });
    console.log(`requests for 300 pictures without a mask: ${store.requests.length}`);
    expect(store.requests.length).toBeLessThan(10);
  });

  it('continues behind a picture that cannot be judged, and counts it', async () => {
    const world = worldOf('a.jpg', 'a.mask.png', ...pairOf('b {{projectId}}'), 'c.jpg', 'c.mask.png');
    const store = memoryClient(world, (_, what) => {
      if (what.includes('{{projectId}}')) throw new EditError('REQUEST_INVALID', 'a name');
      return undefined;
    });
    const report = await sweepOf(world, { store });
    expect(imagesOf(report)).toEqual(['a.jpg', 'c.jpg']);
    expect(report).toMatchObject({ images: 3, failures: 1, isComplete: true });
  });

  it.each([
    ['a bug', 'INTERNAL'],
    ['a fault that passes', 'STORAGE_UNAVAILABLE'],
    ['a missing right', 'STORAGE_PERMISSION'],
    ['files that keep changing', 'BUSY'],
  ] as const)('continues behind %s of one picture, and names it', async (_, code) => {
    const world = worldOf(...pairs(4));
    const store = memoryClient(world, (_, what) => {
      if (what !== 'list input/p101') return undefined;
      throw code === 'INTERNAL' ? new TypeError('x is no y') : new EditError(code, 'why');
    });
    const report = await sweepOf(world, { store });
    expect(imagesOf(report)).toEqual(['p100.jpg', 'p102.jpg', 'p103.jpg']);
    expect(report).toMatchObject({ failures: 1, isComplete: true, faults: [{ name: 'p101.jpg', code }] });
  });

  it('ends with a fault that every picture meets', async () => {
    const world = worldOf(...pairs(12));
    const store = memoryClient(world, (_, what) => {
      if (what.startsWith('list input/p')) throw new EditError('STORAGE_PERMISSION', 'why');
      return undefined;
    });
    await expect(sweepOf(world, { store })).rejects.toMatchObject({ code: 'STORAGE_PERMISSION' });
  });

  it('gives poisoned pairs an error file, and all others their result', async () => {
    const deep = `{"prompt":${'['.repeat(3000)}${']'.repeat(3000)}}`;
    const world = worldOf(...pairs(6), 'q.jpg', 'q.json', 'q.mask.png', '\ud800.jpg', '\ud800.mask.png');
    put(world, { bucket: 'input', name: 'q.json' }, deep);
    for (const [n, key] of ['constructor', '__proto__', 'to-string', 'has-own-property'].entries()) {
      const metadata = JSON.parse(`{"inpaint-${key}":"x"}`);
      put(world, { bucket: 'input', name: `p10${n}.mask.png` }, 'mask', { metadata });
    }
    const labels = { 'inpaint-labels': '['.repeat(3500) + ']'.repeat(3500) };
    put(world, { bucket: 'input', name: 'p104.mask.png' }, 'mask', { metadata: labels });
    world.nowMs += 10 * minuteMs;
    expect(await sweepOf(world)).toMatchObject({ isComplete: true, failures: 0 });
    const ends = [...world.objects.values()].filter(({ info }) => info.bucket === 'output');
    const errors = ends.filter(({ info }) => info.name.endsWith('error.json'));
    expect(errors.map(({ info }) => info.name.slice(0, 4))).toEqual([
      'p100',
      'p101',
      'p102',
      'p103',
      'p104',
      'q.jp',
    ]);
    for (const { bytes } of errors) expect(new TextDecoder().decode(bytes)).toContain('"REQUEST_INVALID"');
    expect(ends.filter(({ info }) => info.name.endsWith('manifest.json'))).toHaveLength(2);
    expect(await sweepOf(world)).toMatchObject({ jobs: [], settled: 8 });
  });

  it('tells of names that are too long, and begins no job for them', async () => {
    const stem = 'n'.repeat(1000);
    const world = worldOf(`${stem}.jpg`, `${stem}.mask.png`, ...pairs(1));
    const report = await sweepOf(world);
    expect(imagesOf(report)).toEqual(['p100.jpg']);
    expect(report).toMatchObject({ failures: 1, faults: [{ name: `${stem}.jpg`, code: 'NAME_TOO_LONG' }] });
  });

  it('reports photos and masks that have paired with nothing for an hour, and what would pair', async () => {
    const names = [
      'IMG_2.JPG',
      'img_2.mask.png',
      'alone.jpg',
      'b.jpg',
      'b.mask.png',
      'b_mask.png',
      'notes.txt',
    ];
    const world = worldOf(...names, 'lost.mask.png', 'p.jpg', 'p-mask.png');
    put(world, { bucket: 'input', name: 'x.jpeg2' }, 'x', { contentType: 'image/jpeg' });
    expect(await sweepOf(world)).toMatchObject({ unpaired: [] });
    world.nowMs += 60 * minuteMs;
    const { unpaired, incomplete } = await sweepOf(world);
    expect(incomplete).toBe(2);
    expect(unpaired.map(({ name }) => name)).toEqual([
      ...['IMG_2.JPG', 'img_2.mask.png', 'alone.jpg', 'b_mask.png', 'lost.mask.png', 'x.jpeg2'],
    ]);
    const [photo, mask, alone, second] = unpaired.map(({ reason }) => reason);
    expect(photo).toContain('IMG_2.mask.png');
    expect(mask).toContain('IMG_2.mask.png');
    expect(alone).toContain('alone.mask.png');
    expect(second).toContain('b.mask.png');
  });

  it('continues after a job that cannot be dispatched; the next sweep finds it again', async () => {
    const world = worldOf(...pairs(4));
    const dispatch = async ({ inputs }: Job) => {
      if (inputs.image.name === 'p100.jpg') throw new EditError('QUEUE_UNAVAILABLE', 'Expected Cloud Tasks');
    };
    // The failed job takes no place of another.
    const report = await sweepOf(world, { dispatch, maxJobs: 3 });
    expect(report).toMatchObject({ failures: 1, isComplete: true });
    expect(imagesOf(report)).toEqual(['p101.jpg', 'p102.jpg', 'p103.jpg']);
    expect((await imagesBy(world, { isDryRun: true }))[0]).toBe('p100.jpg');
  });

  it('continues where the last one stopped, and begins again at the end', async () => {
    const world = worldOf(...pairs(7));
    const found: string[][] = [];
    for (let run = 0; run < 4; run++) found.push(await imagesBy(world, { maxJobs: 3 }));
    expect(found).toEqual([
      ['p100.jpg', 'p101.jpg', 'p102.jpg'],
      ['p103.jpg', 'p104.jpg', 'p105.jpg'],
      ['p106.jpg'],
      [],
    ]);
  });

  it('begins at the start where the saved place cannot be read', async () => {
    const world = worldOf(...pairs(2));
    put(world, { bucket: 'control', name: 'sweep/cursor' }, '', { metadata: { after: 'no JSON' } });
    expect(await imagesBy(world)).toEqual(['p100.jpg', 'p101.jpg']);
  });

  it('finds every picture once with any size of its window, also where one name begins another', async () => {
    const sets = {
      a: ['a.jpg', 'a.jpg.png', 'a.mask.png', 'a.jpg.mask.png', 'a.png', 'a.webp'],
      b: ['b.mask.png', 'b.webp', 'a-b.jpg', 'a-b.mask.png'],
    };
    for (let maxImages = 1; maxImages <= 6; maxImages++) {
      const world = worldOf(...sets.a, ...sets.b);
      const found: string[] = [];
      for (let run = 0; run < 8; run++) found.push(...(await imagesBy(world, { maxImages })));
      expect(found.sort()).toEqual(['a-b.jpg', 'a.jpg', 'a.jpg.png', 'a.png', 'a.webp', 'b.webp']);
    }
  });

  it('finds the pairs that events find, with any names and any size of its window, and settles them', async () => {
    const photos = [
      'a.jpg',
      'a',
      'a.b.png',
      'a-b.jfif',
      'A.JPG',
      'é.jpg',
      'e\u0301.png',
      'a-mask.jpg',
      '_folder.jpg',
    ];
    const masks = ['.mask.png', '_MASK.png', '-mask.png', '.jpg.mask.png', '_mask.jpg', '-mask.mask.png'];
    for (let seed = 1; seed <= 9; seed++) {
      const isIn = (n: number) => (seed * 7919 * (n + 3)) % 5 < 2;
      const stems = ['a', 'a.b', 'a-b', 'A', 'é', 'e\u0301', '_folder'];
      const named = stems.flatMap((stem) => masks.map((mask) => `${stem}${mask}`));
      const names = [...photos, ...named.filter((_, n) => isIn(n))];
      const world = worldOf();
      for (const name of names) put(world, { bucket: 'input', name }, name, { contentType: 'image/png' });
      world.nowMs += 10 * minuteMs;
      const pairing = { folderMask: seed % 3 === 0 };
      const expected = new Set<string>();
      for (const name of names)
        for (const set of await collectInputs(memoryClient(world), { bucket: 'input', name }, pairing, never))
          if (set.mask !== undefined) expected.add(set.image.name);
      const maxImages = 1 + (seed % 7);
      const found: string[] = [];
      for (let run = 0; run < 2 + 30 / maxImages; run++)
        found.push(...(await imagesBy(world, { maxImages, pairing })));
      expect(found.sort()).toEqual([...expected].sort());
    }
  });

  it('writes nothing in a dry run, and reports jobs and cost (G21)', async () => {
    const world = worldOf('a.jpg', 'a.mask.png', 'b.jpg', 'b.mask.png');
    const store = memoryClient(world);
    const report = await sweepOf(world, { store, isDryRun: true });
    // The rights of a reader are enough.
    expect(store.requests.filter((request) => !/^(stat|read|list) /.test(request))).toEqual([]);
    expect(imagesOf(report)).toEqual(['a.jpg', 'b.jpg']);
    expect(report.costEstimateUsd).toBeCloseTo(0.08);
    expect(await imagesBy(world)).toEqual(['a.jpg', 'b.jpg']);
  });

  it('judges ten pictures at once, and dispatches no more jobs at once than its limits', async () => {
    const world = worldOf(...pairs(60));
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
    const limits = { dispatchesAtOnce: 5, maxJobs: 55 };
    expect(await imagesBy(world, { store, dispatch: starts.run, ...limits })).toHaveLength(55);
    expect([looks.most(), starts.most()]).toEqual([10, 5]);
    expect((await imagesBy(world))[0]).toBe('p155.jpg');
  });
});

describe('a sweep that runs out of time', () => {
  /** Buckets whose client aborts at this request. */
  const abortingAt = (world: MemoryBuckets, at: number | undefined) => {
    const aborting = new AbortController();
    const store = memoryClient(world, (request) => {
      if (request === at) aborting.abort();
      return undefined;
    });
    return { store, signal: aborting.signal };
  };

  it('stops in order before its deadline, reports that, and the next one continues there', async () => {
    const world = worldOf(...pairs(7));
    let nowMs = 0;
    const dispatch = async () => {
      nowMs += 400;
    };
    const reports = [];
    for (let run = 0; run < 3; run++)
      reports.push(await sweepOf(world, { dispatch, now: () => nowMs, timeMs: 1000 }));
    expect(reports.map(imagesOf)).toEqual([
      ['p100.jpg', 'p101.jpg', 'p102.jpg'],
      ['p103.jpg', 'p104.jpg', 'p105.jpg'],
      ['p106.jpg'],
    ]);
    const stopped = { images: 3, isOutOfTime: true, isComplete: false, oldestOpenMs: 10 * minuteMs };
    expect(reports).toMatchObject([stopped, stopped, { isOutOfTime: false, isComplete: true }]);
  });

  it('judges no picture after its deadline', async () => {
    let nowMs = 0;
    const world = worldOf(...withoutMask(300));
    const store = memoryClient(world, () => {
      nowMs += 100;
      return undefined;
    });
    const report = await sweepOf(world, { store, now: () => nowMs, timeMs: 5000 });
    expect(report).toMatchObject({ isOutOfTime: true, isComplete: false });
    // Ten pictures at once may take two listings and a request file each after it.
    expect(nowMs).toBeLessThanOrEqual(5000 + 30 * 100 + 100);
  });

  it('keeps what it has done when it is aborted at any request', async () => {
    // A whole sweep makes about thirty requests.
    for (let at = 2; at < 27; at += 2) {
      const world = worldOf(...pairs(12));
      const found: string[] = [];
      const dispatch = async ({ inputs }: Job) => void found.push(inputs.image.name);
      for (const run of [0, 1]) {
        const { store, signal } = abortingAt(world, run === 0 ? at : undefined);
        const report = await sweepOf(world, { store, dispatch, dispatchesAtOnce: 5 }, signal);
        expect(report).toMatchObject({ isComplete: run === 1, isOutOfTime: run === 0 });
      }
      expect(found).toHaveLength(12);
      expect(new Set(found).size).toBe(12);
    }
  });

  it('gets past hundreds of pictures without masks in several calls', async () => {
    const world = worldOf(...withoutMask(300), 'z.jpg', 'z.mask.png');
    const found: string[] = [];
    let calls = 0;
    for (let isComplete = false; !isComplete && calls < 30; calls++) {
      // In the middle of a window.
      const { store, signal } = abortingAt(world, 100);
      const report = await sweepOf(world, { store }, signal);
      found.push(...imagesOf(report));
      isComplete = report.isComplete;
    }
    expect(found).toEqual(['z.jpg']);
    expect(calls).toBeGreaterThan(2);
    expect(calls).toBeLessThan(20);
  });

  it('has saved its place when it is killed', async () => {
    const world = worldOf(...withoutMask(1100));
    let nowMs = 0;
    const store = memoryClient(world, (request) => {
      nowMs += 25;
      return request > 2000 ? 'crash-before' : undefined;
    });
    await expect(sweepOf(world, { store, now: () => nowMs })).rejects.toThrow();
    expect(await sweepOf(world)).toMatchObject({ images: 600, isComplete: true });
  });
});
