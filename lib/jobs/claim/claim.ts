import type { EditError, ErrorCode } from '../../errors.ts';
import type { Budget } from './budget.ts';

/**
 * Who works on a job, and what it has used. The whole protocol is in these pure functions; reading and
 * compare-and-swap are the caller's.
 */
export interface Claim {
  readonly state: 'RUNNING' | 'WAIT' | 'DONE' | 'FAILED';
  /** A nonce of one run: two runs of one process differ. */
  readonly owner: string;
  /** Starts that have not come back yet; one that ends in order, also in a passing fault, is taken off again. */
  readonly attempts: number;
  /** Calls of the model for each region, counted before they are made. */
  readonly modelCalls: Readonly<Record<string, number>>;
  /** In WAIT: leave the job alone for this long after the claim's last write. */
  readonly waitMs: number;
  /** What the last run ended with. */
  readonly code: ErrorCode | 'none';
}

export interface ClaimObservation {
  readonly claim: Claim;
  /** By the server's clock alone: its time of answering minus the claim's last write. */
  readonly ageMs: number;
}

export type ClaimDecision =
  /** Write this claim by compare-and-swap; it is held once that succeeds. */
  | { readonly kind: 'take'; readonly claim: Claim }
  /** It is held already: the answer to an earlier write was lost. */
  | { readonly kind: 'held'; readonly claim: Claim }
  /** Never an acknowledgement: the worker that holds it may die. */
  | { readonly kind: 'wait'; readonly code: ErrorCode; readonly retryAfterMs: number }
  | { readonly kind: 'finished'; readonly state: 'DONE' | 'FAILED' }
  /** Report the failure, then write this claim. */
  | { readonly kind: 'give-up'; readonly claim: Claim };

/** A busy job is asked about again after this, or when the lease ends if that is sooner. */
const busyRetryMs = 30_000;

/** What a worker may do about a job whose claim it sees like this (`undefined`: there is none). */
export function decideClaim(
  seen: ClaimObservation | undefined,
  owner: string,
  budget: Budget,
): ClaimDecision {
  if (seen === undefined) {
    const claim = { state: 'RUNNING', owner, attempts: 1, modelCalls: {}, waitMs: 0, code: 'none' } as const;
    return { kind: 'take', claim };
  }
  const { claim, ageMs } = seen;
  if (claim.state === 'DONE' || claim.state === 'FAILED') return { kind: 'finished', state: claim.state };
  if (claim.state === 'RUNNING' && claim.owner === owner) return { kind: 'held', claim };
  const untilFreeMs = (claim.state === 'RUNNING' ? budget.leaseMs : claim.waitMs) - ageMs;
  if (untilFreeMs > 0 && claim.state === 'RUNNING') {
    return { kind: 'wait', code: 'BUSY', retryAfterMs: Math.min(untilFreeMs, busyRetryMs) };
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

/** One more call for a region, to be written before the call is made; `undefined` when its budget is spent. */
export function countCall(claim: Claim, key: string, budget: Budget): Claim | undefined {
  const used = claim.modelCalls[key] ?? 0;
  if (used >= budget.maxModelCalls) return undefined;
  return { ...claim, modelCalls: { ...claim.modelCalls, [key]: used + 1 } };
}

/** Takes a counted call back: only for answers that prove the model did not run. */
export function refundCall(claim: Claim, key: string): Claim {
  const used = claim.modelCalls[key] ?? 0;
  return { ...claim, modelCalls: { ...claim.modelCalls, [key]: Math.max(0, used - 1) } };
}

/** Codes of those who answer instead of the model, or before it ran: nothing is billed, so nothing is counted. */
const unbilled: ReadonlySet<ErrorCode> = new Set([
  'MODEL_QUOTA',
  'MODEL_RETIRED',
  'MODEL_PERMISSION',
  'COST_CAP_REACHED',
  'POLICY_STORM',
]);

/** Whoever sent the calls knows best; of an outage only an answer, or no connection, proves that none ran. */
export function provesNoCall({ code, billing }: EditError): boolean {
  return billing?.mayBeBilled === undefined ? unbilled.has(code) : !billing.mayBeBilled;
}

/** Passing faults that may come from the file itself: they use up an attempt, so that they end. */
const ownFault: ReadonlySet<ErrorCode> = new Set(['DEADLINE_EXCEEDED', 'ENGINE_BAD_REPLY', 'ENGINE_EMPTY']);

const setupWaitMs = 5 * 60_000;
const passingWaitMs = 15_000;

/** The claim after a run that ended in an error: FAILED for good, or WAIT. */
export function releaseClaim(claim: Claim, error: EditError): Claim {
  const { code, kind } = error;
  if (kind === 'input') return { ...claim, state: 'FAILED', code };
  const keepsAttempt = kind === 'bug' || ownFault.has(code);
  const attempts = keepsAttempt ? claim.attempts : Math.max(0, claim.attempts - 1);
  return { ...claim, state: 'WAIT', code, attempts, waitMs: waitAfter(error) };
}

/** How long a job is left alone after an error. */
export function waitAfter({ code, kind, retryAfterMs }: EditError): number {
  // The next worker may start at once: this one was told to stop, nothing is wrong.
  if (code === 'CANCELLED') return 0;
  return retryAfterMs ?? (kind === 'setup' ? setupWaitMs : passingWaitMs);
}

export function finishClaim(claim: Claim): Claim {
  return { ...claim, state: 'DONE', code: 'none', waitMs: 0 };
}
