import { expect, test } from 'vitest';
import { guaranteesDocument, numbersIn } from '../../deploy/docs/guarantees.ts';

test('every guarantee has a test, and every number in a title is one of a guarantee', () => {
  expect(guaranteesDocument()).toMatch(/\| G1 \|/);
});

test('a guarantee without a test, and a number that nobody knows, are told', () => {
  const title = (numbers: string) => `it('holds (${numbers})', () => {});`;
  const all = Array.from({ length: 27 }, (_, at) => `G${at + 1}`);
  const asMap = (text: string) => new Map([['test/some.test.ts', text]]);
  expect(guaranteesDocument(asMap(title(all.join(', '))))).toContain('`test/some.test.ts`');
  expect(() => guaranteesDocument(asMap(title(all.slice(1).join(', '))))).toThrow('G1 has no test');
  expect(() => guaranteesDocument(asMap(title(`${all.join(', ')}, G99`)))).toThrow('G99 is unknown');
  expect([...numbersIn(asMap('// see (G3)'))]).toEqual([]);
});
