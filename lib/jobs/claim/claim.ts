import { budgetKey } from '../../engines/engine.ts';
import { type EditError, type ErrorCode, isCode, kindOf } from '../../errors.ts';
import type { Budget } from './budget.ts';

/**
 * Who works on a job, and what it has used. The whole protocol is in the pure functions of this file;
 * `claim-store.ts` reads claims, and writes them by compare-and-swap.
 *
 * ```
 * (none)        -> RUNNING  a run takes the job
 * RUNNING       -> RUNNING  counts or refunds a call; or another run takes over after the lease
 * RUNNING       -> WAIT     passing fault, setup fault, bug that may pass, or shutdown
 * RUNNING       -> WAIT     with the code `BATCHED`: a batch has its next call, and it waits for days
 * WAIT          -> RUNNING  the wait, or the batch, is over, and a run takes the job
 * RUNNING       -> DONE     outputs and manifest.json exist
 * RUNNING, WAIT -> FAILED   an error that comes again each time, or MAX_ATTEMPTS are used up
 * ```
 *
 * RUNNING is a lease: it ends `leaseMs` after the last write of the claim, and then another run may take the
 * job. Nobody but the holder changes a claim before that. Nothing renews a lease, because a run ends by its
 * own deadline long before (`budget.ts`): a lease that is over means that its run died. Should it live after
 * all, it is harmless: its writes of the claim fail, and its other writes create objects that exist already.
 *
 * `run/run.ts` shows when a run takes and leaves a job, `run/durable-engine.ts` when it counts a call.
 */
export interface Claim {
  readonly state: 'RUNNING' | 'WAIT' | 'DONE' | 'FAILED';
  /** A nonce of one run; two runs of one process have different ones. */
  readonly owner: string;
  /** Runs that began, this one too, less those that a service failed: what stays may be the file's fault. */
  readonly attempts: number;
  /** Calls of the engine, counted before they are made: for a region `r0`, its tile `r0t2`, a finder `m0`. */
  readonly modelCalls: Readonly<Record<string, number>>;
  /** In WAIT: no run may take the job for this long after the last write of the claim. */
  readonly waitMs: number;
  /** The error that the last run ended with. */
  readonly code: ErrorCode | 'none';
  /** After the end, where somebody is to be told of it: whether that was done. */
  readonly reported?: 'yes' | 'no' | undefined;
  /** The last error of any run: it outlives the runs after it. A run that died leaves none. */
  readonly lastError?: LastError | undefined;
  /** The batch that has, or had, a call of this job. */
  readonly batch?: BatchedCall | undefined;
}

export interface BatchedCall {
  /** Of the batch. */
  readonly name: string;
  /** Of the call within its edit. */
  readonly key: string;
}

export interface LastError {
  readonly code: ErrorCode;
  readonly message: string;
}

export interface ClaimObservation {
  readonly claim: Claim;
  /** Time of the server's answer minus the last write of the claim: the server's clock alone. */
  readonly ageMs: number;
}

export type ClaimDecision =
  /** Write this claim by compare-and-swap; the job is taken once that succeeds. */
  | { readonly kind: 'take'; readonly claim: Claim }
  /** The job is taken already: the answer to an earlier write was lost. */
  | { readonly kind: 'owned'; readonly claim: Claim }
  /** Come again later. Do not acknowledge the event: the run that has the job may die. */
  | { readonly kind: 'wait'; readonly code: ErrorCode; readonly retryAfterMs: number }
  | { readonly kind: 'finished'; readonly state: 'DONE' | 'FAILED'; readonly code: Claim['code'] }
  /** Nobody runs the job while its batch is under way; the sweep comes back to it. */
  | { readonly kind: 'batched'; readonly batch: BatchedCall }
  /** Report the failure, then write this claim. */
  | { readonly kind: 'give-up'; readonly claim: Claim };

/** A busy job is tried again after this time, or when the lease ends if that is sooner. */
const busyRetryMs = 30_000;

/** The claim of a run that finds none. */
export const firstClaim = (owner: string): Claim => ({
  state: 'RUNNING',
  owner,
  attempts: 1,
  modelCalls: {},
  waitMs: 0,
  code: 'none',
});

/** What the run `owner` may do about a job whose claim was observed so. */
export function decideClaim(
  { claim, ageMs }: ClaimObservation,
  owner: string,
  budget: Budget,
): ClaimDecision {
  const { state, code } = claim;
  if (state === 'DONE' || state === 'FAILED') return { kind: 'finished', state, code };
  if (claim.state === 'RUNNING' && claim.owner === owner) return { kind: 'owned', claim };
  const untilFreeMs = (claim.state === 'RUNNING' ? budget.leaseMs : waitOf(claim)) - ageMs;
  if (untilFreeMs > 0 && claim.state === 'RUNNING') {
    return { kind: 'wait', code: 'BUSY', retryAfterMs: Math.min(untilFreeMs, busyRetryMs) };
  }
  if (untilFreeMs > 0 && claim.code === 'BATCHED' && claim.batch !== undefined) {
    return { kind: 'batched', batch: claim.batch };
  }
  if (untilFreeMs > 0) {
    return { kind: 'wait', code: claim.code === 'none' ? 'BUSY' : claim.code, retryAfterMs: untilFreeMs };
  }
  if (claim.attempts >= budget.maxAttempts) {
    return { kind: 'give-up', claim: { ...claim, state: 'FAILED', owner, code: 'BUDGET_SPENT' } };
  }
  return {
    kind: 'take',
    claim: { ...claim, state: 'RUNNING', owner, attempts: claim.attempts + 1, waitMs: 0, code: 'none' },
  };
}

/** The claim of a job whose batch is over: it waits no longer. A call that was never sent is given back. */
export function leaveBatch(claim: Claim, wasSent: boolean): Claim {
  const key = claim.batch?.key;
  const counted = wasSent || key === undefined ? claim : refundCall(claim, budgetKey(key));
  return { ...counted, waitMs: 0 };
}

/**
 * How long a claim in WAIT waits, ms. After a setup fault that is never long, whatever the fault asked for:
 * nobody tells the claim when the operator has mended the cause, so a run looks again soon.
 */
function waitOf({ waitMs, code }: Claim): number {
  return isCode(code) && kindOf(code) === 'setup' ? Math.min(waitMs, setupWaitMs) : waitMs;
}

/** The claim with one more call for a region, to be written before the call; `undefined` over budget. */
export function countCall(claim: Claim, key: string, budget: Budget): Claim | undefined {
  const used = claim.modelCalls[key] ?? 0;
  if (used >= budget.maxModelCalls) return undefined;
  return { ...claim, modelCalls: { ...claim.modelCalls, [key]: used + 1 } };
}

/** Takes a counted call back: only after an error that proves that the model did not run. */
export function refundCall(claim: Claim, key: string): Claim {
  const used = claim.modelCalls[key] ?? 0;
  return { ...claim, modelCalls: { ...claim.modelCalls, [key]: Math.max(0, used - 1) } };
}

/**
 * Codes of those who answer instead of the model, or before it ran: nothing is billed, so nothing is counted.
 */
const unbilled: ReadonlySet<ErrorCode> = new Set([
  'MODEL_QUOTA',
  'MODEL_RETIRED',
  'MODEL_PERMISSION',
  'COST_CAP_REACHED',
  'POLICY_STORM',
  'MODEL_INCOMPATIBLE',
  'REJECTION_STORM',
]);

/** Whoever sent the calls knows best; of an outage only an answer, or no connection, proves that none ran. */
export function provesNoCall({ code, billing }: EditError): boolean {
  return billing?.mayBeBilled === undefined ? unbilled.has(code) : !billing.mayBeBilled;
}

/** Passing faults whose cause may be the file itself: they use up an attempt, so that they end some time. */
const mayBeOfFile: ReadonlySet<ErrorCode> = new Set([
  'DEADLINE_EXCEEDED',
  'ENGINE_BAD_REPLY',
  'ENGINE_EMPTY',
]);

/** A mend is noticed within a minute. */
const setupWaitMs = 30_000;
const passingWaitMs = 15_000;

/** The claim after a run that ended in an error: FAILED after bad input, else WAIT. */
export function releaseClaim(claim: Claim, error: EditError): Claim {
  const { code, kind } = error;
  if (isFinal(error)) return { ...claim, state: 'FAILED', code };
  const keepsAttempt = kind === 'bug' || mayBeOfFile.has(code);
  const attempts = keepsAttempt ? claim.attempts : Math.max(0, claim.attempts - 1);
  return {
    ...claim,
    state: 'WAIT',
    code,
    attempts,
    waitMs: waitAfter(error),
    lastError: lastErrorOf(claim, error),
  };
}

/** Metadata holds 8 KiB altogether. */
const maxMessageChars = 600;

function lastErrorOf({ lastError }: Claim, { code, message }: EditError): LastError | undefined {
  // This run was told to stop: that is no reason for anything.
  if (code === 'CANCELLED' || code === 'BUSY' || code === 'BATCHED') return lastError;
  return { code, message: message.replace(/\s+/g, ' ').slice(0, maxMessageChars).toWellFormed() };
}

/** Bugs that the same files and the same answers bring up each time. */
const staysAsItIs: ReadonlySet<ErrorCode> = new Set(['NOT_EXACT', 'SHAPE_MISMATCH']);

/** True for an error that another run would only meet again. */
export const isFinal = ({ code, kind }: EditError): boolean => kind === 'input' || staysAsItIs.has(code);

/** How long a job waits after an error, ms. */
export function waitAfter({ code, kind, retryAfterMs }: EditError): number {
  // This run was told to stop, nothing is wrong: the next one may begin at once.
  if (code === 'CANCELLED') return 0;
  return retryAfterMs ?? (kind === 'setup' ? setupWaitMs : passingWaitMs);
}

export function finishClaim(claim: Claim): Claim {
  return { ...claim, state: 'DONE', code: 'none', waitMs: 0 };
}
