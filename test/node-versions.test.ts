import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };

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

test('the oldest Node allowed is one that runs TypeScript', () => {
  expect(packageJson.engines.node).toBe('>=22.18');
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
