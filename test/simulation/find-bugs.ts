import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bugs } from './bugs.ts';

/** `node test/simulation/find-bugs.ts`: how many seeds it takes to find each mistake. */
const path = fileURLToPath(new URL('simulate.ts', import.meta.url));
const mostSeeds = 2000;
const rows: string[] = [];
let missed = 0;
for (const { name, file, breaks } of bugs) {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [path, '--seeds', String(mostSeeds), '--bug', name],
    { encoding: 'utf8', maxBuffer: 1e8 },
  );
  const found = /^\{"seed":(?<seed>\d+),"invariant":"(?<invariant>\w+)"/m.exec(stdout)?.groups;
  if (found === undefined) missed++;
  if (stderr !== '' && found === undefined) console.error(stderr);
  const row = `| ${name} | \`${file}\` | ${breaks.join(', ')} | ${found?.['invariant'] ?? 'not found'} | ${found?.['seed'] ?? '-'} |`;
  console.log(row);
  rows.push(row);
}
console.log(`${rows.length - missed} of ${rows.length} found within ${mostSeeds} seeds`);
process.exitCode = missed > 0 ? 1 : 0;
