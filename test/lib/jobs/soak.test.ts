import { expect, it } from 'vitest';
import { soak } from '../../support/soak.ts';

it('worker processes killed at random, events twice and in any order, re-uploads: every pair one result', async () => {
  const tally = await soak({ jobs: 15, workers: 2, seed: 3, killPercent: 8 });
  console.log(tally);
  expect(tally.faults).toEqual([]);
  expect(tally.kills).toBeGreaterThan(0);
  expect(tally.published).toBeGreaterThanOrEqual(14);
});
