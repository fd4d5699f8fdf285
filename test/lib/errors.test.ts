import { expect, test } from 'vitest';
import { EditError, type ErrorCode } from '../../lib/errors.ts';

const remedyOf = (code: ErrorCode) => new EditError(code, '').remedy;

test('who shall upload again is told what to do where nothing may be replaced', () => {
  const again: ErrorCode[] = ['BUDGET_SPENT', 'IMAGE_TRUNCATED'];
  for (const code of again) expect(remedyOf(code)).toContain('another name');
});

test('who sent another format is told all that are taken', () => {
  for (const format of ['JPEG', 'PNG', 'WebP', 'TIFF'])
    expect(remedyOf('FORMAT_UNSUPPORTED')).toContain(format);
});
