import {
  firstNumber,
  type OpenedTiff,
  readDirectory,
  readValue,
  swapped,
  type TiffEntry,
  type TiffValue,
} from '../metadata/directory.ts';
import { withoutPhotoshopThumbnail } from '../metadata/photoshop.ts';
import { descriptive, layout, pointers, staleNames, tag } from './tags.ts';

/** A value, or a directory of its own. */
export type TiffNode = TiffValue | { readonly tag: number; readonly values: readonly TiffNode[] };

interface DescribingOptions {
  /** Byte order the values are wanted in. */
  readonly isLittle: boolean;
  /** Entries may point at the same bytes any number of times: no more than this is taken in all. */
  readonly budgetBytes: number;
}

export interface Describing {
  readonly nodes: readonly TiffNode[];
  /** What was left behind, in the words of the report. */
  readonly dropped: readonly string[];
}

/** What a TIFF says of its picture; values of damaged entries are left behind. */
export function describing(
  { tiff, directory: { entries } }: OpenedTiff,
  { isLittle, budgetBytes }: DescribingOptions,
): Describing {
  const dropped = new Set<string>();
  let left = budgetBytes;

  const taken = (entry: TiffEntry): TiffValue[] => {
    const value = readValue(tiff, entry);
    left -= value?.data.length ?? 0;
    if (value === undefined || left < 0) {
      dropped.add(`damaged tag ${entry.tag}`);
      return [];
    }
    return [tiff.isLittle === isLittle ? value : swapped(value)];
  };

  const directoryAt = (entry: TiffEntry, inner: readonly number[]): TiffNode[] => {
    const directory = readDirectory(tiff, firstNumber(tiff, entry) ?? 0);
    if (directory === undefined) {
      dropped.add(`damaged tag ${entry.tag}`);
      return [];
    }
    // Of the directories below only those whose pointers are known lead anywhere.
    const values = directory.entries.flatMap((below) =>
      inner.includes(below.tag) ? directoryAt(below, []) : taken(below),
    );
    return [{ tag: entry.tag, values }];
  };

  const nodes = entries.flatMap((entry): TiffNode[] => {
    const inner = pointers.get(entry.tag);
    if (inner !== undefined) return directoryAt(entry, inner);
    if (descriptive.has(entry.tag)) return taken(entry).flatMap(withoutPreview);
    if (!layout.has(entry.tag)) dropped.add(staleNames.get(entry.tag) ?? `tag ${entry.tag}`);
    return [];
  });
  return { nodes, dropped: [...dropped] };

  function withoutPreview(value: TiffValue): TiffValue[] {
    const data = value.tag === tag.photoshop ? withoutPhotoshopThumbnail(value.data) : undefined;
    if (data === undefined) return [value];
    dropped.add('thumbnail');
    // An entry of no values is a fault.
    return data.length === 0 ? [] : [{ ...value, count: data.length, data }];
  }
}
