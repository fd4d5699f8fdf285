import { randomUUID } from 'node:crypto';
import { abortError, withDeadline } from '../../abort.ts';
import type { Edit, EditResult, StepListener } from '../../edit.ts';
import type { InpaintEngine, InpaintReply, InpaintRequest } from '../../engines/engine.ts';
import { asEditError, EditError } from '../../errors.ts';
import { findKey, type MaskFinder } from '../../finders/finder.ts';
import type { Log } from '../../log.ts';
import type { EditRequest } from '../../requests/edit-request.ts';
import type { ObjectInfo, ObjectStore } from '../../storage/store.ts';
import { noTrace, type Trace } from '../../trace.ts';
import type { BatchDraft } from '../batches/draft.ts';
import type { Budget } from '../claim/budget.ts';
import {
  type Claim,
  type ClaimDecision,
  finishClaim,
  isFinal,
  releaseClaim,
  waitAfter,
} from '../claim/claim.ts';
import { keepEnd, type Lease, takeClaim } from '../claim/claim-store.ts';
import type { EndedJob } from '../ends/end.ts';
import type { Reporter } from '../ends/reporter.ts';
import type { InputSet } from '../inputs/identity.ts';
import { controlNames, imageVersion, isFolderMask, nameFault, outputNames } from '../inputs/names.ts';
import type { Job } from '../inputs/plan.ts';
import { budgetSpent } from './budget-spent.ts';
import { jobCostUsd, type Measured, measuredCalls, type PriceOf } from './cost.ts';
import { durableEngine } from './durable-engine.ts';
import { progressOf, type Timers } from './progress.ts';
import { assertWanted, publishError, publishResult } from './publish.ts';

export interface Buckets {
  readonly input: string;
  readonly output: string;
  readonly control: string;
}

/** A finder, and the model that it asks, if any: the calls of a job are counted and kept. */
export interface Finding {
  readonly model: InpaintEngine | undefined;
  readonly around: (model: InpaintEngine | undefined) => Promise<MaskFinder>;
}

export interface RunOptions {
  readonly store: ObjectStore;
  readonly buckets: Buckets;
  readonly engine: InpaintEngine;
  /** The edit around an engine; its limits and defaults are bound in. */
  readonly editWith: (engine: InpaintEngine, finder?: MaskFinder) => Edit;
  /** What finds the mask that a request asks for; `undefined` where nothing is to be found. */
  readonly findingFor?: (request: EditRequest) => Promise<Finding | undefined>;
  /** The price of the call that finds it; that of the engine when left out. */
  readonly findingPriceOf?: (request: EditRequest) => PriceOf;
  /** Throws `ENGINE_BAD_REPLY` for a reply that cannot be used, so that it is not saved. */
  readonly checkReply: (reply: InpaintReply) => Promise<void>;
  /** False for a saved reply to another crop. */
  readonly isAnswer: (reply: InpaintReply, request: InpaintRequest) => Promise<boolean>;
  readonly maxImageBytes: number;
  readonly budget: Budget;
  readonly priceOf: PriceOf;
  readonly log: Log;
  readonly trace?: Trace;
  /** Tells of ends; nobody is told when left out. */
  readonly reporter?: Reporter | undefined;
  /** Takes calls whose engine ends them as `BATCHED`. */
  readonly draft?: Pick<BatchDraft, 'callOf' | 'commit'> | undefined;
  /** For the writes of progress. */
  readonly timers?: Timers;
}

/** How a job ended for good, or where it waits. Every other end is thrown, and the job comes again. */
export interface RunResult {
  readonly outcome: 'published' | 'published-before' | 'failed' | 'failed-before' | 'superseded' | 'batched';
  /** For the one log line of the run. */
  readonly facts: object;
}

const end = (outcome: RunResult['outcome'], facts: object = {}): RunResult => ({ outcome, facts });

/**
 * Runs one job, from files to published results: claim, edit, publish, finish. May be called any number of
 * times, at once or after crashes: outputs are written once, the model is called within its budget, and a
 * return means that the end of the job is stored.
 *
 * @throws {EditError} of kind `passing`, `setup` or `bug` when the job must come again, `retryAfterMs` set.
 */
export async function runJob(job: Job, options: RunOptions, outerSignal: AbortSignal): Promise<RunResult> {
  const ms = options.budget.deadlineMs;
  const late = () => new EditError('DEADLINE_EXCEEDED', `Expected the job done within ${ms} ms`);
  return withDeadline({ ms, late, signal: outerSignal }, (signal) => claimAndRun(job, options, signal));
}

async function claimAndRun(job: Job, options: RunOptions, signal: AbortSignal): Promise<RunResult> {
  const { store, buckets, budget } = options;
  const target = { store, outputBucket: buckets.output, signal };
  const { manifest } = outputNames(job.inputs.image.name, job.id);
  const hasRoom = nameFault(job.inputs.image.name) === undefined;
  const published = hasRoom && (await store.stat({ bucket: buckets.output, name: manifest }, signal));
  if (published) {
    await options.reporter?.tellOnce(endedJob(job), signal);
    return end('published-before');
  }
  if (job.fault !== undefined) return endAtOnce(job, job.fault, options, signal);

  const labels = { imageVersion: imageVersion(job.inputs.image), engine: options.engine.name };
  const taken = await takeClaim(
    store,
    { bucket: buckets.control, name: controlNames(job.id).claim },
    { owner: randomUUID(), budget, labels },
    signal,
  );
  switch (taken.kind) {
    case 'finished':
      if (taken.state === 'FAILED') await mendError(job, taken.code, target);
      await options.reporter?.tellOnce(endedJob(job), signal);
      return end(taken.state === 'DONE' ? 'published-before' : 'failed-before');
    case 'batched':
      return end('batched', { batch: taken.batch.name });
    case 'wait':
      throw waitError(taken);
    case 'give-up':
      await publishError(job, attemptsSpent(taken.claim), target);
      await endClaim(job, taken.lease, () => taken.claim, options);
      return end('failed', { code: taken.claim.code, ...usage(job, taken.claim, options) });
    case 'leased':
      return editAndPublish(job, taken.lease, options, signal);
  }
}

const endedJob = ({ id, inputs }: Job): EndedJob => ({ job: id, image: inputs.image.name });

/** The run of a job that could not begin may have died between its claim and its error file. */
async function mendError(
  job: Job,
  code: Claim['code'],
  target: Parameters<typeof publishError>[2],
): Promise<void> {
  if (code === 'SUPERSEDED') return;
  const said = 'Expected a job that can be run, got none; the run that could say why was broken off';
  await publishError(job, new EditError(code === 'none' ? 'INTERNAL' : code, said), target);
}

/** A job that cannot even begin. Its claim is only kept where somebody is to be told of its end. */
async function endAtOnce(
  job: Job,
  fault: EditError,
  { store, buckets, reporter }: RunOptions,
  signal: AbortSignal,
): Promise<RunResult> {
  if (reporter !== undefined) await keepEnd(job, fault, { store, controlBucket: buckets.control }, signal);
  await publishError(job, fault, { store, outputBucket: buckets.output, signal });
  await reporter?.tellOnce(endedJob(job), signal);
  return end('failed', { code: fault.code, reason: fault.message });
}

async function editAndPublish(
  job: Job,
  lease: Lease,
  options: RunOptions,
  signal: AbortSignal,
): Promise<RunResult> {
  const { store, buckets, trace = noTrace } = options;
  const target = { store, outputBucket: buckets.output, signal };
  const progress = progressOf({
    ...options.timers,
    store,
    controlBucket: buckets.control,
    job: job.id,
    signal,
  });
  let result: EditResult;
  const measured = measuredCalls();
  try {
    result = await editJob(job, lease, { ...options, onStep: progress.listener, measured }, signal);
    const claim = lease.current();
    const used = usage(job, claim, options, { result, measured });
    progress.listener('publish');
    await trace('publish', () => publishResult({ job, claim, result, ...used }, target));
  } catch (thrown) {
    // After an abort each layer fails with an error of its own; the reason of the abort is what matters.
    const error = signal.aborted ? abortError(signal, 'the job to end') : asEditError(thrown);
    return endInError(job, lease, error, { ...options, measured });
  } finally {
    progress.close();
  }
  await endClaim(job, lease, finishClaim, options);
  const { warnings, timingsMs, image, maskCoverage } = result.report;
  const { format, width, height } = image;
  const facts = { format, width, height, maskCoverage, warnings, timingsMs };
  return end('published', { ...facts, ...usage(job, lease.current(), options, { result, measured }) });
}

async function editJob(
  job: Job,
  claim: Lease,
  options: RunOptions & { readonly onStep: StepListener; readonly measured: Measured },
  signal: AbortSignal,
): Promise<EditResult> {
  const { mask } = job.inputs;
  const input = {
    ...(await readFiles(job.inputs, options, signal)),
    request: job.request as EditRequest,
    isPolarityGiven: job.isPolarityGiven,
    // The mask of a folder was made for many pictures.
    refusesSuspicious: mask !== undefined && !isFolderMask(mask),
    onStep: options.onStep,
  };
  const durable = (engine: InpaintEngine) =>
    durableEngine(engine, {
      store: options.store,
      controlBucket: options.buckets.control,
      job: job.id,
      claim,
      budget: options.budget,
      checkReply: options.checkReply,
      isAnswer: options.isAnswer,
      onReply: options.measured.add,
      assertWanted: (stop) => assertWanted(job, { ...options, signal: stop }),
    });
  const finding = await options.findingFor?.(input.request);
  const finder = await finding?.around(finding.model && durable(finding.model));
  return options.editWith(durable(options.engine), finder)(input, signal);
}

async function readFiles({ image, mask, keep }: InputSet, options: RunOptions, signal: AbortSignal) {
  const [photo, ...masks] = await Promise.all([
    download(image, options, signal),
    mask && download(mask, options, signal),
    keep && download(keep, options, signal),
  ]);
  return { image: photo, mask: masks[0], keep: masks[1] };
}

async function download(
  info: ObjectInfo,
  { store, maxImageBytes }: RunOptions,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (info.sizeBytes > maxImageBytes) {
    throw new EditError('IMAGE_TOO_LARGE', `Expected at most ${maxImageBytes} bytes, got ${info.sizeBytes}`);
  }
  const bytes = await store.read(info, { maxBytes: maxImageBytes, signal });
  if (bytes === undefined) {
    const message = `Expected generation ${info.generation} of ${info.name}, found it gone`;
    throw new EditError('SUPERSEDED', message);
  }
  return bytes;
}

/** Time to leave the claim in order after a deadline or a shutdown: within the 10 s of Cloud Run. */
const lastWriteMs = 5000;

async function endInError(
  job: Job,
  lease: Lease,
  error: EditError,
  options: RunOptions & { readonly measured: Measured },
): Promise<RunResult> {
  const { store, buckets, log } = options;
  // Another run has the job now: neither its claim nor its end is ours to write.
  const lost = lease.lost();
  if (lost !== undefined) throw lost;
  if (error.code === 'BATCHED') return giveToBatch(job, lease, error, options);
  if (isFinal(error) && error.code !== 'SUPERSEDED') {
    const signal = AbortSignal.timeout(lastWriteMs);
    await publishError(job, error, { store, outputBucket: buckets.output, signal });
  }
  const released = (claim: Claim) => releaseClaim(claim, error);
  if (isFinal(error) && error.code !== 'SUPERSEDED') await endClaim(job, lease, released, options);
  else await writeClaim(lease, released, log);
  if (error.code === 'SUPERSEDED') return end('superseded');
  const used = usage(job, lease.current(), options, options);
  if (isFinal(error)) return end('failed', { ...failedFacts(error), ...used });
  throw new EditError(error.code, error.message, {
    cause: error,
    retryAfterMs: waitAfter(error),
    details: { ...error.details, ...used },
  });
}

/** The lines of a job are sent only when its claim says so. */
async function giveToBatch(
  job: Job,
  lease: Lease,
  error: EditError,
  { draft }: RunOptions,
): Promise<RunResult> {
  const batch = draft?.callOf(job.id);
  const waiting = (claim: Claim): Claim => ({ ...releaseClaim(claim, error), batch });
  await lease.change(waiting, AbortSignal.timeout(lastWriteMs));
  draft?.commit(job);
  return end('batched', { batch: batch?.name });
}

/** With its stack where the fault is ours. */
const failedFacts = (error: EditError) => ({
  code: error.code,
  reason: error.message,
  ...(error.kind === 'bug' ? { error } : {}),
});

/** Tells of the end, which is stored, and writes the last state of the claim. */
async function endClaim(
  job: Job,
  lease: Lease,
  next: (claim: Claim) => Claim,
  { reporter, log }: RunOptions,
): Promise<void> {
  const reported = await reporter?.tell(endedJob(job));
  await writeClaim(lease, (claim) => ({ ...next(claim), ...(reported && { reported }) }), log);
}

/** Writes the claim; a failure is only logged, because the lease ends by itself. */
async function writeClaim(lease: Lease, next: (claim: Claim) => Claim, log: Log): Promise<void> {
  try {
    await lease.change(next, AbortSignal.timeout(lastWriteMs));
  } catch (error) {
    log.warn('The claim could not be written', { code: asEditError(error).code });
  }
}

/** What a job has used, earlier runs included. Without a result, each call is priced as the smallest. */
function usage(
  job: Job,
  { attempts, modelCalls }: Claim,
  options: RunOptions,
  { result, measured }: { readonly result?: EditResult; readonly measured?: Measured } = {},
) {
  const { priceOf, findingPriceOf } = options;
  const finding = job.request && findKey in modelCalls ? findingPriceOf?.(job.request) : undefined;
  const counted = {
    modelCalls,
    regions: result?.report.regions ?? [],
    samples: job.request?.samples ?? 1,
    measured,
  };
  const told = measured?.usage();
  return {
    attempts,
    modelCalls: Object.values(modelCalls).reduce((sum, count) => sum + count, 0),
    costEstimateUsd: jobCostUsd(counted, priceOf, finding),
    ...(told && { usage: told }),
  };
}

function waitError({ code, retryAfterMs }: Extract<ClaimDecision, { readonly kind: 'wait' }>): EditError {
  const why = code === 'BUSY' ? 'another run has it' : `it waits after ${code}`;
  const seconds = Math.ceil(retryAfterMs / 1000);
  const message = `Expected the job to be free, ${why}; try again in ${seconds} s`;
  return new EditError(code, message, { retryAfterMs });
}

function attemptsSpent({ attempts, modelCalls, lastError }: Claim): EditError {
  return budgetSpent(`Expected the job to end within ${attempts} attempts, got no end`, lastError, {
    attempts,
    modelCalls,
  });
}
