import { asEditError, EditError } from '../../errors.ts';
import { mapOrdered } from '../../in-parallel.ts';
import type { Log } from '../../log.ts';
import type { ObjectInfo, ObjectStore } from '../../storage/store.ts';
import type { Dispatch } from '../dispatch.ts';
import type { Reporter } from '../ends/reporter.ts';
import { type InputSet, inputGenerations } from '../inputs/identity.ts';
import { hasRoomForError, nameFault } from '../inputs/names.ts';
import {
  collectInputs,
  type FolderMasksOf,
  folderMaskFinder,
  type PairingOptions,
} from '../inputs/pairing.ts';
import { type Job, type PlanOptions, planJob } from '../inputs/plan.ts';
import { lastEnd, readWindow, setInWindow } from '../inputs/window.ts';
import { askedAgainOnce, currentRound, type IsAskedAgain } from '../rounds.ts';
import type { PriceOf } from '../run/cost.ts';
import type { Buckets } from '../run/run.ts';
import { type AgainOptions, type AskedJob, askAgain } from './again.ts';
import { type SweptWindow, swept, unpairedIn } from './lone-objects.ts';
import { openProgress, type Progress } from './progress.ts';
import {
  type Asked,
  ageMs,
  maxNamed,
  type NoJob,
  type Outcome,
  type SweepFault,
  type SweepReport,
  type SweepTally,
  sweepTally,
} from './sweep-report.ts';

export interface SweepOptions {
  readonly store: ObjectStore;
  readonly buckets: Buckets;
  readonly pairing: PairingOptions;
  readonly plan: PlanOptions;
  readonly dispatch: Dispatch;
  /** Most jobs to dispatch: a queue filled faster than it empties outlives its tasks. */
  readonly maxJobs: number;
  /** Most pictures to judge. */
  readonly maxImages: number;
  /** No picture is begun after this long. */
  readonly timeMs: number;
  readonly now: () => number;
  /** 1 where jobs run here: each takes the memory of its pictures. */
  readonly dispatchesAtOnce: number;
  /** Younger sets are left to their events. */
  readonly minAgeMs: number;
  /** Reports what would be done, and writes nothing. */
  readonly isDryRun: boolean;
  /** Tells of ends that were not told; nobody is told when left out. */
  readonly reporter?: Reporter | undefined;
  /** Jobs to be asked for again before the sweep. */
  readonly again?: Pick<AgainOptions, 'codes' | 'prefix'> | undefined;
  /** True where the job of these inputs waits for a batch; none does when left out. */
  readonly isBatched?: (inputs: InputSet) => boolean;
  readonly priceOf: PriceOf;
  readonly log: Log;
}

const windowImages = 500;
/** A fault that so many pictures meet in a row is no fault of one picture: the sweep ends with it. */
const maxFaultsInARow = 5;
/** Pictures judged at once: each takes two to four listings, one after the other. */
const looksAtOnce = 10;

/**
 * Dispatches every complete set that has no result and no error file: sets whose events were lost, and sets
 * that were in the bucket before the function was. Continues where the last sweep stopped, also when that one
 * ran out of time. Two sweeps at once, or a sweep that is killed, do no harm: jobs are named by their inputs.
 */
export async function sweep(options: SweepOptions, signal: AbortSignal): Promise<SweepReport> {
  const stopAt = options.now() + options.timeMs;
  const isOver = () => signal.aborted || options.now() >= stopAt;
  const tally = sweepTally(options);
  const asked = await askAll(options, signal);
  let told = 0;
  const progress = await openProgress(options, signal);
  const folderMasksOf = options.pairing.folderMask
    ? folderMaskFinder(options.store, options.buckets.input)
    : undefined;
  const isAsked = askedAgainOnce(options.store, options.buckets.control);
  const run = { ...options, isOver, folderMasksOf, isAsked, outage: outageDetector() };
  try {
    while (!progress.isComplete() && !tally.isFull() && !isOver()) {
      await sweepWindow(progress, tally, run, signal);
    }
    if (!options.isDryRun) told = (await options.reporter?.tellRest(isOver, signal)) ?? 0;
  } catch (thrown) {
    // What an abort or the end of the time broke off is left to the next sweep.
    if (!isOver() || asEditError(thrown).kind !== 'passing') throw thrown;
  } finally {
    await progress.save();
  }
  const isComplete = progress.isComplete();
  return { ...tally.report(), ...asked, told, isComplete, isOutOfTime: !isComplete && !tally.isFull() };
}

async function askAll({ again, ...options }: SweepOptions, signal: AbortSignal): Promise<Asked> {
  const askedJobs: AskedJob[] = [];
  let asked = 0;
  if (again === undefined) return { asked, askedJobs };
  for await (const job of askAgain({ ...options, ...again }, signal))
    if (++asked <= maxNamed) askedJobs.push(job);
  return { asked, askedJobs };
}

interface SweepRun extends SweepOptions {
  readonly isOver: () => boolean;
  /** `undefined` where folder masks are off. */
  readonly folderMasksOf: FolderMasksOf | undefined;
  readonly isAsked: IsAskedAgain;
  readonly outage: OutageDetector;
}

/** The next window of pictures, as far as time and the limit of jobs allow. */
async function sweepWindow(
  progress: Progress,
  tally: SweepTally,
  run: SweepRun,
  signal: AbortSignal,
): Promise<void> {
  const maxImages = Math.min(windowImages, tally.imagesLeft());
  const window = swept(await readWindow({ ...run, after: progress.after(), maxImages }, signal));
  const incomplete: ObjectInfo[] = [];
  for await (const { image, outcome } of outcomesIn(window, tally.jobsLeft(), run, signal)) {
    tally.add(outcome);
    if (outcome === 'incomplete') incomplete.push(image);
    progress.pass(image.name);
  }
  if (!tally.hasEnoughUnpaired()) tally.addUnpaired(await unpairedIn(window, incomplete, run, signal));
  const last = window.images.at(-1);
  if (window.isLast && (last === undefined || progress.after() === last.name)) progress.complete();
  await progress.saveIfDue();
}

/** Pictures -> verdicts, up to the last job there is room for -> outcomes, in the order of the pictures. */
function outcomesIn(window: SweptWindow, maxJobs: number, run: SweepRun, signal: AbortSignal) {
  const verdicts = mapOrdered(window.images, looksAtOnce, async (image) => ({
    image,
    verdict: await verdictOn(image, window, run, signal),
  }));
  return mapOrdered(upToJobs(verdicts, maxJobs), run.dispatchesAtOnce, async ({ image, verdict }) => ({
    image,
    outcome: await outcomeOf(verdict, run, signal),
  }));
}

interface Verdict {
  readonly image: ObjectInfo;
  readonly verdict: Job | NoJob;
}

/** The verdicts up to the `maxJobs`-th job. */
async function* upToJobs(verdicts: AsyncIterable<Verdict>, maxJobs: number): AsyncGenerator<Verdict> {
  let jobs = 0;
  for await (const each of verdicts) {
    yield each;
    if (isJob(each.verdict) && ++jobs === maxJobs) return;
  }
}

const isJob = (verdict: Job | NoJob): verdict is Job => typeof verdict !== 'string' && 'id' in verdict;

/**
 * A picture that cannot be judged must not stop every sweep in front of the pictures after it, whatever the
 * fault is.
 */
async function verdictOn(
  image: ObjectInfo,
  window: SweptWindow,
  run: SweepRun,
  signal: AbortSignal,
): Promise<Job | NoJob> {
  if (run.isOver()) throw outOfTime();
  try {
    const verdict = await judge(image, window, run, signal);
    run.outage.isOver();
    return verdict;
  } catch (thrown) {
    const error = asEditError(thrown);
    if (run.isOver() && error.kind === 'passing') throw error;
    run.outage.saw(error);
    return { fault: faultOf(image, error, run.log) };
  }
}

/** Reports a fault of one picture; a bug with its stack. */
function faultOf({ name, job }: { name: string; job?: string }, error: EditError, log: Log): SweepFault {
  const { code, kind, message } = error;
  const write = kind === 'bug' ? log.error : log.warn;
  const what = job === undefined ? 'A picture could not be judged' : 'A job could not be dispatched';
  write(`${what}: ${message}`, { image: name, job, code, ...(kind === 'bug' ? { error } : {}) });
  return { name, code, message };
}

interface OutageDetector {
  /** @throws the error when the last pictures failed with others of its kind. */
  readonly saw: (error: EditError) => void;
  readonly isOver: () => void;
}

function outageDetector(): OutageDetector {
  let inARow = 0;
  return {
    saw(error) {
      if (error.kind === 'input' || error.code === 'BUSY') return;
      if (++inARow >= maxFaultsInARow) throw error;
    },
    isOver() {
      inARow = 0;
    },
  };
}

async function judge(
  image: ObjectInfo,
  window: SweptWindow,
  { store, pairing, plan, minAgeMs, folderMasksOf, isAsked, isBatched = () => false }: SweepRun,
  signal: AbortSignal,
): Promise<Job | NoJob> {
  const terminals = window.terminals.get(image.name) ?? [];
  const stateOf = async (inputs: InputSet) => {
    if (await lastEnd(inputGenerations(inputs), terminals, isAsked)) return 'settled';
    return isBatched(inputs) ? 'batched' : undefined;
  };
  const listed = await setInWindow(image, window, folderMasksOf, signal);
  const state = listed && (await stateOf(listed));
  if (state !== undefined) return state;
  const tooLong = hasRoomForError(image.name) ? undefined : nameFault(image.name);
  if (tooLong !== undefined) throw tooLong;
  const nothing = window.usedMasks.has(image.name) ? 'mask' : 'incomplete';
  if (listed !== undefined && (await isAlone(listed, plan, store, signal)))
    return ageMs(listed) < minAgeMs ? 'young' : nothing;
  // The window is no snapshot: only a set that was collected at one moment becomes a job.
  const sets = await collectInputs(store, image, pairing, signal);
  const inputs = sets.find((set) => set.image.name === image.name);
  if (inputs === undefined) return 'incomplete';
  const now = await stateOf(inputs);
  if (now !== undefined) return now;
  if (ageMs(inputs) < minAgeMs) return 'young';
  const job = await planJob(store, inputs, plan, signal);
  if (job !== undefined) return currentRound(job, isAsked, signal);
  return nothing;
}

/**
 * A picture that lacks its mask, which costs no request to see: a mask that comes later has its own event.
 */
const isAlone = async (listed: InputSet, plan: PlanOptions, store: ObjectStore, signal: AbortSignal) =>
  listed.mask === undefined &&
  listed.request === undefined &&
  (await planJob(store, listed, plan, signal)) === undefined;

/** The next sweep finds a job again that could not be dispatched. */
async function outcomeOf(verdict: Job | NoJob, run: SweepRun, signal: AbortSignal): Promise<Outcome> {
  if (!isJob(verdict)) return verdict;
  if (run.isDryRun) return { job: verdict };
  if (run.isOver()) throw outOfTime();
  try {
    await run.dispatch(verdict, signal);
    return { job: verdict };
  } catch (error) {
    return {
      job: verdict,
      fault: faultOf({ name: verdict.inputs.image.name, job: verdict.id }, asEditError(error), run.log),
    };
  }
}

const outOfTime = () => new EditError('CANCELLED', 'The time of this sweep is over');
