import { expect, it } from 'vitest';
import { soak } from '../../../support/soak.ts';

// The start of a process takes a second on a busy machine.
const timeout = 60_000;

it('every pair gets one result under kills, repeated and reordered events and re-uploads (G6, G7)', {
  timeout,
}, async () => {
  const tally = await soak({ jobs: 10, workers: 2, seed: 3, killPercent: 8 });
  console.log(tally);
  expect(tally.faults).toEqual([]);
  expect(tally.kills).toBeGreaterThan(0);
  expect(tally.published).toBeGreaterThanOrEqual(9);
});
