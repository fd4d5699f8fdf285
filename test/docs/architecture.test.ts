import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { EditError, type ErrorCode } from '../../lib/errors.ts';
import { defaultBudget } from '../../lib/jobs/claim/budget.ts';
import {
  type Claim,
  countCall,
  decideClaim,
  finishClaim,
  firstClaim,
  refundCall,
  releaseClaim,
} from '../../lib/jobs/claim/claim.ts';

const document = readFileSync(new URL('../../docs/architecture.md', import.meta.url), 'utf8');
const failures = new URL('../lib/jobs/failures/', import.meta.url);

/** `A --> B: why` -> `A --> B`. */
const drawn = new Set(
  [...document.matchAll(/^ {2}(\S+ --> \S+?)(?::.*)?$/gm)].map(([, edge]) => String(edge)),
);

const oneOfEachKind: readonly ErrorCode[] = ['IMAGE_UNREADABLE', 'MODEL_QUOTA', 'MODEL_RETIRED', 'INTERNAL'];
const states = ['RUNNING', 'WAIT', 'DONE', 'FAILED'] as const;
const claimIn = (state: Claim['state'], attempts: number): Claim => ({
  ...{ state, attempts, owner: 'a', modelCalls: { r0: 1 }, waitMs: 1000, code: 'none' },
});

/** Every change of state the functions of the claim can make, from every state, age, use and error. */
function possible(): Set<string> {
  const edges = new Set<string>();
  edges.add(`[*] --> ${firstClaim('a').state}`);
  const claims = states.flatMap((state) => [claimIn(state, 1), claimIn(state, defaultBudget.maxAttempts)]);
  for (const claim of claims) {
    for (const owner of ['a', 'b']) {
      for (const ageMs of [0, Number.POSITIVE_INFINITY]) {
        const decision = decideClaim({ claim, ageMs }, owner, defaultBudget);
        if (decision.kind === 'finished') edges.add(`${claim.state} --> [*]`);
        if (decision.kind === 'take' || decision.kind === 'give-up')
          edges.add(`${claim.state} --> ${decision.claim.state}`);
      }
    }
  }
  // Only a claim that is held is changed, and what is held is RUNNING.
  const held = claimIn('RUNNING', 1);
  const ends = oneOfEachKind.map((code) => releaseClaim(held, new EditError(code, 'Expected better')));
  for (const next of [
    countCall(held, 'r0', defaultBudget),
    refundCall(held, 'r0'),
    finishClaim(held),
    ...ends,
  ])
    edges.add(`RUNNING --> ${next?.state}`);
  return edges;
}

test('the state diagram has the changes of the claim, all of them and no others', () => {
  expect([...drawn].sort()).toEqual([...possible()].sort());
});

test('every row of the table of failures is a describe of that name, and every such describe is a row', () => {
  const [, table = ''] = document.split('## What goes wrong, and what happens then');
  const rows = [...table.matchAll(/^\| (?!what goes wrong)([^|]+?) \|.*\| `(\w+)` \|$/gm)].map(
    ([, row, file]) => `${file}: ${row}`,
  );
  const tested = readdirSync(failures).flatMap((file) =>
    [...readFileSync(new URL(file, failures), 'utf8').matchAll(/^describe\(\s*'([^']+)'/gm)].map(
      ([, name]) => `${file.replace('.test.ts', '')}: ${name}`,
    ),
  );
  expect(rows.length).toBeGreaterThanOrEqual(15);
  expect(rows.sort()).toEqual(tested.sort());
});
