import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** Node 22 runs the sources as they are; it does not know explicit resource management. */
const unknownToNode22 = /^\s*(?:await )?using \w+ =|\b(?:Async)?DisposableStack\(/m;

test('sources keep to what the oldest Node knows', () => {
  const root = new URL('../', import.meta.url);
  const sources = globSync('{functions,lib,deploy}/**/*.ts', { cwd: root });
  expect(sources.length).toBeGreaterThan(100);
  const found = sources.filter((path) => unknownToNode22.test(readFileSync(new URL(path, root), 'utf8')));
  expect(found).toEqual([]);
  expect('  await using emulator = await open();').toMatch(unknownToNode22);
});
