import { expect, test } from 'vitest';
import { offeredBy, shownNames } from '../../functions/studio/page/offers.ts';
import { german } from '../../functions/studio/page/texts.de.ts';
import { english } from '../../functions/studio/page/texts.en.ts';
import { capabilitiesOf, engineNames } from '../../lib/engines/engines.ts';
import { editRequestFields } from '../../lib/requests/edit-request.ts';
import { type Option, options } from '../../lib/requests/options.ts';

const fields = { properties: editRequestFields().properties ?? {} };

/** Chosen elsewhere on the page, or for programs only. */
const notInForm = [
  'mode',
  'only',
  'model',
  'maskMode',
  'maskClasses',
  'maskPrompt',
  'labels',
  'polarity',
  'detail',
];

/** What an engine takes, by the table of options: what it can, and what the service does itself. */
function expectedNames(engine: (typeof engineNames)[number], mode: string): string[] {
  const can = capabilitiesOf(engine).options as Readonly<Record<string, { insertionOnly?: boolean }>>;
  const isTaken = ({ of, engineField }: Option) => {
    if (!of.includes('edit')) return false;
    if (engineField === undefined) return true;
    const option = can[engineField];
    return option !== undefined && (option.insertionOnly !== true || mode === 'insertion');
  };
  const table: [string, Option][] = Object.entries(options);
  return table.filter(([name, option]) => !notInForm.includes(name) && isTaken(option)).map(([name]) => name);
}

test.each(engineNames)('the form of %s shows what it can, and nothing else', (name) => {
  const { modes, options: can } = capabilitiesOf(name);
  const engine = { name, model: null, modes, options: can };
  for (const mode of modes) {
    const shown = shownNames({ fields } as Parameters<typeof shownNames>[0], { engine, mode } as never);
    expect([...shown].sort()).toEqual(expectedNames(name, mode).sort());
    for (const field of shown) {
      expect(Object.keys(english.fields), 'labels').toContain(field);
      expect(Object.keys(english.hints), 'hints').toContain(field);
    }
  }
});

test('only what the finders of the engine can find is offered', () => {
  const finders = [
    { name: 'people', modes: ['semantic', 'people'], classes: ['person'] },
    { name: 'segmentation', modes: ['interactive', 'semantic', 'prompt'], classes: ['car', 'person'] },
  ];
  const engine = { name: 'e', model: null, modes: [], options: {} };
  const offered = (names: string[]) => offeredBy({ finders }, { ...engine, finders: names });
  expect(offered(['people'])).toEqual({ modes: ['people', 'semantic'], classes: ['person'] });
  expect(offered(['segmentation', 'people']).modes).toEqual(['people', 'semantic', 'prompt', 'interactive']);
  expect(offered([])).toEqual({ modes: [], classes: [] });
});

/** `fields.seed`, ... of a table of texts. */
const keysOf = (value: unknown, path = ''): string[] =>
  typeof value !== 'object' || value === null
    ? [path]
    : Object.entries(value).flatMap(([key, inner]) => keysOf(inner, `${path}.${key}`));

test('both languages have the same texts', () => {
  expect(keysOf(german)).toEqual(keysOf(english));
  expect(keysOf(english).length).toBeGreaterThan(150);
});
