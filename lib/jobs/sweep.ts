import { asEditError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ObjectInfo, ObjectStore } from '../storage/store.ts';
import { type PriceOf, smallestFrame } from './cost.ts';
import { type Cursor, openCursor } from './cursor.ts';
import type { Dispatch } from './dispatch.ts';
import { type FolderMaskOf, folderMaskFinder } from './folder-mask.ts';
import type { InputSet } from './identity.ts';
import { collectInputs, type PairingOptions } from './pairing.ts';
import { type Job, type PlanOptions, planJob } from './plan.ts';
import type { Buckets } from './run.ts';
import { isSettled, readWindow, setOf, stemOf, type Window } from './window.ts';

export interface SweepOptions {
  readonly store: ObjectStore;
  readonly buckets: Buckets;
  readonly pairing: PairingOptions;
  readonly plan: PlanOptions;
  readonly dispatch: Dispatch;
  /** At most so many jobs are dispatched: a queue filled faster than it empties outlives its tasks. */
  readonly maxJobs: number;
  /** At most so many pictures are looked at. */
  readonly maxImages: number;
  /** Younger sets are left to their events. */
  readonly minAgeMs: number;
  /** Lists what would be done, and does nothing. */
  readonly isDryRun: boolean;
  readonly priceOf: PriceOf;
  readonly log: Log;
}

export interface SweepReport {
  readonly images: number;
  readonly settled: number;
  readonly young: number;
  readonly incomplete: number;
  /** What was dispatched, or would be. */
  readonly jobs: readonly { readonly image: string; readonly job: string }[];
  readonly failures: number;
  /** How long the oldest of these sets has been complete; 0 when every set has an end or is young. */
  readonly oldestOpenMs: number;
  /** At one call of the model for each job, of the smallest size; `null` when the model's price is not known. */
  readonly costEstimateUsd: number | null;
  /** The whole bucket has been looked at since the cursor's last start. */
  readonly isComplete: boolean;
}

const windowImages = 500;

/**
 * Dispatches every complete set that has no result and no error file: what events lost, and what lay in the
 * bucket before there was a function. Goes on where the last sweep stopped; running it twice at once or
 * killing it at any point does no harm, since jobs are named by their inputs.
 */
export async function sweep(options: SweepOptions, signal: AbortSignal): Promise<SweepReport> {
  const { store, buckets, maxImages, maxJobs, isDryRun } = options;
  const cursor = await openCursor(store, { bucket: buckets.control, name: 'sweep/cursor' }, signal);
  const tally = { images: 0, settled: 0, young: 0, incomplete: 0, failures: 0, oldestOpenMs: 0 };
  const jobs: { image: string; job: string }[] = [];
  let cost: number | null = 0;
  const looking = { ...options, folderMaskOf: folderMaskFinder(store, buckets.input) };
  let after = cursor.after;
  let isComplete = false;

  while (!isComplete && tally.images < maxImages && jobs.length < maxJobs) {
    const window = await readWindow(
      { store, buckets, after, maxImages: Math.min(windowImages, maxImages - tally.images) },
      signal,
    );
    for (const image of window.images) {
      if (jobs.length >= maxJobs) break;
      const verdict = await judge(image, window, looking, signal);
      tally.images++;
      after = image.name;
      if (typeof verdict === 'string') {
        tally[verdict]++;
        continue;
      }
      tally.oldestOpenMs = Math.max(tally.oldestOpenMs, ageMs(verdict.inputs));
      if (!isDryRun && !(await dispatched(verdict, options, signal))) {
        tally.failures++;
        continue;
      }
      jobs.push({ image: image.name, job: verdict.id });
      const price = options.priceOf({ frame: smallestFrame, samples: verdict.request?.samples ?? 1 });
      cost = cost === null || price === undefined ? null : cost + price;
    }
    isComplete = window.isLast && after === (window.images.at(-1)?.name ?? after);
  }
  if (!isDryRun) await remember(cursor, isComplete ? '' : after, options.log, signal);
  return { ...tally, jobs, costEstimateUsd: cost, isComplete };
}

type Looking = SweepOptions & { readonly folderMaskOf: FolderMaskOf };

async function judge(
  image: ObjectInfo,
  window: Window,
  options: Looking,
  signal: AbortSignal,
): Promise<Job | 'settled' | 'young' | 'incomplete'> {
  const terminals = window.terminals.get(image.name) ?? [];
  const seen = await setInWindow(image, window, options, signal);
  if (seen !== undefined && isSettled(seen, terminals)) return 'settled';
  // Not settled as far as the window shows: look closely.
  const sets = await collectInputs(options.store, image, options.pairing, signal);
  const inputs = sets.find((set) => set.image.name === image.name);
  if (inputs === undefined) return 'incomplete';
  if (isSettled(inputs, terminals)) return 'settled';
  if (ageMs(inputs) < options.minAgeMs) return 'young';
  return (await planJob(options.store, inputs, options.plan, signal)) ?? 'incomplete';
}

/** `undefined` where the window does not show all of it. */
async function setInWindow(
  image: ObjectInfo,
  { members, covers }: Window,
  { folderMaskOf, pairing }: Looking,
  signal: AbortSignal,
): Promise<InputSet | undefined> {
  const stem = stemOf(image.name) ?? image.name;
  if (!covers(stem)) return undefined;
  const seen = setOf(image, members);
  if (seen.mask !== undefined) return seen;
  if (!covers(`${stem}_mask`)) return undefined;
  return setOf(image, members, pairing.folderMask ? await folderMaskOf(image.name, signal) : undefined);
}

function ageMs({ image, mask, request }: InputSet): number {
  const created = [image, mask, request].map((info) =>
    info === undefined ? 0 : Date.parse(info.timeCreated),
  );
  return image.serverTimeMs - Math.max(...created);
}

/** A job that fails to start here is found again by the next sweep. */
async function dispatched(job: Job, { dispatch, log }: SweepOptions, signal: AbortSignal): Promise<boolean> {
  try {
    await dispatch(job, signal);
    return true;
  } catch (error) {
    log.warn('A job could not be dispatched', { job: job.id, code: asEditError(error).code });
    return false;
  }
}

async function remember(cursor: Cursor, after: string, log: Log, signal: AbortSignal): Promise<void> {
  if (!(await cursor.move(after, signal))) log.info('Another sweep moved the cursor');
}
