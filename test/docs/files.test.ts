import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { repository } from '../support/packed.ts';

const documents = globSync(['*.md', 'docs/**/*.md', 'deploy/terraform/*.md'], { cwd: repository });

/** Paths below the root as they are written in code spans: of files, folders (with a slash), or patterns. */
const pathSpan = /`((?:\.github|deploy|docs|functions|lib|test)\/[\w./*{},-]+|[\w.-]+\.(?:md|json))`/g;
const link = /\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)/g;

/** What a document names or links to, that is not there. */
function missing(text: string, document: string): string[] {
  const linked = [...text.matchAll(link)].map(([, target = '']) => join(dirname(document), target));
  const named = [...text.matchAll(pathSpan)].map(([, target = '']) => target).filter(isOurs);
  return [...linked, ...named].filter((path) =>
    /[*{]/.test(path)
      ? globSync(path, { cwd: repository }).length === 0
      : !existsSync(join(repository, path)),
  );
}

/** Not a file people drop, nor one that the system writes. */
const isOurs = (path: string) => path.includes('/') || /^(?:[A-Z]+\.md|package(?:-lock)?\.json)$/.test(path);

test.each(documents)('every file that %s names is there', (document) => {
  expect(missing(readFileSync(join(repository, document), 'utf8'), document)).toEqual([]);
});

test('a file that is gone is found, by name, by link, and by pattern', () => {
  const text =
    'See `lib/gone.ts`, `lib/edit.ts`, `test/gone/`, `CONTRIBUTED.md`, `photo.json`, `lib/*.tsx`, [here](gone.md) and [there](../README.md#x).';
  expect(missing(text, 'docs/some.md').sort()).toEqual(
    ['docs/gone.md', 'lib/gone.ts', 'test/gone/', 'CONTRIBUTED.md', 'lib/*.tsx'].sort(),
  );
});

test('the documents people look for are there', () => {
  expect(documents).toEqual(
    expect.arrayContaining([
      'README.md',
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      'SECURITY.md',
      'docs/security.md',
      'docs/benchmarks.md',
    ]),
  );
  expect(packageJson.license).toBe('Apache-2.0');
  expect(readFileSync(join(repository, 'LICENSE'), 'utf8')).toMatch(
    /Apache License\s+Version 2\.0.+END OF TERMS AND CONDITIONS/s,
  );
});
