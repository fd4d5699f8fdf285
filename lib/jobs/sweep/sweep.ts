import { asEditError, EditError } from '../../errors.ts';
import { inParallel } from '../../in-parallel.ts';
import type { Log } from '../../log.ts';
import type { ObjectInfo, ObjectStore } from '../../storage/store.ts';
import type { Dispatch } from '../dispatch.ts';
import { type FolderMaskOf, folderMaskFinder } from '../inputs/folder-mask.ts';
import type { InputSet } from '../inputs/identity.ts';
import { collectInputs, type PairingOptions } from '../inputs/pairing.ts';
import { type Job, type PlanOptions, planJob } from '../inputs/plan.ts';
import { isSettled, readWindow, setOf, stemOf, type Window } from '../inputs/window.ts';
import type { PriceOf } from '../run/cost.ts';
import type { Buckets } from '../run/run.ts';
import { openCursor } from './cursor.ts';
import { ageMs, type End, type NoJob, type SweepReport, sweepSummary } from './sweep-report.ts';

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
  /** No picture is begun after this long. */
  readonly timeMs: number;
  readonly now: () => number;
  /** 1 where jobs run here: each takes the memory of its pictures. */
  readonly dispatchesAtOnce: number;
  /** Younger sets are left to their events. */
  readonly minAgeMs: number;
  /** Lists what would be done, and does nothing. */
  readonly isDryRun: boolean;
  readonly priceOf: PriceOf;
  readonly log: Log;
}

const windowImages = 500;
/** Looked at together; a sweep that is stopped in the middle looks at some of them again. */
const batchImages = 50;
/** Each is two to four listings, one after the other. */
const looksAtOnce = 10;
/** Cloud Storage takes one write a second for one object. */
const rememberEveryMs = 10_000;
/** Within the time that a process which is told to end is given. */
const farewellMs = 5000;

/**
 * Dispatches every complete set that has no result and no error file: what events lost, and what lay in the
 * bucket before there was a function. Goes on where the last sweep stopped, also when that one ran out of time;
 * running it twice at once or killing it at any point does no harm, since jobs are named by their inputs.
 */
export async function sweep(options: SweepOptions, signal: AbortSignal): Promise<SweepReport> {
  const { store, buckets, maxImages, maxJobs, isDryRun, now, log } = options;
  const stopAt = now() + options.timeMs;
  const isOver = () => signal.aborted || now() >= stopAt;
  const cursor = await openCursor(store, { bucket: buckets.control, name: 'sweep/cursor' }, signal);
  const sum = sweepSummary(options.priceOf);
  const looking = { ...options, isOver, folderMaskOf: folderMaskFinder(store, buckets.input) };
  let after = cursor.after;
  let isComplete = false;
  let remembered = { place: after, atMs: now() };
  const remember = async () => {
    const place = isComplete ? '' : after;
    if (isDryRun || place === remembered.place) return;
    remembered = { place, atMs: now() };
    // A signal of its own: what was done by a sweep that was aborted is done.
    const isMoved = await cursor.move(place, AbortSignal.timeout(farewellMs));
    if (!isMoved) log.info('Another sweep moved the cursor');
  };
  const isFull = () => sum.images() >= maxImages || sum.jobs() >= maxJobs;

  try {
    while (!isComplete && !isFull() && !isOver()) {
      const count = Math.min(windowImages, maxImages - sum.images());
      const window = await readWindow({ store, buckets, after, maxImages: count }, signal);
      for (let at = 0; at < window.images.length && !isFull() && !isOver(); ) {
        const batch = window.images.slice(at, at + batchImages);
        const { done, fault } = await workOn(batch, window, maxJobs - sum.jobs(), looking, signal);
        for (const end of done) sum.add(end);
        at += done.length;
        after = window.images[at - 1]?.name ?? after;
        if (fault !== undefined) throw fault;
      }
      isComplete = window.isLast && after === (window.images.at(-1)?.name ?? after);
      if (now() - remembered.atMs >= rememberEveryMs) await remember();
    }
  } catch (thrown) {
    // What was aborted is left to the next sweep.
    if (!isOver() || asEditError(thrown).kind !== 'passing') throw thrown;
  } finally {
    await remember();
  }
  return { ...sum.report(), isComplete, isOutOfTime: !isComplete && !isFull() };
}

/** The ends of the first of these pictures, in order: of as many as there was time, and room for their jobs. */
async function workOn(
  batch: readonly ObjectInfo[],
  window: Window,
  room: number,
  options: Looking,
  signal: AbortSignal,
): Promise<Prefix<End>> {
  const { isDryRun, isOver, dispatchesAtOnce } = options;
  const judged = await inOrder(batch, looksAtOnce, async (image) => {
    if (isOver()) throw stopped();
    return verdictOn(image, window, options, signal);
  });
  let jobs = 0;
  const full = judged.done.findIndex((verdict) => typeof verdict !== 'string' && ++jobs === room);
  const taken = full === -1 ? judged.done : judged.done.slice(0, full + 1);
  const ended = await inOrder(taken, dispatchesAtOnce, async (verdict): Promise<End> => {
    if (typeof verdict === 'string') return verdict;
    if (isDryRun) return { job: verdict, isDispatched: true };
    if (isOver()) throw stopped();
    return { job: verdict, isDispatched: await dispatched(verdict, options, signal) };
  });
  return { done: ended.done, fault: ended.fault ?? (full === -1 ? judged.fault : undefined) };
}

const stopped = () => new EditError('CANCELLED', 'The time of this sweep is over');

interface Prefix<T> {
  readonly done: readonly T[];
  /** Of the first one that is not done. */
  readonly fault: unknown;
}

/** Works on these, `limit` at a time, as far as all goes well. */
async function inOrder<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<Prefix<R>> {
  const done: R[] = [];
  for (const result of await inParallel(
    items.map((item) => () => work(item)),
    limit,
  )) {
    if (result.status === 'rejected') return { done, fault: result.reason };
    done.push(result.value);
  }
  return { done, fault: undefined };
}

type Looking = SweepOptions & { readonly folderMaskOf: FolderMaskOf; readonly isOver: () => boolean };

/** One picture that cannot be judged must not hold up all that come after it, in every sweep again. */
async function verdictOn(...args: Parameters<typeof judge>): Promise<Job | NoJob> {
  try {
    return await judge(...args);
  } catch (error) {
    const { code, kind } = asEditError(error);
    if (kind !== 'input') throw error;
    const [image, , { log }] = args;
    log.warn('A picture could not be looked at', { image: image.name, code });
    return 'unusable';
  }
}

async function judge(
  image: ObjectInfo,
  window: Window,
  options: Looking,
  signal: AbortSignal,
): Promise<Job | NoJob> {
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
