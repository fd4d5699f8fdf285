import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { type FormatKind, formatKinds } from '../support/format-kinds.ts';
import { type FormatRow, rowOf } from '../support/format-row.ts';

const path = fileURLToPath(new URL('../../docs/formats.md', import.meta.url));
const isUpdating = process.env['UPDATE_DOCS'] === '1';
const rows: string[] = [];

const line = ({ format, kind }: FormatKind, row: FormatRow) =>
  `| ${[format, kind, row.written, row.differing, row.kept, row.changed, row.reported].join(' | ')} |`;

describe('docs/formats.md is what an edit of each kind of file gives (UPDATE_DOCS=1 npm test writes it)', () => {
  const document = isUpdating ? [] : readFileSync(path, 'utf8').split('\n');

  // Several at a time: most of the work is done by threads of libvips.
  test.concurrent.each(formatKinds.map((kind, index) => ({ ...kind, index })))(
    '$format: $kind',
    async ({ index, ...kind }) => {
      rows[index] = line(kind, await rowOf(kind));
      if (!isUpdating) expect(document).toContain(rows[index]);
    },
  );

  test('it has no other rows', () => {
    if (isUpdating) return;
    const names = new Set(formatKinds.map(({ format, kind }) => `| ${format} | ${kind} |`));
    const others = document.filter((text) => text.startsWith('| ') && !isHead(text));
    expect(others.filter((text) => !names.has(`${text.split(' | ', 2).join(' | ')} |`))).toEqual([]);
    expect(others).toHaveLength(formatKinds.length);
  });

  afterAll(() => {
    // Not after a run of a few tests by name, nor one with a fault.
    if (isUpdating && Object.keys(rows).length === formatKinds.length)
      writeFileSync(path, `${head}\n${rows.join('\n')}\n`);
  });
});

const columns = '| Format | Kind | Outside the mask | Values that differ there | Kept | Changed | Reported |';
const isHead = (text: string) => text === columns;

const head = `# Formats

What an edit makes of each kind of file, measured: a model that paints the mask, brightens the rest and moves the picture by a
pixel edits a file of every kind; what came out is compared with what went in by decoders and readers that are not this project's.
[\`test/docs/formats.test.ts\`](../test/docs/formats.test.ts) writes this page (\`UPDATE_DOCS=1 npm test\`) and fails when a row is no longer true.

Every row that is not refused keeps size, kind of colour, bits as they decode, alpha, ICC profile, orientation (pixels stay
as they are stored) and, where the format stays, density, has other values inside the mask, and carries XMP
\`DigitalSourceType\` = \`compositeWithTrainedAlgorithmicMedia\`, in the packet there was or in a new one. An edit by an engine that calls no
model adds no such mark.

- **Outside the mask** is what the proof in the manifest says: \`exact\`, or \`touched-blocks\` (a JPEG of which every coefficient outside
  the blocks under the mask is the input's), or \`re-encoded\` with the reason.
- **Values that differ there** counts samples of all channels, by libvips.
- **Kept** are parts that have the bytes or values they had; **Changed** those that have not, or are gone. An XMP packet changes by its mark.
- **Reported** is what the manifest says: \`droppedMetadata\`, then \`warnings\`; or the message of the refusal.

A JPEG keeps all segments but those named; a PNG all chunks that are still true, a WebP profile, EXIF and XMP, a TIFF the tags that speak
of the picture. How samples lie in strips, tiles or chunks is up to the encoder. Where another \`outputFormat\` is asked for, profile, EXIF and
XMP go along, and the manifest says that nothing else does.

${columns}
|---|---|---|---|---|---|---|`;
