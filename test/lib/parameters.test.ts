import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { parametersDocument } from '../../lib/parameters.ts';

const path = fileURLToPath(new URL('../../docs/parameters.md', import.meta.url));

it('docs/parameters.md is what the schemas say (UPDATE_DOCS=1 npm test writes it)', () => {
  const document = parametersDocument();
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path, document);
  expect(readFileSync(path, 'utf8')).toBe(document);
});

it('names range, default and engines of a parameter', () => {
  const steps = parametersDocument()
    .split('\n')
    .find((line) => line.startsWith('| `steps`'));
  expect(steps).toContain('integer 1..75');
  expect(steps).toContain('default removal 12, insertion 35');
});
