import { formatKinds } from '../../test/support/format-kinds.ts';
import { rowOf } from '../../test/support/format-row.ts';

/** `docs/formats.md`: every kind of file is edited, and each result is a row. */
export async function formatsDocument(): Promise<string> {
  const rows: string[] = [];
  for (const kind of formatKinds) {
    const row = await rowOf(kind);
    const cells = [kind.format, kind.kind, row.written, row.differing, row.kept, row.changed, row.reported];
    rows.push(`| ${cells.join(' | ')} |`);
  }
  return `${head}\n${rows.join('\n')}\n`;
}

const head = `# Formats

This page says what an edit does to each kind of file. A model that paints the mask, brightens the rest and moves the picture
by a pixel edits a file of every kind. Decoders and readers from outside this project then compare the output with the input.
\`npm run docs -- --formats\` writes this page; a test fails when a row is no longer true.

Every file that is not refused keeps its size, kind of colour, decoded depth, ICC profile and orientation (pixels stay as they
are stored), and its density where the format stays. Values inside the mask change, and so does alpha there when something over
transparency is removed. The output carries XMP
\`DigitalSourceType\` = \`compositeWithTrainedAlgorithmicMedia\`, in the existing packet or in a new one, unless the engine calls
no model.

- **Outside the mask** is the proof in the manifest: \`exact\`; \`touched-blocks\` (a JPEG that keeps every coefficient outside the
  blocks under the mask); or \`re-encoded\` with the reason.
- **Values that differ there** counts samples of all channels, decoded by libvips.
- **Kept** lists the parts that keep their bytes or values, **Changed** those that do not, or that are gone. The mark changes an
  XMP packet.
- **Reported** is \`droppedMetadata\` and \`warnings\` of the manifest, or the message of the refusal.

A JPEG keeps every segment that is not named here, a PNG every chunk that is still true, a WebP its profile, EXIF and XMP, a TIFF
the tags that describe the picture. The encoder chooses strips, tiles and chunks. A conversion to another \`outputFormat\` keeps
profile, EXIF and XMP, and the manifest says that nothing else was kept.

| Format | Kind | Outside the mask | Values that differ there | Kept | Changed | Reported |
|---|---|---|---|---|---|---|`;
