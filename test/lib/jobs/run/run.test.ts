import { describe, expect, it } from 'vitest';
import type { EditInput } from '../../../../lib/edit.ts';
import { vertexPost } from '../../../../lib/engines/vertex/vertex.ts';
import { EditError } from '../../../../lib/errors.ts';
import { defaultBudget } from '../../../../lib/jobs/claim/budget.ts';
import { inlineDispatch } from '../../../../lib/jobs/dispatch.ts';
import { collectInputs } from '../../../../lib/jobs/inputs/pairing.ts';
import { planJob } from '../../../../lib/jobs/inputs/plan.ts';
import { type RunOptions, runJob as runJobWithFacts } from '../../../../lib/jobs/run/run.ts';
import { claimOf, dropPair, pass } from '../../../support/failure-world.ts';
import { type FakeAnswer, fakeClock, fakeModel } from '../../../support/fake-model.ts';
import {
  fakeEditWith,
  fakeEngine,
  never,
  planOptions,
  runOptions,
  silentLog,
  soleJob,
} from '../../../support/job-world.ts';
import { type MemoryBuckets, memoryBuckets, memoryClient, put } from '../../../support/memory-store.ts';

// What a job does under faults is told in ../failures.

const runJob = async (...args: Parameters<typeof runJobWithFacts>) =>
  (await runJobWithFacts(...args)).outcome;

function textOf(world: MemoryBuckets, suffix: string): string | undefined {
  const entry = [...world.objects.entries()].find(([key]) => key.endsWith(suffix));
  return entry === undefined ? undefined : new TextDecoder().decode(entry[1].bytes);
}

interface GivenMask {
  readonly file?: string;
  readonly metadata?: Record<string, string>;
  readonly requestDefaults?: Record<string, unknown>;
  readonly mask?: string;
}

describe('runJob', () => {
  it('publishes the output, then the manifest, and ends the claim', async () => {
    const world = dropPair();
    const store = memoryClient(world);
    const job = await soleJob(store);
    expect(await runJob(job, runOptions(store, fakeEngine()), never)).toBe('published');
    expect(textOf(world, `d/p.jpg/${job.id}/1.jpg`)).toBe('photo+mask+painted');
    const manifest = JSON.parse(textOf(world, 'manifest.json') ?? '');
    expect(manifest).toMatchObject({
      state: 'done',
      job: job.id,
      inputs: {
        image: { name: 'd/p.jpg', generation: '1001' },
        mask: { name: 'd/p.mask.png' },
        request: null,
      },
      outputs: [{ name: `d/p.jpg/${job.id}/1.jpg` }],
      claimedCalls: { r0: 1 },
      attempts: 1,
    });
    expect(claimOf(world)).toMatchObject({ state: 'DONE', attempts: '1', modelCalls: 'r0=1' });
  });

  it.each([
    ['a pair', {}, { refusesSuspicious: true, isPolarityGiven: false }],
    ['a polarity in the file', { file: '{"polarity":"white"}' }, { isPolarityGiven: true }],
    ['a polarity in metadata', { metadata: { 'inpaint-polarity': 'white' } }, { isPolarityGiven: true }],
    ['a polarity by default', { requestDefaults: { polarity: 'white' } }, { isPolarityGiven: true }],
    ['the mask of a folder', { mask: '_folder.mask.png' }, { refusesSuspicious: false }],
  ])('tells the edit how far the mask can be trusted: %s', async (_, given: GivenMask, trust) => {
    const { file, metadata = {}, requestDefaults = {}, mask = 'p.mask.png' } = given;
    const world = memoryBuckets();
    put(world, { bucket: 'input', name: 'd/p.jpg' }, 'photo');
    put(world, { bucket: 'input', name: `d/${mask}` }, 'mask', { metadata });
    if (file !== undefined) put(world, { bucket: 'input', name: 'd/p.json' }, file);
    const store = memoryClient(world);
    const image = { bucket: 'input', name: 'd/p.jpg' };
    const [found] = await collectInputs(store, image, { folderMask: true }, never);
    const job = await planJob(store, found!, { ...planOptions, requestDefaults }, never);
    const inputs: EditInput[] = [];
    const editWith: RunOptions['editWith'] = (engine) => (input, signal) => {
      inputs.push(input);
      return fakeEditWith()(engine)(input, signal);
    };
    await runJob(job!, runOptions(store, fakeEngine(), { editWith }), never);
    expect(inputs).toEqual([expect.objectContaining(trust)]);
  });

  it('tells the share of the picture that the mask selects', async () => {
    const store = memoryClient(dropPair());
    const { facts } = await runJobWithFacts(await soleJob(store), runOptions(store, fakeEngine()), never);
    expect(facts).toMatchObject({ maskCoverage: 1 });
  });

  it('names an output with the extension of its picture where the format is the same', async () => {
    for (const [extension, expected] of Object.entries({ JPEG: 'jpeg', jpg: 'jpg', png: 'jpg' })) {
      const world = memoryBuckets();
      const image = `p.${extension}`;
      put(world, { bucket: 'input', name: image }, 'photo');
      put(world, { bucket: 'input', name: 'p.mask.png' }, 'mask');
      const store = memoryClient(world);
      const job = await soleJob(store, image);
      await runJob(job, runOptions(store, fakeEngine()), never);
      expect(textOf(world, `/1.${expected}`)).toBeDefined();
      expect(textOf(world, 'manifest.json')).toContain(`${image}/${job.id}/1.${expected}"`);
    }
  });

  it('takes at most 6 writes and 12 reads from event to end', async () => {
    const world = dropPair();
    const store = memoryClient(world);
    await runJob(await soleJob(store), runOptions(store, fakeEngine()), never);
    const writes = store.requests.filter((what) => /^(create|swap)/.test(what));
    expect(writes.length).toBeLessThanOrEqual(6);
    expect(store.requests.length - writes.length).toBeLessThanOrEqual(12);
  });

  it('does nothing when there is a result, also when the control bucket was emptied', async () => {
    const world = dropPair();
    const store = memoryClient(world);
    const job = await soleJob(store);
    await runJob(job, runOptions(store, fakeEngine()), never);
    for (const key of world.objects.keys()) if (key.startsWith('control/')) world.objects.delete(key);
    const engine = fakeEngine();
    expect(await runJob(job, runOptions(store, engine), never)).toBe('published-before');
    expect(engine.calls).toEqual([]);
  });

  it('is busy while another run has the job, and says when to come again', async () => {
    const world = dropPair();
    const store = memoryClient(world);
    const job = await soleJob(store);
    const hanging = fakeEngine((_, __, signal) => hang(signal));
    const stop = new AbortController();
    const first = runJob(job, runOptions(store, hanging), stop.signal);
    await Promise.resolve();
    while (hanging.calls.length === 0) await Promise.resolve();
    const second = runJob(job, runOptions(memoryClient(world), fakeEngine()), never);
    await expect(second).rejects.toMatchObject({ code: 'BUSY', retryAfterMs: 30_000 });
    stop.abort();
    await expect(first).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('leaves the job to the next run at once when it is told to stop', async () => {
    const world = dropPair();
    const store = memoryClient(world);
    const job = await soleJob(store);
    const stop = new AbortController();
    const engine = fakeEngine((_, __, signal) => {
      queueMicrotask(() => stop.abort());
      return hang(signal);
    });
    await expect(runJob(job, runOptions(store, engine), stop.signal)).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    expect(claimOf(world)).toMatchObject({ state: 'WAIT', attempts: '0', waitMs: '0', modelCalls: 'r0=1' });
    expect(await runJob(job, runOptions(store, fakeEngine()), never)).toBe('published');
  });

  it('ends by its own deadline, keeps the count, and waits', async () => {
    const world = dropPair();
    const store = memoryClient(world);
    const budget = { ...runOptions(store, fakeEngine()).budget, deadlineMs: 5 };
    const engine = fakeEngine((_, __, signal) => hang(signal));
    const run = runJob(await soleJob(store), runOptions(store, engine, { budget }), never);
    await expect(run).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(claimOf(world)).toMatchObject({ state: 'WAIT', attempts: '1', modelCalls: 'r0=1' });
  });

  it('waits after a quota error as long as the model says', async () => {
    const world = dropPair();
    const store = memoryClient(world);
    const job = await soleJob(store);
    const engine = fakeEngine((call) => {
      if (call === 1) throw new EditError('MODEL_QUOTA', 'Expected quota, got 429', { retryAfterMs: 7000 });
      return 'painted';
    });
    for (let run = 0; run < 2; run++) {
      const early = runJob(job, runOptions(store, engine), never);
      await expect(early).rejects.toMatchObject({ code: 'MODEL_QUOTA', retryAfterMs: 7000 });
    }
    expect(claimOf(world)).toMatchObject({ modelCalls: 'r0=0' });
    world.nowMs += 7000;
    expect(await runJob(job, runOptions(store, engine), never)).toBe('published');
  });

  it('does nothing for a job that has failed', async () => {
    const store = memoryClient(dropPair('bomb'));
    const job = await soleJob(store);
    expect(await runJob(job, runOptions(store, fakeEngine()), never)).toBe('failed');
    expect(await runJob(job, runOptions(store, fakeEngine()), never)).toBe('failed-before');
  });

  it('keeps the budget through hours of outage, and gives up when each call may be billed (G14)', async () => {
    const world = dropPair();
    const store = memoryClient(world);
    const job = await soleJob(store);
    const { clock } = fakeClock();
    const run = async (answer: FakeAnswer) => {
      const post = vertexPost({
        ...{ project: 'p', location: 'l', baseUrl: 'http://localhost:1', clock },
        fetch: fakeModel(answer).fetch,
      });
      const question = { path: 'p', body: {}, model: 'painter-1', successor: undefined, secrets: [] };
      const engine = fakeEngine(async () => String((await post(question, never)).value));
      const ended = runJob(job, runOptions(store, engine), never);
      pass(world, 1);
      return ended.catch(({ code }: EditError) => code);
    };
    const fault = (code: string) => ({ fault: new TypeError('fetch failed', { cause: { code } }) });
    for (let minute = 0; minute < 60; minute++) {
      const away = minute % 2 === 0 ? { status: 503 } : fault('ECONNREFUSED');
      expect(await run(away)).toBe('MODEL_UNAVAILABLE');
    }
    expect(claimOf(world)).toMatchObject({ state: 'WAIT', attempts: '0', modelCalls: 'r0=0' });
    for (let i = 0; i < 3; i++) expect(await run(fault('ECONNRESET'))).toBe('MODEL_UNAVAILABLE');
    expect(await run({ status: 200 })).toBe('failed');
    expect(textOf(world, 'error.json')).toContain('BUDGET_SPENT');
  });

  it.each(['NOT_EXACT', 'SHAPE_MISMATCH'] as const)(
    'ends at once after %s, and logs it as a bug',
    async (code) => {
      const world = dropPair();
      const job = await soleJob(memoryClient(world));
      const errors: (object | undefined)[] = [];
      const log = { ...silentLog, error: (_: string, facts?: object) => void errors.push(facts) };
      const editWith = () => () => Promise.reject(new EditError(code, 'Expected 0 pixels changed, got 3'));
      await inlineDispatch(runOptions(memoryClient(world), fakeEngine(), { editWith, log }))(job, never);
      expect(JSON.parse(textOf(world, 'error.json') ?? '')).toMatchObject({ code, reuploadHelps: false });
      expect(claimOf(world)).toMatchObject({ state: 'FAILED', code, attempts: '1' });
      expect(errors).toMatchObject([{ outcome: 'failed', code, error: expect.any(EditError) }]);
    },
  );

  it.each([
    ['ENGINE_EMPTY', true],
    ['INTERNAL', false],
  ] as const)('names %s as the cause when attempts or calls are used up', async (code, reuploadHelps) => {
    const lastMessages: unknown[] = [];
    for (const maxAttempts of [2, 9]) {
      const world = dropPair();
      const job = await soleJob(memoryClient(world));
      const engine = fakeEngine((call) => {
        throw new EditError(code, `Expected a picture, got ${call} times none`);
      });
      const budget = { ...defaultBudget, maxAttempts, maxModelCalls: 3 };
      for (let run = 0; run < 5; run++) {
        await runJob(job, runOptions(memoryClient(world), engine, { budget }), never).catch(() => undefined);
        pass(world, 1);
      }
      const message = `Expected a picture, got ${Math.min(maxAttempts, 3)} times none`;
      const file = JSON.parse(textOf(world, 'error.json') ?? '');
      expect(file).toMatchObject({ code: 'BUDGET_SPENT', cause: { code, message }, reuploadHelps });
      expect(file.message).toContain(`${code}: ${message}`);
      expect(file.whatToDo).toContain(new EditError(code, '').remedy);
      lastMessages.push(file.whatToDo);
    }
    expect(new Set(lastMessages).size).toBe(1);
  });

  it('makes nothing of a name whose results have no room, and writes an error file where that fits', async () => {
    for (const [bytes, hasFile] of [
      [996, true],
      [997, false],
      [1015, false],
    ] as const) {
      const world = memoryBuckets();
      const stem = 'n'.repeat(bytes - 4);
      const names = [`${stem}.jpg`, `${stem}.mask.png`];
      for (const name of names) put(world, { bucket: 'input', name }, name);
      const job = await soleJob(memoryClient(world), `${stem}.jpg`);
      const engine = fakeEngine();
      const ended = await runJobWithFacts(job, runOptions(memoryClient(world), engine), never);
      expect(ended).toMatchObject({ outcome: 'failed', facts: { code: 'NAME_TOO_LONG' } });
      expect([engine.calls, textOf(world, 'error.json') !== undefined]).toEqual([[], hasFile]);
      expect(claimOf(world)).toBeUndefined();
    }
  });

  it('ends as superseded when the picture was replaced before the download', async () => {
    const world = dropPair();
    const store = memoryClient(world);
    const job = await soleJob(store);
    put(world, { bucket: 'input', name: 'd/p.jpg' }, 'newer');
    expect(await runJob(job, runOptions(store, fakeEngine()), never)).toBe('superseded');
    expect(claimOf(world)?.['code']).toBe('SUPERSEDED');
    expect(textOf(world, 'error.json')).toBeUndefined();
  });

  it('does not report the error of a job that another run has taken over', async () => {
    const world = dropPair();
    const store = memoryClient(world);
    const job = await soleJob(store);
    const heir = fakeEngine(() => {
      throw new EditError('MODEL_QUOTA', 'Expected quota, got 429');
    });
    const zombie = fakeEngine(async () => {
      pass(world, 16);
      await runJob(job, runOptions(store, heir), never).catch(() => undefined);
      const billing = { calls: 1, mayBeBilled: false };
      throw new EditError('ENGINE_REJECTED', 'Expected to be accepted, got 400', { billing });
    });
    await expect(runJob(job, runOptions(store, zombie), never)).rejects.toMatchObject({ code: 'BUSY' });
    expect(textOf(world, 'error.json')).toBeUndefined();
    expect(claimOf(world)).toMatchObject({ state: 'WAIT', code: 'MODEL_QUOTA' });
  });

  it('reports an invalid request file', async () => {
    const world = dropPair();
    put(world, { bucket: 'input', name: 'd/p.json' }, '{"colour": 1}');
    const store = memoryClient(world);
    expect(await runJob(await soleJob(store), runOptions(store, fakeEngine()), never)).toBe('failed');
    expect(textOf(world, 'error.json')).toContain('REQUEST_INVALID');
  });

  it('counts and saves each region separately', async () => {
    const world = dropPair();
    const store = memoryClient(world);
    const job = await soleJob(store);
    const options = { editWith: fakeEditWith(['r0', 'r1']) };
    const engine = fakeEngine((call, key) => {
      if (call === 2) throw new EditError('MODEL_UNAVAILABLE', 'Expected an answer, got 503');
      return key;
    });
    await expect(runJob(job, runOptions(store, engine, options), never)).rejects.toThrow();
    pass(world, 1);
    expect(await runJob(job, runOptions(store, engine, options), never)).toBe('published');
    expect(engine.calls).toEqual(['r0', 'r1', 'r1']);
    expect(textOf(world, '/1.jpg')).toBe('photo+mask+r0+r1');
    expect(claimOf(world)).toMatchObject({ modelCalls: 'r0=1,r1=2' });
  });

  it('asks again where the saved reply is to another crop, as an earlier version cut it', async () => {
    const world = dropPair();
    const store = memoryClient(world);
    const job = await soleJob(store);
    const engine = fakeEngine((call) => {
      if (engine.calls.length === 2) throw new EditError('MODEL_UNAVAILABLE', 'Expected an answer, got none');
      return `${call} of ${engine.calls.length}`;
    });
    const regions = { editWith: fakeEditWith(['r0', 'r1']), isAnswer: async () => false };
    await expect(runJob(job, runOptions(store, engine, regions), never)).rejects.toThrow();
    pass(world, 1);
    expect(await runJob(job, runOptions(store, engine, regions), never)).toBe('published');
    expect(engine.calls).toEqual(['r0', 'r1', 'r0', 'r1']);
    expect(textOf(world, '/1.jpg')).toBe('photo+mask+3 of 3+4 of 4');
  });

  it('does not save a reply that cannot be used', async () => {
    const world = dropPair();
    const store = memoryClient(world);
    const job = await soleJob(store);
    const checkReply = async () => {
      if (engine.calls.length === 1)
        throw new EditError('ENGINE_BAD_REPLY', 'Expected a PNG, got half of one');
    };
    const engine = fakeEngine((call) => `answer ${call}`);
    await expect(runJob(job, runOptions(store, engine, { checkReply }), never)).rejects.toThrow();
    pass(world, 1);
    expect(await runJob(job, runOptions(store, engine, { checkReply }), never)).toBe('published');
    expect(textOf(world, '/1.jpg')).toBe('photo+mask+answer 2');
  });
});

function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(new Error('aborted in the words of the model client')));
  });
}
