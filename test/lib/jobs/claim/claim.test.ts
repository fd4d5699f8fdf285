import { describe, expect, it, test } from 'vitest';
import { EditError } from '../../../../lib/errors.ts';
import { defaultBudget } from '../../../../lib/jobs/claim/budget.ts';
import {
  type Claim,
  countCall,
  decideClaim,
  firstClaim,
  provesNoCall,
  refundCall,
  releaseClaim,
} from '../../../../lib/jobs/claim/claim.ts';
import { explore } from '../../../support/explore.ts';

const running: Claim = { state: 'RUNNING', owner: 'a', attempts: 1, modelCalls: {}, waitMs: 0, code: 'none' };
const young = (claim: Claim) => ({ claim, ageMs: 0 });
const old = (claim: Claim) => ({ claim, ageMs: defaultBudget.leaseMs });

describe('decideClaim', () => {
  const decide = (observed: Parameters<typeof decideClaim>[0]) => decideClaim(observed, 'b', defaultBudget);

  it('takes a job without a claim', () => {
    expect(firstClaim('b')).toEqual({ ...running, owner: 'b' });
  });

  it('continues a job of its own', () => {
    expect(decideClaim(old(running), 'a', defaultBudget).kind).toBe('owned');
  });

  it('waits while another run has the job, at most until the lease ends', () => {
    expect(decide(young(running))).toEqual({ kind: 'wait', code: 'BUSY', retryAfterMs: 30_000 });
    const almost = { claim: running, ageMs: defaultBudget.leaseMs - 10 };
    expect(decide(almost)).toEqual({ kind: 'wait', code: 'BUSY', retryAfterMs: 10 });
  });

  it('takes over when the lease has ended, and keeps the count of calls', () => {
    const claim = { ...running, modelCalls: { r0: 2 } };
    const taken = { owner: 'b', attempts: 2, modelCalls: { r0: 2 } };
    expect(decide(old(claim))).toMatchObject({ kind: 'take', claim: taken });
  });

  it('gives up when the attempts are used up', () => {
    const spent = { ...running, attempts: defaultBudget.maxAttempts };
    const failed = { state: 'FAILED', code: 'BUDGET_SPENT' };
    expect(decide(old(spent))).toMatchObject({ kind: 'give-up', claim: failed });
    expect(decide(young(spent)).kind).toBe('wait');
  });

  it('leaves a waiting job alone for as long as its last run wrote', () => {
    const claim: Claim = { ...running, state: 'WAIT', waitMs: 5000, code: 'MODEL_QUOTA' };
    const wait = { kind: 'wait', code: 'MODEL_QUOTA', retryAfterMs: 3000 };
    expect(decide({ claim, ageMs: 2000 })).toEqual(wait);
    expect(decide({ claim, ageMs: 5000 }).kind).toBe('take');
  });

  it('lets no setup fault keep a job for long, also where an older version asked for 5 minutes', () => {
    const claim: Claim = { ...running, state: 'WAIT', waitMs: 300_000, code: 'MODEL_RETIRED' };
    expect(decide({ claim, ageMs: 29_000 })).toMatchObject({ kind: 'wait', retryAfterMs: 1000 });
    expect(decide({ claim, ageMs: 30_000 }).kind).toBe('take');
    expect(decide({ claim: { ...claim, code: 'MODEL_QUOTA' }, ageMs: 30_000 }).kind).toBe('wait');
  });

  it.each(['DONE', 'FAILED'] as const)('leaves a job alone that is %s', (state) => {
    expect(decide(old({ ...running, state }))).toMatchObject({ kind: 'finished', state });
  });
});

test('countCall and refundCall count each region up to its budget', () => {
  const twice = { ...running, modelCalls: { r0: 2 } };
  const budget = { ...defaultBudget, maxModelCalls: 2 };
  expect(countCall(twice, 'r0', budget)).toBeUndefined();
  expect(countCall(twice, 'r1', budget)?.modelCalls).toEqual({ r0: 2, r1: 1 });
  expect(refundCall(twice, 'r0').modelCalls).toEqual({ r0: 1 });
  expect(refundCall(running, 'r0').modelCalls).toEqual({ r0: 0 });
});

describe('provesNoCall', () => {
  it.each([
    ['MODEL_QUOTA', undefined, true],
    ['MODEL_QUOTA', true, false],
    ['MODEL_UNAVAILABLE', false, true],
    ['MODEL_UNAVAILABLE', true, false],
    ['MODEL_UNAVAILABLE', undefined, false],
    ['DEADLINE_EXCEEDED', undefined, false],
    ['STORAGE_UNAVAILABLE', undefined, false],
  ] as const)('%s, may be billed: %s -> %s', (code, mayBeBilled, proof) => {
    const billing = mayBeBilled === undefined ? undefined : { calls: 1, mayBeBilled };
    expect(provesNoCall(new EditError(code, '', { billing }))).toBe(proof);
  });
});

describe('releaseClaim', () => {
  it.each([
    ['IMAGE_UNREADABLE', 'FAILED', 1],
    ['MODEL_QUOTA', 'WAIT', 0],
    ['STORAGE_UNAVAILABLE', 'WAIT', 0],
    ['MODEL_RETIRED', 'WAIT', 0],
    ['CANCELLED', 'WAIT', 0],
    ['DEADLINE_EXCEEDED', 'WAIT', 1],
    ['ENGINE_BAD_REPLY', 'WAIT', 1],
    ['INTERNAL', 'WAIT', 1],
  ] as const)('after %s: %s with %d attempts used', (code, state, attempts) => {
    expect(releaseClaim(running, new EditError(code, ''))).toMatchObject({ state, attempts, code });
  });
});

describe('an exhaustive search of the claim protocol (G9, G12, G18)', () => {
  it.each([
    // The long test searches further.
    ['2 workers', 2, { crashes: 1, lostAnswers: 0, expiries: 1, refusals: 0 }],
    ['2 workers', 2, { crashes: 0, lostAnswers: 1, expiries: 0, refusals: 1 }],
    ['3 workers', 3, { crashes: 0, lostAnswers: 0, expiries: 1, refusals: 0 }],
    ['2 workers and a batch', 2, { crashes: 0, lostAnswers: 0, expiries: 1, refusals: 0, batches: 1 }],
    ['2 workers and 2 rounds', 2, { crashes: 0, lostAnswers: 0, expiries: 0, refusals: 2, rounds: 1 }],
  ] as const)('%s: no invariant breaks, and every state can reach an end', (name, workers, mischief) => {
    const { states, trace, stuck } = explore(workers, mischief);
    console.log(`${name}: ${states} states`);
    expect(trace).toBeUndefined();
    expect(stuck).toBe(0);
    expect(states).toBeGreaterThan(1000);
  });

  it.each([
    ['ack-when-busy', 'I3'],
    ['call-before-count', 'I2'],
    ['overwrite', 'I1'],
    ['refund-when-unknown', 'I2'],
    ['refund-sent-batch', 'I2'],
    ['ack-what-is-asked-again', 'I4'],
  ] as const)('finds the seeded bug %s and the steps to it', (bug, invariant) => {
    const { trace } = explore(
      2,
      {
        ...{ crashes: 1, lostAnswers: 0, expiries: 2, refusals: bug === 'refund-when-unknown' ? 1 : 0 },
        ...(bug === 'refund-sent-batch' && { crashes: 0, batches: 1 }),
        ...(bug === 'ack-what-is-asked-again' && { expiries: 0, refusals: 1, rounds: 1 }),
      },
      bug,
    );
    expect(trace?.at(-1)).toMatch(invariant);
    console.log(`${bug}:\n  ${trace?.join('\n  ')}`);
  });
});
