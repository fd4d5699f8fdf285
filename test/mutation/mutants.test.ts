import { expect, it } from 'vitest';
import { mutantsOf } from './mutants.ts';

const mutated = (source: string) =>
  mutantsOf(source).map(({ start, end, put }) => source.slice(0, start) + put + source.slice(end));

it.each([
  ['a < b', ['a <= b']],
  ['const sum = a + 1;', ['const sum = a - 1;', 'const sum = a + 2;']],
  ['if (isOn) stop();', ['if (!(isOn)) stop();', 'if (isOn) ;']],
  ['const n: 1 | 2 = isOn ? x : y;', ['const n: 1 | 2 = !(isOn) ? x : y;']],
])('changes %j in one place at a time, and no type', (source, changed) => {
  expect(mutated(source)).toEqual(changed);
});
