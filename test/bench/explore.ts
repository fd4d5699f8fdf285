import { explore } from '../support/explore.ts';

/** Searches more of the claim protocol than a test has time for, and prints what was found. */
const searches = [
  [2, { crashes: 1, lostAnswers: 1, expiries: 1, refusals: 1 }],
  [2, { crashes: 2, lostAnswers: 1, expiries: 2, refusals: 1 }],
  [3, { crashes: 1, lostAnswers: 1, expiries: 1, refusals: 0 }],
] as const;

for (const [workers, mischief] of searches) {
  const started = performance.now();
  const { states, trace, stuck } = explore(workers, mischief);
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(`${workers} workers, ${JSON.stringify(mischief)}: ${states} states in ${seconds} s`);
  console.log(trace === undefined ? '  no violation' : `  violation:\n    ${trace.join('\n    ')}`);
  console.log(`  states that cannot reach an end: ${stuck}`);
  if (trace !== undefined || stuck > 0) process.exitCode = 1;
}
