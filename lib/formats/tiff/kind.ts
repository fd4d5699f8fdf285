import { firstDirectory, firstNumber, openTiff, type Tiff, type TiffEntry } from '../metadata/directory.ts';
import { tag } from './tags.ts';

/** A file and its first directory. */
export interface OpenedTiff {
  readonly tiff: Tiff;
  readonly entries: readonly TiffEntry[];
}

/** `undefined` for what is no TIFF, or one with offsets of 64 bit. */
export function openedTiff(bytes: Uint8Array): OpenedTiff | undefined {
  const tiff = openTiff(bytes);
  const entries = tiff && firstDirectory(tiff)?.entries;
  return tiff && entries && { tiff, entries };
}

/** JPEG of TIFF 6.0, and of its second technical note. */
const jpegCompressions: ReadonlySet<number | undefined> = new Set([6, 7]);

/** True when the samples of a file are packed as JPEG. */
export function isJpegInside(bytes: Uint8Array): boolean {
  const opened = openedTiff(bytes);
  return (
    opened !== undefined && jpegCompressions.has(firstNumber(opened.tiff, opened.entries, tag.compression))
  );
}

/** What the samples of a file are packed with, where that loses nothing and libvips can write it. */
export function losslessCompression(bytes: Uint8Array): 'none' | 'lzw' | 'deflate' | 'packbits' | undefined {
  const opened = openedTiff(bytes);
  const code = opened && firstNumber(opened.tiff, opened.entries, tag.compression);
  return ({ 1: 'none', 5: 'lzw', 8: 'deflate', 32773: 'packbits' } as const)[code ?? 0];
}

const associated = 1;

/** What became of the kind of samples, in sentences; none when it is the same. */
export function kindNotes(from: OpenedTiff, to: OpenedTiff): string[] {
  const kinds = [kindOf(from), kindOf(to)];
  const isAssociated = firstNumber(from.tiff, from.entries, tag.extraSamples) === associated;
  return [
    ...(kinds[0] === kinds[1]
      ? []
      : [`A TIFF of ${kinds[0]} became one of ${kinds[1]}: decoded values are the same.`]),
    ...(isAssociated
      ? ['Colours of a TIFF that were stored multiplied with alpha are stored as they decode.']
      : []),
  ];
}

/** Names colours libvips does not decode to grey, RGB or CMYK; `undefined` when it does, or nobody can tell. */
export function unknownColours(bytes: Uint8Array): string | undefined {
  const opened = openedTiff(bytes);
  const photometric = opened && firstNumber(opened.tiff, opened.entries, tag.photometric);
  if (photometric === undefined || photometrics[photometric] !== undefined) return undefined;
  return otherColours[photometric] ?? `photometric interpretation ${photometric}`;
}

function kindOf({ tiff, entries }: OpenedTiff): string {
  const number = (name: number) => firstNumber(tiff, entries, name) ?? 1;
  const photometric = number(tag.photometric);
  const compression = number(tag.compression);
  const colours = photometrics[photometric] ?? `photometric ${photometric}`;
  return `${colours} ${number(tag.bitsPerSample)} bit, ${compressions[compression] ?? `compression ${compression}`}`;
}

/** @see TIFF 6.0, "PhotometricInterpretation". */
const photometrics: readonly string[] = [
  'grey where 0 is white',
  'grey',
  'RGB',
  'palette',
  'transparency',
  'CMYK',
  'YCbCr',
];

const otherColours: Readonly<Record<number, string>> = {
  8: 'CIE Lab',
  9: 'ICC Lab',
  10: 'ITU Lab',
  32803: 'a colour filter array',
  32844: 'LogL',
  32845: 'LogLuv',
  34892: 'linear raw values',
};

/** @see TIFF 6.0, "Compression", and its Technical Note 2. */
const compressions: Readonly<Record<number, string>> = {
  1: 'not compressed',
  2: 'CCITT RLE',
  3: 'CCITT fax 3',
  4: 'CCITT fax 4',
  5: 'LZW',
  6: 'old JPEG',
  7: 'JPEG',
  8: 'Deflate',
  32773: 'PackBits',
  32946: 'Deflate',
  50000: 'Zstandard',
  50001: 'WebP',
};
