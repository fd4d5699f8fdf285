import { isIntact, type PngChunk } from './chunks.ts';

/** The data of two IHDR chunks: of a PNG, and of the same picture encoded anew. */
export interface Kinds {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

/**
 * Chunks that stay true though their fourth letter is a capital, "unsafe to copy where pixels change": they speak of colour
 * space, scale and calibration of the picture, not of its pixels.
 */
const stillTrue: ReadonlySet<string> = new Set([
  'gAMA',
  'cHRM',
  'sRGB',
  'iCCP',
  'cICP',
  'mDCV',
  'cLLI',
  'sCAL',
  'pCAL',
  'sTER',
]);

/** Chunks with a name of their own in the report. */
const staleNames: Readonly<Record<string, string>> = {
  caBX: 'c2pa',
  tIME: 'modification time (tIME)',
  hIST: 'histogram (hIST)',
};

const textTypes: ReadonlySet<string> = new Set(['tEXt', 'zTXt', 'iTXt']);

/** ImageMagick writes EXIF and Photoshop's resources as hexadecimal text: nobody would look there for their thumbnails. */
const rawProfile = /^Raw profile type (?:exif|app1|8bim)$/i;

/**
 * Why a chunk must be left behind, in the words of the report; `undefined` keeps it.
 *
 * Kept by the letter: all whose type says "safe to copy" (`pHYs`, `tEXt`, `zTXt`, `iTXt`, `eXIf`, private ones), what is still
 * true of the picture, `sBIT` and `bKGD` where they still fit the kind of pixels.
 *
 * @see https://www.w3.org/TR/png-3/#5Chunk-naming-conventions
 */
export function faultOf(chunk: PngChunk, kinds: Kinds): string | undefined {
  const { type, data } = chunk;
  if (!isIntact(chunk)) return `${type} with a wrong checksum`;
  if (rawProfile.test(keywordOf(chunk) ?? '')) return 'EXIF or Photoshop resources as text';
  if (type === 'sBIT') return data.length === channelsOf(kinds.to) ? undefined : 'significant bits (sBIT)';
  if (type === 'bKGD') return isSameKind(kinds) ? undefined : 'background colour (bKGD)';
  const isSafe = type[3]! >= 'a';
  return isSafe || stillTrue.has(type) ? undefined : (staleNames[type] ?? type);
}

export const isCritical = ({ type }: PngChunk) => type < 'a';

/** libvips writes the packet compressed, which the specification of XMP does not: both are read. */
export const isXmp = (chunk: PngChunk) => {
  const keyword = keywordOf(chunk);
  return keyword === xmpKeyword || keyword === 'Raw profile type xmp';
};

/** What an `iTXt` chunk holds for an XMP packet: not compressed, no language. @see XMP specification part 3, 1.1.5. */
export const xmpChunkData = (packet: string): Buffer => Buffer.from(`${xmpKeyword}\0\0\0\0\0${packet}`);

const xmpKeyword = 'XML:com.adobe.xmp';
const longestKeyword = 79;

/** Of a chunk of text. */
function keywordOf({ type, data }: PngChunk): string | undefined {
  if (!textTypes.has(type)) return undefined;
  const head = Buffer.from(data.subarray(0, longestKeyword + 1)).toString('latin1');
  return head.slice(0, head.indexOf('\0'));
}

/** Of IHDR: after width and height. */
const depthAt = 8;
const colourTypeAt = 9;

export const isSameKind = ({ from, to }: Kinds) =>
  from[depthAt] === to[depthAt] && from[colourTypeAt] === to[colourTypeAt];

export function kindOf(header: Uint8Array): string {
  const { name } = colourTypes[header[colourTypeAt]!] ?? { name: 'unknown kind' };
  return `${name} ${header[depthAt]} bit`;
}

/** `sBIT` has a byte for each channel. */
const channelsOf = (header: Uint8Array) => colourTypes[header[colourTypeAt]!]?.channels;

/** @see https://www.w3.org/TR/png-3/#table111 */
const colourTypes: Readonly<Record<number, { readonly name: string; readonly channels: number }>> = {
  0: { name: 'grey', channels: 1 },
  2: { name: 'RGB', channels: 3 },
  3: { name: 'palette', channels: 3 },
  4: { name: 'grey and alpha', channels: 2 },
  6: { name: 'RGBA', channels: 4 },
};
