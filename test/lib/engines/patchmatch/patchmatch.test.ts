import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import type { EngineCodec, InpaintRequest } from '../../../../lib/engines/engine.ts';
import { engineFor } from '../../../../lib/engines/engines.ts';
import type { Raster } from '../../../../lib/pixels/raster.ts';
import { modelSettings } from '../../../support/fake-model.ts';
import { removalRequest } from '../../../support/inpaint-request.ts';
import { noisePicture } from '../../../support/pictures.ts';

/** Passes the pixels on, so that tests see exactly what the engine made. */
const rawCodec: EngineCodec = {
  encode: async ({ data }) => ({ bytes: Uint8Array.from(data), mediaType: 'application/octet-stream' }),
};
const engine = await engineFor({ engine: 'patchmatch', model: undefined }, modelSettings, {
  codec: rawCodec,
});

/** Every thread that was started. */
const threads: Worker[] = [];
process.on('worker', (thread) => threads.push(thread));

/** Ends all threads, and returns how many there were. */
async function endThreads(): Promise<number> {
  await Promise.all(threads.map((thread) => thread.terminate()));
  return threads.length;
}

function sharedTask() {
  const size = { width: 24, height: 24, channels: 3 as const };
  const { data: rgb } = requestOf(24).crop;
  const picture = { ...size, rgb, mask: new Uint8Array(24 * 24) };
  const whole = { ...size, data: new Uint8Array(new SharedArrayBuffer(rgb.length)) };
  return { picture, filled: { ...size, data: rgb }, whole };
}

const nextThread = async (): Promise<Worker> => (await once(process, 'worker'))[0];

const never = new AbortController().signal;

/** A checked cloth of 8 pixel squares, its middle masked. */
function requestOf(size: number, changes: Partial<InpaintRequest> = {}): InpaintRequest {
  const crop = new Uint8Array(size * size * 3);
  const mask = new Uint8Array(size * size);
  for (let i = 0; i < size * size; i++) {
    const x = i % size;
    const y = (i - x) / size;
    crop.fill(((x >> 3) + (y >> 3)) % 2 === 0 ? 200 : 60, 3 * i, 3 * i + 3);
    if (Math.abs(x - size / 2) < size / 6 && Math.abs(y - size / 2) < size / 6) mask[i] = 255;
  }
  return removalRequest({
    crop: { width: size, height: size, channels: 3, data: crop },
    mask: { width: size, height: size, channels: 1, data: mask },
    seed: 7,
    ...changes,
  });
}

/** The same of grain, of which each seed copies other parts. */
function speckled(changes: Partial<InpaintRequest>): InpaintRequest {
  const crop = noisePicture({ width: 48, height: 48, channels: 3, depth: 8 });
  return requestOf(48, { crop, ...changes });
}

async function bytesOf(request: InpaintRequest): Promise<Uint8Array[]> {
  const { outcomes } = await engine.inpaint(request, never);
  return outcomes.map((outcome) => (outcome.kind === 'image' ? outcome.image.bytes : new Uint8Array()));
}

describe('patchmatch engine', () => {
  it('gives the same bytes for the same seed', async () => {
    expect(await bytesOf(requestOf(48))).toEqual(await bytesOf(requestOf(48)));
  });

  it('returns the finished picture that the judge likes best, other ones for another seed', async () => {
    const judged = async (seed: number) => {
      const drafts: Uint8Array[] = [];
      const finished: Uint8Array[] = [];
      const judge = ({ width, data }: Raster) => {
        (width < 48 ? drafts : finished).push(Uint8Array.from(data));
        return width < 48 ? 5 : 9 - finished.length;
      };
      const { outcomes, made } = await engine.inpaint(speckled({ seed, judge }), never);
      const best = outcomes.map((outcome) => 'image' in outcome && outcome.image.bytes);
      return { seen: [...drafts, ...finished], made, best, expected: [finished.at(-1)] };
    };
    const [first, second] = [await judged(1), await judged(2)];
    expect({ made: first.made, best: first.best }).toEqual({ made: 4, best: first.expected });
    const all = [...first.seen, ...second.seen].map((data) => hash('sha1', data));
    expect(all.length).toBe(12);
    expect(new Set(all).size).toBe(12);
  });

  it.each([1, 2, 4])(
    'answers %i channels where it is sent as many, and fills each of them',
    async (channels) => {
      const { crop, mask } = requestOf(48);
      const hole = (i: number) => mask!.data[Math.floor(i / channels)]! > 0;
      // The last of several channels is the negative of the others.
      const isLast = (i: number) => channels > 1 && i % channels === channels - 1;
      const samples = Uint8Array.from({ length: 48 * 48 * channels }, (_, i) => {
        const level = crop.data[3 * Math.floor(i / channels)]!;
        return hole(i) ? 128 : isLast(i) ? 255 - level : level;
      });
      const sent = { width: 48, height: 48, channels, data: samples };
      const filled = (await bytesOf(requestOf(48, { crop: sent })))[0]!;
      expect(filled).toHaveLength(samples.length);
      expect(filled.filter((value, i) => !hole(i) && value !== samples[i])).toHaveLength(0);
      expect(filled).not.toContain(128);
      const odd = filled.filter((value, i) => isLast(i) && Math.abs(value + filled[i - 1]! - 255) > 2);
      expect(odd).toHaveLength(0);
    },
  );

  it('leaves the crop and the mask it was given as they are', async () => {
    const request = requestOf(48);
    const before = structuredClone({ crop: request.crop.data, mask: request.mask?.data });
    await engine.inpaint(request, never);
    expect({ crop: request.crop.data, mask: request.mask?.data }).toEqual(before);
  });

  it('names the options it ignores', async () => {
    const { warnings } = await engine.inpaint(
      requestOf(24, { prompt: 'a lawn', steps: 12, addWatermark: false }),
      never,
    );
    expect(warnings).toEqual([
      'patchmatch does not take prompt: it was left out.',
      'patchmatch does not take steps: it was left out.',
    ]);
  });

  it.each([
    ['no mask', { mask: undefined }, 'MASK_MISSING'],
    [
      'a mask of another size',
      { mask: { width: 2, height: 2, channels: 1, data: new Uint8Array(4) } },
      'SHAPE_MISMATCH',
    ],
    [
      '16 bit samples',
      { crop: { width: 24, height: 24, channels: 3, data: new Uint16Array(24 * 24 * 3) } },
      'SHAPE_MISMATCH',
    ],
    [
      'a mask without any black',
      { mask: { width: 24, height: 24, channels: 1, data: new Uint8Array(24 * 24).fill(255) } },
      'MASK_FULL',
    ],
  ] satisfies [string, Partial<InpaintRequest>, string][])('refuses %s', async (_, changes, code) => {
    await expect(engine.inpaint(requestOf(24, changes), never)).rejects.toMatchObject({ code });
  });

  it('refuses a crop beyond its frame', async () => {
    const crop = { width: 1025, height: 1, channels: 3, data: new Uint8Array(1025 * 3) };
    const mask = { width: 1025, height: 1, channels: 1 as const, data: new Uint8Array(1025) };
    await expect(engine.inpaint(requestOf(24, { crop, mask }), never)).rejects.toMatchObject({
      code: 'SHAPE_MISMATCH',
    });
  });

  it('says when it was the deadline that ended the work', async () => {
    const late = AbortSignal.abort(new DOMException('late', 'TimeoutError'));
    await expect(engine.inpaint(requestOf(24), late)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });

  it('stops in the middle of the work when cancelled', async () => {
    const expected = await bytesOf(requestOf(24));
    await endThreads();
    const controller = new AbortController();
    const { signal } = controller;
    const steps = { before: 0, after: 0 };
    // After a step the thread is sent the next one, which takes it far longer than this takes to abort.
    const onProgress = () => {
      steps[signal.aborted ? 'after' : 'before']++;
      setImmediate(() => controller.abort(new Error('enough')));
    };
    const work = engine.inpaint(requestOf(1024, { samples: 4, onProgress }), signal);
    const thread = await nextThread();
    const end = once(thread, 'exit').then(() => 'ended');
    await expect(work).rejects.toMatchObject({ code: 'CANCELLED', cause: { message: 'enough' } });
    expect(steps).toEqual({ before: 1, after: 0 });
    const answer = once(thread, 'message').then(() => 'answered');
    expect(await Promise.race([end, answer])).toBe('ended');
    // The next edit has a thread that does not know of the ended work.
    expect(await bytesOf(requestOf(24))).toEqual(expected);
  });
});

describe('the thread', () => {
  it('is kept for the next edits, also after a refusal', async () => {
    const expected = await bytesOf(requestOf(64));
    const before = threads.length;
    const full = { width: 24, height: 24, channels: 1 as const, data: new Uint8Array(24 * 24).fill(255) };
    await expect(engine.inpaint(requestOf(24, { mask: full }), never)).rejects.toThrow();
    engine.prepare?.();
    expect(await bytesOf(requestOf(64))).toEqual(expected);
    expect(threads).toHaveLength(before);
  });

  it('is one for each edit at the same time, and prepared while none waits', async () => {
    const requests = [requestOf(48), requestOf(64)];
    const expected = [];
    for (const request of requests) expected.push(await engine.inpaint(request, never));
    const before = await endThreads();
    engine.prepare?.();
    engine.prepare?.();
    await nextThread();
    expect(threads).toHaveLength(before + 1);
    expect(await Promise.all(requests.map((request) => engine.inpaint(request, never)))).toEqual(expected);
    expect(threads).toHaveLength(before + 2);
  });

  it.each([
    // Memory that is shared cannot be handed over with the answer.
    ['crashes', (thread: Worker) => thread.postMessage({ reduced: sharedTask() })],
    ['ends', (thread: Worker) => void thread.terminate()],
  ])('is replaced when it %s, while it works or waits', async (_, spoil) => {
    const expected = await bytesOf(requestOf(24));
    await endThreads();
    engine.prepare?.();
    spoil(await nextThread());
    await expect(engine.inpaint(requestOf(24), never)).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(await bytesOf(requestOf(24))).toEqual(expected);
    const waiting = threads.at(-1)!;
    spoil(waiting);
    await once(waiting, 'exit').catch(() => undefined);
    expect(await bytesOf(requestOf(24))).toEqual(expected);
  });

  it('keeps no process alive that has nothing else to do', () => {
    const file = new URL('../../../../lib/engines/patchmatch/run.ts', import.meta.url);
    const picture = '{ width: 1, height: 1, rgb: new Uint8Array(3), mask: new Uint8Array(1) }';
    const script = `import(${JSON.stringify(file.href)}).then(async ({ startSpare, completed }) => {
      await completed(${picture}, { seed: 1, beginning: 'border' }, new AbortController().signal);
      startSpare();
    })`;
    const ended = spawnSync(process.execPath, ['-e', script], { timeout: 15_000, encoding: 'utf8' });
    expect({ status: ended.status, stderr: ended.stderr }).toEqual({ status: 0, stderr: '' });
  });
});
