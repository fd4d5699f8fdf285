import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { breakingChanges, type Document, untold } from '../../deploy/docs/openapi-changes.ts';

const written = readFileSync(new URL('../../functions/studio/openapi.json', import.meta.url), 'utf8');
const now: Document = JSON.parse(written);

type Part = Record<string, unknown>;

/** A copy of the document in which one part is changed. */
function changed(path: readonly string[], change: (part: Part) => void): Document {
  const document: Document = JSON.parse(written);
  change(path.reduce<Part>((part, name) => part[name] as Part, document as unknown as Part));
  return document;
}

const schemas = ['components', 'schemas'];
const fields = [...schemas, 'EditRequest', 'properties'];
const job = [...schemas, 'Job', 'properties'];
const without = (name: string) => (part: Part) => void delete part[name];
const withValue = (name: string, value: unknown) => (part: Part) =>
  void Object.assign(part, { [name]: value });
const withMore = (name: string, value: string) => (part: Part) => void (part[name] as string[]).push(value);

test.each([
  ['an address', '/plan', ['paths'], without('/plan')],
  ['a method', '/jobs', ['paths', '/jobs'], without('get')],
  ['a schema', 'Plan', schemas, without('Plan')],
  ['a field of a request', 'featherPx', fields, without('featherPx')],
  ['a field of an answer', 'attempts', job, without('attempts')],
  ['a field within a list', 'href', [...job, 'outputs', 'items', 'properties'], without('href')],
  ['a value', 'mode', [...fields, 'mode'], withValue('enum', ['removal'])],
  ['a type', 'featherPx', [...fields, 'featherPx'], withValue('type', 'string')],
  ['a range', 'samples', [...fields, 'samples'], withValue('maximum', 2)],
  ['what is required', 'mask', [...schemas, 'EditRequest'], withMore('required', 'mask')],
])('finds %s that breaks callers, until the changelog names it', (_, name, path, change) => {
  const found = breakingChanges(now, changed(path, change));
  expect(found.map((each) => each.name)).toEqual([name]);
  const changelog = (first: string, second: string) =>
    `# Changelog\n\n## 0.3\n\n${first}\n\n## 0.2\n\n${second}\n`;
  expect(untold(found, changelog('- a word', `- \`${name}\``))).toEqual(found);
  expect(untold(found, changelog(`- \`${name}\` is another now.`, ''))).toEqual([]);
});

test.each([
  ['nothing', fields, () => {}],
  ['a new address', ['paths'], withValue('/new', { get: {} })],
  ['a new field', fields, withValue('more', { type: 'string' })],
  ['a new value', [...fields, 'mode'], withMore('enum', 'outpaint')],
  ['a wider range', [...fields, 'samples'], withValue('maximum', 100)],
  ['a field that answers always have now', [...schemas, 'Job'], withMore('required', 'waiting')],
])('%s breaks nobody', (_, path, change) => {
  expect(breakingChanges(now, changed(path, change))).toEqual([]);
});
