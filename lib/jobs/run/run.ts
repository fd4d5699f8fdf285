import { randomUUID } from 'node:crypto';
import { abortError, withDeadline } from '../../abort.ts';
import type { Edit, EditResult } from '../../edit.ts';
import type { InpaintEngine, InpaintReply } from '../../engines/engine.ts';
import { asEditError, EditError, type ErrorCode } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { EditRequest } from '../../requests/edit-request.ts';
import type { ObjectInfo, ObjectStore } from '../../storage/store.ts';
import { noTrace, type Trace } from '../../trace.ts';
import type { Budget } from '../claim/budget.ts';
import { type Claim, finishClaim, releaseClaim, waitAfter } from '../claim/claim.ts';
import { type HeldClaim, takeClaim } from '../claim/claim-store.ts';
import { controlNames, imageVersion, outputNames } from '../inputs/names.ts';
import type { Job } from '../inputs/plan.ts';
import { jobCostUsd, type PriceOf } from './cost.ts';
import { durableEngine } from './durable-engine.ts';
import { publishError, publishResult } from './publish.ts';

export interface Buckets {
  readonly input: string;
  readonly output: string;
  readonly control: string;
}

export interface RunOptions {
  readonly store: ObjectStore;
  readonly buckets: Buckets;
  readonly engine: InpaintEngine;
  /** The edit around an engine; its limits and defaults are bound in. */
  readonly editWith: (engine: InpaintEngine) => Edit;
  /** Throws `ENGINE_BAD_REPLY` for a reply that cannot be used, so that it is not kept. */
  readonly checkReply: (reply: InpaintReply) => Promise<void>;
  readonly maxImageBytes: number;
  readonly budget: Budget;
  readonly priceOf: PriceOf;
  readonly log: Log;
  /** Told of the job and its parts. */
  readonly trace?: Trace;
}

/** How a run ended for good; everything else is thrown, and the job comes again. */
export interface RunResult {
  readonly outcome: 'published' | 'published-before' | 'failed' | 'failed-before' | 'superseded';
  /** For the one log line of the run. */
  readonly facts: object;
}

const ended = (outcome: RunResult['outcome'], facts: object = {}): RunResult => ({ outcome, facts });

/**
 * One job, from files to published results. May be called any number of times, at once or after crashes:
 * outputs are written once, the model is called within its budget, and a return means a durable end.
 *
 * @throws {EditError} of kind `passing`, `setup` or `bug` when the job must come again, `retryAfterMs` set.
 */
export async function runJob(job: Job, options: RunOptions, outerSignal: AbortSignal): Promise<RunResult> {
  const ms = options.budget.deadlineMs;
  const late = new EditError('DEADLINE_EXCEEDED', `Expected the job done within ${ms} ms`);
  return withDeadline({ ms, late, others: [outerSignal] }, (signal) => runInTime(job, options, signal));
}

async function runInTime(job: Job, options: RunOptions, signal: AbortSignal): Promise<RunResult> {
  const { store, buckets, budget } = options;
  const names = outputNames(job.inputs.image.name, job.id);
  const target = { store, outputBucket: buckets.output, signal };

  if ((await store.stat({ bucket: buckets.output, name: names.manifest }, signal)) !== undefined) {
    return ended('published-before');
  }
  if (job.fault !== undefined) {
    await publishError(job, job.fault, target);
    return ended('failed', { code: job.fault.code });
  }

  const claimed = await takeClaim(
    store,
    { bucket: buckets.control, name: controlNames(job.id).claim },
    { owner: randomUUID(), budget, labels: { imageVersion: imageVersion(job.inputs.image) } },
    signal,
  );
  switch (claimed.kind) {
    case 'finished':
      return ended(claimed.state === 'DONE' ? 'published-before' : 'failed-before');
    case 'wait':
      throw new EditError(claimed.code, waitMessage(claimed), { retryAfterMs: claimed.retryAfterMs });
    case 'give-up':
      await publishError(job, attemptsSpent(claimed.claim), target);
      await changeQuietly(claimed.held, () => claimed.claim, options.log);
      return ended('failed', { code: claimed.claim.code, ...usage(job, claimed.claim, options) });
    case 'held':
      return runHeld(job, claimed.held, options, signal);
  }
}

function waitMessage({
  code,
  retryAfterMs,
}: {
  readonly code: ErrorCode;
  readonly retryAfterMs: number;
}): string {
  const seconds = Math.ceil(retryAfterMs / 1000);
  return code === 'BUSY'
    ? `Expected the job to be free, another worker holds it; again in ${seconds} s`
    : `Expected the job to be free, it waits after ${code}; again in ${seconds} s`;
}

async function runHeld(
  job: Job,
  held: HeldClaim,
  options: RunOptions,
  signal: AbortSignal,
): Promise<RunResult> {
  const { store, buckets, trace = noTrace } = options;
  const target = { store, outputBucket: buckets.output, signal };
  let result: EditResult;
  try {
    result = await editJob(job, held, options, signal);
    const claim = held.current();
    const { costEstimateUsd } = usage(job, claim, options, result);
    await trace('publish', () => publishResult({ job, claim, result, costEstimateUsd }, target));
  } catch (thrown) {
    // After an abort every layer fails in its own words; the reason is what matters.
    const error = signal.aborted ? abortError(signal, 'the job to end') : asEditError(thrown);
    return endInError(job, held, error, options);
  }
  await changeQuietly(held, finishClaim, options.log);
  const { warnings, timingsMs, image } = result.report;
  const { format, width, height } = image;
  const facts = { format, width, height, warnings: warnings.length, timingsMs };
  return ended('published', { ...facts, ...usage(job, held.current(), options, result) });
}

/** What a job used so far, earlier attempts included; before there is a result, calls are priced as the smallest. */
function usage(job: Job, { attempts, modelCalls }: Claim, { priceOf }: RunOptions, result?: EditResult) {
  const counted = {
    modelCalls,
    regions: result?.report.regions ?? [],
    samples: job.request?.samples ?? 1,
  };
  return {
    attempts,
    modelCalls: Object.values(modelCalls).reduce((sum, count) => sum + count, 0),
    costEstimateUsd: jobCostUsd(counted, priceOf),
  };
}

async function editJob(
  job: Job,
  claim: HeldClaim,
  options: RunOptions,
  signal: AbortSignal,
): Promise<EditResult> {
  const { image, mask } = job.inputs;
  const input = {
    image: await download(image, options, signal),
    mask: mask === undefined ? undefined : await download(mask, options, signal),
    request: job.request as EditRequest,
  };
  const engine = durableEngine(options.engine, {
    store: options.store,
    controlBucket: options.buckets.control,
    job: job.id,
    claim,
    budget: options.budget,
    checkReply: options.checkReply,
  });
  return options.editWith(engine)(input, signal);
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
    throw new EditError(
      'SUPERSEDED',
      `Expected generation ${info.generation} of ${info.name}, found it gone`,
    );
  }
  return bytes;
}

/** Time to leave a claim in order after a deadline or a shutdown: within the 10 s that Cloud Run grants. */
const farewellMs = 5000;

async function endInError(
  job: Job,
  held: HeldClaim,
  error: EditError,
  options: RunOptions,
): Promise<RunResult> {
  const { store, buckets, log } = options;
  const farewell = AbortSignal.timeout(farewellMs);
  // Another run holds the job now: its claim is not ours to touch, nor its end ours to report.
  const lost = held.lost();
  if (lost !== undefined) throw lost;
  if (error.kind === 'input' && error.code !== 'SUPERSEDED') {
    await publishError(job, error, { store, outputBucket: buckets.output, signal: farewell });
  }
  await changeQuietly(held, (claim) => releaseClaim(claim, error), log);
  if (error.code === 'SUPERSEDED') return ended('superseded');
  const used = usage(job, held.current(), options);
  if (error.kind === 'input') return ended('failed', { code: error.code, reason: error.message, ...used });
  throw new EditError(error.code, error.message, {
    cause: error,
    retryAfterMs: waitAfter(error),
    details: { ...error.details, ...used },
  });
}

/** The claim only spares work here: its lease ends by itself when it cannot be written. */
async function changeQuietly(held: HeldClaim, next: (claim: Claim) => Claim, log: Log): Promise<void> {
  try {
    await held.change(next, AbortSignal.timeout(farewellMs));
  } catch (error) {
    log.warn('The claim could not be written', { code: asEditError(error).code });
  }
}

function attemptsSpent({ attempts, modelCalls }: Claim): EditError {
  return new EditError('BUDGET_SPENT', `Expected the job to end within ${attempts} attempts, got no end`, {
    details: { attempts, modelCalls },
  });
}
