import type { RegionOf, StepListener } from '../../edit.ts';
import type { ObjectInfo, ObjectStore } from '../../storage/store.ts';

/** What a job does, in the order in which it does it. */
export const stages = [
  'queued',
  'read',
  'mask',
  'plan',
  'crop',
  'ask',
  'register',
  'composite',
  'write',
  'prove',
  'publish',
] as const;
export type Stage = (typeof stages)[number];

/** Steps of an edit -> the stages that people are told. */
const stageOfStep: Readonly<Record<string, Stage>> = {
  read: 'read',
  mask: 'mask',
  check: 'mask',
  find: 'mask',
  plan: 'plan',
  crop: 'crop',
  frame: 'crop',
  inpaint: 'ask',
  answer: 'register',
  composite: 'composite',
  write: 'write',
  prove: 'prove',
  publish: 'publish',
};

/**
 * Share of the time of a removal at 24 MP by the embedded engine, by stage; a model takes longer to answer.
 */
const shares: Readonly<Record<Stage, number>> = {
  queued: 0.01,
  read: 0.01,
  mask: 0.12,
  plan: 0.02,
  crop: 0.08,
  ask: 0.42,
  register: 0.04,
  composite: 0.1,
  write: 0.1,
  prove: 0.08,
  publish: 0.02,
};

const ofRegion: readonly Stage[] = ['crop', 'ask', 'register', 'composite'];
const sum = (some: readonly Stage[]) => some.reduce((total, stage) => total + shares[stage], 0);

/**
 * Share of the work that is done in a stage, 0 to below 1.
 *
 * @param share of the stage that is done, 0..1.
 */
export function fractionAt(stage: Stage, region: RegionOf = { index: 1, of: 1 }, share = 0): number {
  const before = stages.slice(0, stages.indexOf(stage));
  const part = shares[stage] * share;
  if (!ofRegion.includes(stage)) return sum(before) + part;
  const own = before.filter((each) => ofRegion.includes(each));
  const done = (region.index - 1) / region.of;
  const earlier = sum(before.filter((each) => !ofRegion.includes(each)));
  return earlier + sum(ofRegion) * done + (sum(own) + part) / region.of;
}

export interface Timers {
  readonly now: () => number;
  /** Calls once after a time, ms; the result cancels it. */
  readonly after: (ms: number, call: () => void) => () => void;
}

interface ProgressOptions extends Partial<Timers> {
  readonly store: ObjectStore;
  readonly controlBucket: string;
  readonly job: string;
  readonly signal: AbortSignal;
}

export interface Progress {
  readonly listener: StepListener;
  /** Writes nothing more. */
  readonly close: () => void;
}

export const progressName = (job: string): string => `progress/${job}`;

/** One object may be written about once a second. */
const leastMs = 2000;
const maxWrites = 60;

const systemTimers: Timers = {
  now: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms).unref();
    return () => clearTimeout(timer);
  },
};

/**
 * Tells how far a job is, in the metadata of `progress/{job}`: never in its claim, whose last write is its
 * lease. At most one write in two seconds and 60 in all; a job that ends sooner writes none. A write that
 * fails is given up.
 */
export function progressOf(options: ProgressOptions): Progress {
  const { now, after } = { ...systemTimers, ...options };
  let lastMs = now();
  let writes = 0;
  let object: ObjectInfo | undefined;
  let most = 0;
  let waiting: { readonly stage: Stage; readonly region?: RegionOf; readonly share?: number } | undefined;
  let cancel = () => {};
  let isBusy = false;

  async function write(): Promise<void> {
    if (waiting === undefined || isBusy || writes >= maxWrites) return;
    const { stage, region, share } = waiting;
    waiting = undefined;
    lastMs = now();
    writes++;
    isBusy = true;
    const toStore = (floor: number) => {
      most = Math.max(most, floor, fractionAt(stage, region, share));
      const { index = 0, of = 0 } = region ?? {};
      return { stage, region: `${index}/${of}`, fraction: most.toFixed(3) };
    };
    object = await store(options, object, toStore).catch(() => object);
    isBusy = false;
    if (waiting !== undefined) plan();
  }

  function plan(): void {
    cancel();
    cancel = after(Math.max(0, lastMs + leastMs - now()), () => void write());
  }

  const listener: StepListener = (step, region, share) => {
    const stage = stageOfStep[step];
    if (stage === undefined) return;
    waiting = { stage, ...(region && { region }), ...(share !== undefined && { share }) };
    plan();
  };
  return { listener, close: () => cancel() };
}

/** @param toStore the metadata, given the fraction that another run wrote before. */
async function store(
  { store: objects, controlBucket: bucket, job, signal }: ProgressOptions,
  object: ObjectInfo | undefined,
  toStore: (floor: number) => Readonly<Record<string, string>>,
): Promise<ObjectInfo | undefined> {
  const id = { bucket, name: progressName(job) };
  if (object === undefined) {
    const contentType = 'application/octet-stream';
    const options = { contentType, metadata: toStore(0), signal };
    const { created, info } = await objects.create(id, new Uint8Array(), options);
    if (created) return info;
    const floor = Number(info.metadata['fraction']) || 0;
    return objects.swapMetadata(info, toStore(floor), signal);
  }
  return objects.swapMetadata(object, toStore(0), signal);
}
