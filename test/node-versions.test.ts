import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import lockfile from '../package-lock.json' with { type: 'json' };

const root = new URL('../', import.meta.url);

/**
 * What the oldest Node of package.json's `engines` runs as it is: it takes types away, and changes nothing else. Explicit resource
 * management came with Node 24; tests may use the declarations, which vitest translates, but not the globals.
 */
const unknownToNode22 = {
  declaration: /^\s*(?:await )?using \w+ =/m,
  global: /\b(?:Async)?DisposableStack\(/,
};

const sources = (folder: string) =>
  readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({
      path: `${folder}/${name}`,
      text: readFileSync(new URL(`${folder}/${name}`, root), 'utf8'),
    }));

test('the oldest Node allowed is one that runs TypeScript, and the newest one that was tried', () => {
  expect(packageJson.engines.node).toBe('^22.18 || ^24');
  expect(lockfile.packages[''].engines).toEqual(packageJson.engines);
  const readme = readFileSync(new URL('README.md', root), 'utf8');
  expect(readme).toContain('(Node 24, or 22 from 22.18;');
});

test('the Node that is deployed and the Node of the scripts are allowed', () => {
  const deployed = ['deploy/terraform/function/main.tf', 'deploy/gcloud/create.sh'].map((path) => {
    const [, major] = /nodejs(\d+)/.exec(readFileSync(new URL(path, root), 'utf8')) ?? [];
    return major;
  });
  const [ofScripts] = packageJson.devDependencies.node.split('.');
  expect(new Set([...deployed, ofScripts])).toEqual(new Set(['24']));
  expect(packageJson.engines.node.split(' || ')).toContain('^24');
});

test('no newer Node is promised: a builder would take the newest there is', () => {
  expect(packageJson.engines.node).not.toMatch(/[>*]/);
});

test('sources keep to what that Node knows', () => {
  const found = ['functions', 'lib', 'deploy']
    .flatMap(sources)
    .filter(({ text }) => Object.values(unknownToNode22).some((pattern) => pattern.test(text)));
  expect(found.map(({ path }) => path)).toEqual([]);
});

test('tests keep to the globals that Node knows', () => {
  // Benches run by npm scripts, on the Node that is a dependency.
  const tests = sources('test').filter(({ path }) => !path.startsWith('test/bench/'));
  const found = tests.filter(({ text }) => unknownToNode22.global.test(text));
  expect(found.map(({ path }) => path)).toEqual([]);
});

test.each(['  using deadline = deadlineSignal(1);', 'await using emulator = await open();'])(
  '%s is found',
  (line) => {
    expect(line).toMatch(unknownToNode22.declaration);
  },
);
