import type { Edit, EditResult } from '../../lib/edit.ts';
import type { InpaintEngine, InpaintRequest } from '../../lib/engines/engine.ts';
import { EditError } from '../../lib/errors.ts';
import { defaultBudget } from '../../lib/jobs/claim/budget.ts';
import { collectInputs } from '../../lib/jobs/inputs/pairing.ts';
import { type Job, type PlanOptions, planJob } from '../../lib/jobs/inputs/plan.ts';
import type { RunOptions } from '../../lib/jobs/run/run.ts';
import type { Log } from '../../lib/log.ts';
import type { ObjectStore } from '../../lib/storage/store.ts';

export const buckets = { input: 'input', output: 'output', control: 'control' };

export const never = new AbortController().signal;

export const silentLog: Log = { info() {}, warn() {}, error() {} };

export const planOptions: PlanOptions = {
  engine: 'fake:1',
  requestDefaults: {},
  requestFile: 'optional',
  makesOwnMask: () => false,
};

/** A model that records its calls; `answer` may throw, or wait. */
export function fakeEngine(
  answer: (call: number, key: string, signal: AbortSignal) => Promise<string> | string = () => 'painted',
): InpaintEngine & { readonly calls: string[] } {
  const calls: string[] = [];
  return {
    name: 'fake:1',
    frames: { kind: 'free', maxSidePx: 1024 },
    calls,
    async inpaint({ key }, signal) {
      calls.push(key);
      const text = await answer(calls.length, key, signal);
      const image = { bytes: new TextEncoder().encode(text), mediaType: 'image/png' };
      return { outcomes: [{ kind: 'image', image }], warnings: [], calls: 1 };
    },
  };
}

const fakeProof = { outside: 'exact', comparedPixels: 0, differingPixels: 0 } as const;

/** Only the fields of a request that jobs read. */
export const engineRequest = (key: string, samples = 1): InpaintRequest =>
  ({ key, samples, crop: { width: 64, height: 64 } }) as InpaintRequest;

/** An edit of text with one call for each region; its output is made of all inputs. */
export function fakeEditWith(regions: readonly string[] = ['r0']): (engine: InpaintEngine) => Edit {
  return (engine) => async (input, signal) => {
    const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
    if (text(input.image).startsWith('bomb'))
      throw new EditError('IMAGE_UNREADABLE', 'Expected a picture, got bomb');
    const painted: string[] = [];
    for (const key of regions) {
      const { outcomes } = await engine.inpaint(engineRequest(key, input.request.samples), signal);
      const [first] = outcomes;
      if (first?.kind !== 'image') throw new EditError('ENGINE_REFUSED', 'Expected a picture, got none');
      painted.push(text(first.image.bytes));
    }
    const bytes = new TextEncoder().encode([text(input.image), text(input.mask), ...painted].join('+'));
    // Only the fields of the report that jobs read.
    const result = {
      outputs: [{ bytes, mediaType: 'image/jpeg', extension: 'jpg', proof: fakeProof }],
      report: {
        engine: engine.name,
        modelCalls: regions.length,
        warnings: [],
        timingsMs: {},
        image: { format: 'jpeg', width: 1, height: 1 },
        maskCoverage: 1,
        droppedMetadata: [],
        regions: [],
        proofs: [fakeProof],
      },
    };
    return result as unknown as EditResult;
  };
}

export function runOptions(
  store: ObjectStore,
  engine: InpaintEngine,
  changes: Partial<RunOptions> = {},
): RunOptions {
  return {
    store,
    engine,
    buckets,
    editWith: fakeEditWith(),
    checkReply: async () => {},
    isAnswer: async () => true,
    maxImageBytes: 1000,
    budget: defaultBudget,
    priceOf: () => undefined,
    log: silentLog,
    // No progress is told, however long a busy machine takes.
    timers: { now: () => 0, after: () => () => {} },
    ...changes,
  };
}

/** The one job of this object. */
export async function soleJob(store: ObjectStore, name = 'd/p.jpg'): Promise<Job> {
  const [job, ...more] = await jobsOf(store, name);
  if (job === undefined || more.length > 0) throw new Error(`expected one job, got ${more.length}`);
  return job;
}

/** The jobs of the event of this object. */
export async function jobsOf(
  store: ObjectStore,
  name: string,
  options: Partial<PlanOptions> = {},
  signal: AbortSignal = never,
): Promise<readonly Job[]> {
  const sets = await collectInputs(store, { bucket: buckets.input, name }, { folderMask: false }, signal);
  const jobs = await Promise.all(
    sets.map((inputs) => planJob(store, inputs, { ...planOptions, ...options }, signal)),
  );
  return jobs.filter((job) => job !== undefined);
}
