import { numberAt, type OpenedTiff, openTiff } from '../metadata/directory.ts';
import { tag } from './tags.ts';

/** The first value of a tag of the first directory; `undefined` when the file or the tag cannot be read. */
function numberIn(bytes: Uint8Array, name: number): number | undefined {
  const opened = openTiff(bytes);
  return opened && numberAt(opened.tiff, opened.directory, name);
}

/** JPEG compression of TIFF 6.0, and of its Technical Note 2. */
const jpegCompressions: ReadonlySet<number | undefined> = new Set([6, 7]);

/** True when the samples are compressed as JPEG. */
export const isJpegInside = (bytes: Uint8Array): boolean =>
  jpegCompressions.has(numberIn(bytes, tag.compression));

/** The compression of a file when it is lossless and libvips can write it. */
export function losslessCompression(bytes: Uint8Array): 'none' | 'lzw' | 'deflate' | 'packbits' | undefined {
  const code = numberIn(bytes, tag.compression);
  return ({ 1: 'none', 5: 'lzw', 8: 'deflate', 32773: 'packbits' } as const)[code ?? 0];
}

/** The value of ExtraSamples for alpha that multiplies the colours. */
const associatedAlpha = 1;

/** Says how the kind of samples changed; empty when it is the same. */
export function kindNotes(from: OpenedTiff, to: OpenedTiff): string[] {
  const kinds = [kindOf(from), kindOf(to)];
  const isAssociated = numberAt(from.tiff, from.directory, tag.extraSamples) === associatedAlpha;
  return [
    ...(kinds[0] === kinds[1]
      ? []
      : [`A TIFF of ${kinds[0]} became one of ${kinds[1]}: decoded values are the same.`]),
    ...(isAssociated
      ? ['Colours of a TIFF that were stored multiplied with alpha are stored as they decode.']
      : []),
  ];
}

/** Names colours that libvips does not decode to grey, RGB or CMYK; else `undefined`. */
export function unknownColours(bytes: Uint8Array): string | undefined {
  const photometric = numberIn(bytes, tag.photometric);
  if (photometric === undefined || photometrics[photometric] !== undefined) return undefined;
  return otherColours[photometric] ?? `photometric interpretation ${photometric}`;
}

function kindOf({ tiff, directory }: OpenedTiff): string {
  const number = (name: number) => numberAt(tiff, directory, name) ?? 1;
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
