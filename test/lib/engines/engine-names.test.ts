import { expect, it } from 'vitest';
import { parseEngineName } from '../../../lib/engines/engine-names.ts';

it.each([
  ['patchmatch', 'patchmatch', undefined],
  ['imagen:imagen-3.0-capability-001', 'imagen', 'imagen-3.0-capability-001'],
  ['endpoint:projects/p:7', 'endpoint', 'projects/p:7'],
])('%s is engine %s and model %s', (name, engine, model) => {
  expect(parseEngineName(name)).toEqual({ engine, model });
});
