import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { markdownTable } from '../../deploy/docs/markdown.ts';
import { bugs } from './bugs.ts';

/**
 * `node test/simulation/find-bugs.ts` writes how many seeds it takes to find each mistake into `bugs.md`.
 * With words behind it, only mistakes are tried whose names hold one of them; the other rows stay.
 */
const words = process.argv.slice(2);
const isAsked = (name: string) => words.length === 0 || words.some((word) => name.includes(word));
const path = fileURLToPath(new URL('simulate.ts', import.meta.url));
const mostSeeds = 2000;
/** A mistake may keep a world from ending. */
const patienceMs = 300_000;
const table = new URL('bugs.md', import.meta.url);
const before = existsSync(table) ? readFileSync(table, 'utf8').split('\n') : [];
const rows = new Map(
  before.filter((line) => line.startsWith('| ')).map((line) => [cellsOf(line)[0], cellsOf(line)]),
);

function cellsOf(line: string): string[] {
  return line.slice(2, -2).split(' | ');
}

let missed = 0;
for (const { name, file, breaks } of bugs.filter((bug) => isAsked(bug.name))) {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [path, '--seeds', String(mostSeeds), '--bug', name],
    { encoding: 'utf8', maxBuffer: 1e8, timeout: patienceMs },
  );
  const found = /^\{"seed":(?<seed>\d+),"invariant":"(?<invariant>\w+)"/m.exec(stdout)?.groups;
  if (found === undefined) missed++;
  const row = [
    name,
    `\`${file}\``,
    breaks.join(', '),
    found?.['invariant'] ?? 'not found',
    found?.['seed'] ?? '-',
  ];
  console.log(row.join(' | '), found === undefined ? stderr : '');
  rows.set(name, row);
}
const head = ['mistake', 'in', 'breaks', 'seen first', 'seed'];
const lines = bugs.map(({ name }) => rows.get(name)).filter((row) => row !== undefined);
const text = `# Mistakes that the simulation finds

Each is put into the real source while it is loaded, and worlds are lived through from seed 1 on, at most ${mostSeeds}.
\`find-bugs.ts\` writes this page.

${markdownTable(head, lines)}
`;
writeFileSync(table, text);
process.exitCode = missed > 0 ? 1 : 0;
