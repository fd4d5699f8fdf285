import { EditError } from '../../errors.ts';
import type { Carried, CarryJob } from '../container.ts';
import {
  encodeDirectory,
  numberAt,
  type OpenedTiff,
  openTiff,
  readValue,
  type TiffValue,
  uint32,
} from '../metadata/directory.ts';
import { describing, type TiffNode } from './describing.ts';
import { kindNotes } from './kind.ts';
import { layout, tag } from './tags.ts';

/**
 * A TIFF encoded anew with the tags of the one it was made from that speak of the picture: EXIF and GPS directories, IPTC,
 * profile, GeoTIFF and the like keep their values, whatever the byte order of the source. Left behind and named: smaller copies,
 * layers, previews, content credentials, and tags nobody can tell the meaning of.
 *
 * A new directory is put behind the pixels; those stay where they are.
 *
 * @see TIFF 6.0, section 2.
 */
export function carryTiffTags({ source, written, xmp }: CarryJob): Carried {
  const from = openTiff(source);
  const to = openTiff(written);
  if (!from || !to) throw new EditError('INTERNAL', 'Expected two TIFFs with offsets of 32 bit');
  const { nodes, dropped } = describing(from, { isLittle: to.tiff.isLittle, budgetBytes: source.length });
  const own = to.directory.entries
    .filter((entry) => layout.has(entry.tag))
    .map((entry) => readValue(to.tiff, entry));
  const all = new Map<number, TiffNode>();
  for (const node of [...own, ...nodes, alphaOf(from, to), packetOf(xmp)]) if (node) all.set(node.tag, node);
  return {
    bytes: withDirectory(written, [...all.values()], to.tiff.isLittle),
    dropped,
    notes: kindNotes(from, to),
  };
}

/** The meaning of the fourth sample, where it is neither associated alpha, which was decoded, nor one of several. */
function alphaOf(from: OpenedTiff, to: OpenedTiff): TiffValue | undefined {
  const numbers = [from, to].map(({ tiff, directory }) => numberAt(tiff, directory, tag.samplesPerPixel));
  const meaning = numberAt(from.tiff, from.directory, tag.extraSamples);
  if (numbers[0] !== numbers[1] || meaning !== 0) return undefined;
  return { tag: tag.extraSamples, type: 3, count: 1, data: new Uint8Array(2) };
}

function packetOf(xmp: string | undefined): TiffValue | undefined {
  if (xmp === undefined) return undefined;
  const data = Buffer.from(xmp);
  return { tag: tag.xmp, type: 1, count: data.length, data };
}

/** The file with another first directory, at its end. */
function withDirectory(file: Uint8Array, nodes: readonly TiffNode[], isLittle: boolean): Buffer {
  const parts: Uint8Array[] = [file, new Uint8Array(file.length & 1)];
  let end = file.length + (file.length & 1);
  const place = (values: readonly TiffNode[]): number => {
    const flat = values.map((node) =>
      'data' in node
        ? node
        : { tag: node.tag, type: 4, count: 1, data: uint32(place(node.values), isLittle) },
    );
    const at = end;
    const directory = encodeDirectory(flat, at, isLittle);
    parts.push(directory);
    end += directory.length;
    return at;
  };
  const first = place(nodes);
  const bytes = Buffer.concat(parts);
  bytes.set(uint32(first, isLittle), 4);
  return bytes;
}
