import { expect, it } from 'vitest';
import { soak } from '../../../support/soak.ts';

// Starting a process takes a second on a busy machine.
const patienceMs = 60_000;

it('worker processes killed at random, events twice and in any order, re-uploads: every pair one result', {
  timeout: patienceMs,
}, async () => {
  const tally = await soak({ jobs: 10, workers: 2, seed: 3, killPercent: 8 });
  console.log(tally);
  expect(tally.faults).toEqual([]);
  expect(tally.kills).toBeGreaterThan(0);
  expect(tally.published).toBeGreaterThanOrEqual(9);
});
