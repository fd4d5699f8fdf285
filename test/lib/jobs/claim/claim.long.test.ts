import { expect, it } from 'vitest';
import { explore } from '../../../support/explore.ts';

it.each([
  [2, { crashes: 1, lostAnswers: 0, expiries: 1, refusals: 1 }],
  [2, { crashes: 0, lostAnswers: 1, expiries: 1, refusals: 1 }],
  [2, { crashes: 1, lostAnswers: 0, expiries: 1, refusals: 0, batches: 1 }],
  [2, { crashes: 1, lostAnswers: 0, expiries: 0, refusals: 1, rounds: 1 }],
  [2, { crashes: 0, lostAnswers: 0, expiries: 1, refusals: 1, rounds: 1 }],
] as const)(
  '%i workers, %j: no invariant breaks, and every state can reach an end',
  { timeout: 300_000 },
  (workers, mischief) => {
    const { states, trace, stuck } = explore(workers, mischief);
    console.log(`${states} states`);
    expect(trace).toBeUndefined();
    expect(stuck).toBe(0);
  },
);
