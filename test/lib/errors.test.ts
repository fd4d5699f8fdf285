import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { testOf } from '../../deploy/docs/errors.ts';
import { problemOf } from '../../functions/problem.ts';
import { EditError, type ErrorCode, errorCodes } from '../../lib/errors.ts';

test('every code has a heading in the document that problems point to', () => {
  const document = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  const anchors = [...document.matchAll(/^### (\w+)$/gm)].map(([, heading = '']) => heading.toLowerCase());
  const errorsUrl = 'https://example.com/errors.md';
  for (const code of errorCodes) {
    const [address, anchor = ''] = problemOf(new EditError(code, ''), { errorsUrl }).type.split('#');
    expect([address, anchors.filter((each) => each === anchor).length]).toEqual([errorsUrl, 1]);
  }
});

test('a code that a test only makes itself is one without a test', () => {
  const texts = (text: string) => new Map([['test/a.test.ts', text]]);
  expect(testOf('MASK_EMPTY', texts("expect(code).toBe('MASK_EMPTY')"))).toBe('test/a.test.ts');
  for (const text of ["new EditError('MASK_EMPTY', '')", "'MASK_EMPTY_TOO'", '// MASK_EMPTY'])
    expect(() => testOf('MASK_EMPTY', texts(text))).toThrow('MASK_EMPTY');
});

const remedyOf = (code: ErrorCode) => new EditError(code, '').remedy;

test('who shall upload again is told what to do where nothing may be replaced', () => {
  const again: ErrorCode[] = ['BUDGET_SPENT', 'IMAGE_TRUNCATED'];
  for (const code of again) expect(remedyOf(code)).toContain('another name');
});

test('who sent another format is told all that are taken', () => {
  for (const format of ['JPEG', 'PNG', 'WebP', 'TIFF'])
    expect(remedyOf('FORMAT_UNSUPPORTED')).toContain(format);
});
