import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatKinds } from '../support/format-kinds.ts';
import { rowOf } from '../support/format-row.ts';

const document = readFileSync(new URL('../../docs/formats.md', import.meta.url), 'utf8').split('\n');

describe('an edit of each kind of file gives what docs/formats.md says', () => {
  // Several at a time: threads of libvips do most of the work.
  test.concurrent.each(formatKinds)('$format: $kind', async (kind) => {
    const row = await rowOf(kind);
    const cells = [kind.format, kind.kind, row.written, row.differing, row.kept, row.changed, row.reported];
    expect(document).toContain(`| ${cells.join(' | ')} |`);
  });
});
