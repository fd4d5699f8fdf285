import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { repository } from '../support/packed.ts';

const documents = globSync(['*.md', 'docs/**/*.md', 'deploy/terraform/*.md'], { cwd: repository });

/** Paths below the root in code spans: of files, folders (with a slash), or patterns. */
const pathSpan =
  /`((?:\.github|deploy|docs|functions|lib|test)\/[\w./*{},-]+|[A-Z]+\.md|package(?:-lock)?\.json)`/g;
const link = /\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)]*))?\)/g;

/** What a document names or links to that does not exist. */
function missing(text: string, document: string): string[] {
  const named = [...text.matchAll(pathSpan)].map(([, path = '']) => path);
  const linked = [...text.matchAll(link)].map(([, path = '', anchor]) => ({
    path: path === '' ? document : join(dirname(document), path),
    anchor,
  }));
  const isThere = (path: string) =>
    /[*{]/.test(path) ? globSync(path, { cwd: repository }).length > 0 : existsSync(join(repository, path));
  return [
    ...[...named, ...linked.map(({ path }) => path)].filter((path) => !isThere(path)),
    ...linked
      .filter(
        ({ path, anchor }) => anchor !== undefined && isThere(path) && !anchorsOf(path).includes(anchor),
      )
      .map(({ path, anchor }) => `${path}#${anchor}`),
  ];
}

/** The anchors that GitHub gives to headings. */
const anchorsOf = (path: string): string[] =>
  [...readFileSync(join(repository, path), 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );

test.each(documents)('every file and heading that %s names exists', (document) => {
  expect(missing(readFileSync(join(repository, document), 'utf8'), document)).toEqual([]);
});

test('a name, a link, a pattern and an anchor that lead nowhere are found', () => {
  const text =
    'See `lib/gone.ts`, `lib/edit.ts`, `test/gone/`, `CONTRIBUTED.md`, `photo.json`, `lib/*.tsx`, [here](gone.md), [there](../README.md#nowhere) and [so on](../README.md#deploy).';
  expect(missing(text, 'docs/some.md').sort()).toEqual(
    ['docs/gone.md', 'lib/gone.ts', 'test/gone/', 'CONTRIBUTED.md', 'lib/*.tsx', 'README.md#nowhere'].sort(),
  );
});
