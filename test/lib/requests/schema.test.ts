import { expect, it } from 'vitest';
import { z } from 'zod';
import { parseRequest } from '../../../lib/requests/edit-request.ts';
import { options } from '../../../lib/requests/options.ts';
import { canonicalRequest, engineFields, optionValues, shapeOf } from '../../../lib/requests/schema.ts';

it('gives each operation its own options, described', () => {
  const names = (['edit', 'generate', 'upscale'] as const).flatMap((operation) =>
    Object.keys(shapeOf(operation)),
  );
  expect(new Set(names)).toEqual(new Set(Object.keys(options)));
  expect(shapeOf('upscale')).not.toHaveProperty('seed');
  expect(shapeOf('generate').samples.parse(8)).toBe(8);
  expect(shapeOf('edit').samples.safeParse(8).success).toBe(false);
  for (const schema of Object.values(shapeOf('edit'))) expect(schema.description).toBeTruthy();
});

it('hands engines every option they may know, given or not', () => {
  const asked = optionValues('upscale', { factor: 'x3' });
  expect(asked).toEqual({ factor: 'x3', labels: undefined, storageUri: undefined });
  expect(Object.keys(asked)).toContain('labels');
  expect(engineFields('edit')).toContain('automaticMask');
  expect(engineFields('edit')).not.toContain('featherPx');
});

it('keeps the canonical request of 0.1: its defaults, and nothing that was left out', () => {
  expect(canonicalRequest(parseRequest({ featherPx: 3 }))).toEqual({
    ...{ mode: 'removal', maskMode: 'user', samples: 1, outputFormat: 'same', jpegBlocks: 'touched' },
    ...{ detail: 'single', polarity: 'white', featherPx: 3 },
  });
});

it.each([
  ['left out at its default', { tone: 'warm', grain: { size: 1 } }, {}],
  ['kept at another value', { tone: 'cold', grain: { size: 2 } }, { tone: 'cold', grain: { size: 2 } }],
  ['left out when it is not given', { tone: undefined }, {}],
])('a newer option is %s', (_, newer, kept) => {
  const shape = {
    ...shapeOf('edit'),
    tone: z.enum(['warm', 'cold']).default('warm'),
    grain: z.object({ size: z.int() }).default({ size: 1 }),
  };
  const today = canonicalRequest(parseRequest({ featherPx: 3 }));
  expect(canonicalRequest({ ...today, ...newer }, shape)).toEqual({ ...today, ...kept });
});
