import { EditError } from '../../errors.ts';
import type { Carried, CarryJob } from '../container.ts';
import {
  encodeDirectory,
  firstNumber,
  numberAt,
  type OpenedTiff,
  openTiff,
  readDirectory,
  readValue,
  swapped,
  type TiffEntry,
  type TiffValue,
  uint32,
} from '../metadata/directory.ts';
import { withoutPhotoshopThumbnail } from '../metadata/photoshop.ts';
import { kindNotes } from './kind.ts';
import { descriptive, layout, pointers, staleNames, tag } from './tags.ts';

/** A value, or a directory of its own. */
type TiffNode = TiffValue | { readonly tag: number; readonly values: readonly TiffNode[] };

/**
 * Gives a TIFF encoded anew the tags of its source that describe the picture: EXIF and GPS directories, IPTC,
 * profile, GeoTIFF and the like keep their values in either byte order. Left out and named are smaller
 * copies, layers, previews, content credentials, damaged tags and tags of unknown meaning.
 *
 * The new directory is written after the pixels, which do not move.
 *
 * @see TIFF 6.0, section 2.
 */
export function carryTiffTags({ source, written, xmp }: CarryJob): Carried {
  const from = openTiff(source);
  const to = openTiff(written);
  if (!from || !to) throw new EditError('INTERNAL', 'Expected two TIFFs with offsets of 32 bit');
  const reading = {
    ...from,
    isLittle: to.tiff.isLittle,
    budgetBytes: source.length,
    dropped: new Set<string>(),
  };
  const nodes = from.directory.entries.flatMap((entry) => nodesOf(entry, reading));
  const own = to.directory.entries
    .filter((entry) => layout.has(entry.tag))
    .map((entry) => readValue(to.tiff, entry));
  const all = new Map<number, TiffNode>();
  for (const node of [...own, ...nodes, alphaOf(from, to), packetOf(xmp)]) if (node) all.set(node.tag, node);
  return {
    bytes: withDirectory(written, [...all.values()], to.tiff.isLittle),
    dropped: [...reading.dropped],
    notes: kindNotes(from, to),
  };
}

/** Reading the tags of a source. */
interface Reading extends OpenedTiff {
  /** The byte order of the written file. */
  readonly isLittle: boolean;
  /** Limits the bytes of all values together: entries may share the same bytes any number of times. */
  budgetBytes: number;
  /** What was left out, in words of the report. */
  readonly dropped: Set<string>;
}

/** The tag as it is carried: at most one node. */
function nodesOf(entry: TiffEntry, reading: Reading): TiffNode[] {
  const inner = pointers.get(entry.tag);
  if (inner !== undefined) return directoryOf(entry, inner, reading);
  if (descriptive.has(entry.tag))
    return carriedValue(entry, reading).flatMap((value) => bareOf(value, reading));
  if (!layout.has(entry.tag)) reading.dropped.add(staleNames.get(entry.tag) ?? `tag ${entry.tag}`);
  return [];
}

function carriedValue(entry: TiffEntry, reading: Reading): TiffValue[] {
  const { tiff, isLittle } = reading;
  const value = readValue(tiff, entry);
  reading.budgetBytes -= value?.data.length ?? 0;
  if (value === undefined || reading.budgetBytes < 0) {
    reading.dropped.add(`damaged tag ${entry.tag}`);
    return [];
  }
  return [tiff.isLittle === isLittle ? value : swapped(value)];
}

/** @param inner tags that point to a directory; other pointers in it lead nowhere. */
function directoryOf(entry: TiffEntry, inner: readonly number[], reading: Reading): TiffNode[] {
  const directory = readDirectory(reading.tiff, firstNumber(reading.tiff, entry) ?? 0);
  if (directory === undefined) {
    reading.dropped.add(`damaged tag ${entry.tag}`);
    return [];
  }
  const values = directory.entries.flatMap((below) =>
    inner.includes(below.tag) ? directoryOf(below, [], reading) : carriedValue(below, reading),
  );
  return [{ tag: entry.tag, values }];
}

/** Removes the preview from Photoshop resources. */
function bareOf(value: TiffValue, { dropped }: Reading): TiffValue[] {
  const data = value.tag === tag.photoshop ? withoutPhotoshopThumbnail(value.data) : undefined;
  if (data === undefined) return [value];
  dropped.add('thumbnail');
  // A tag without values would be a fault.
  return data.length === 0 ? [] : [{ ...value, count: data.length, data }];
}

/** Keeps an extra sample without meaning (0), which libvips would call alpha. */
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

/** Appends a directory to the file and makes it the first. */
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
