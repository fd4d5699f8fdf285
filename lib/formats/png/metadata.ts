import { EditError } from '../../errors.ts';
import { type Carried, type CarryJob, type Fate, joinParts, siftChunks } from '../container.ts';
import { exifWithoutThumbnail } from '../metadata/exif.ts';
import { isIntact, type PngChunk, pngChunk, pngSignature, readPngChunks } from './chunks.ts';
import { channelsOfType } from './layout.ts';

/**
 * Gives a PNG encoded anew the ancillary chunks of its source. A chunk that is still true keeps its bytes and
 * stays before or after the pixels. Others are left out and named, and the thumbnail in `eXIf` is wiped.
 *
 * @throws {EditError} as `readPngChunks`.
 */
export function carryPngChunks({ source, written, xmp }: CarryJob): Carried {
  const before = readPngChunks(source);
  const after = readPngChunks(written).chunks;
  const kinds = { from: before.chunks[0]!.data, to: after[0]!.data };
  const dropped = new Set<string>();
  if (before.trailerBytes > 0) dropped.add('bytes behind the end of the PNG');
  const pixelsAt = before.chunks.findIndex(isPixels);
  const sift = (chunks: readonly PngChunk[]) =>
    siftChunks(chunks, (chunk) => fateOf(chunk, kinds, xmp !== undefined), dropped);
  const packet = xmp === undefined ? [] : [pngChunk('iTXt', xmpChunkData(xmp))];
  const rawOf = (chunks: readonly PngChunk[]) => chunks.map(({ raw }) => raw);
  const head = [...sift(before.chunks.slice(0, pixelsAt)), ...packet, ...after.filter(isPalette)];
  const tail = [...sift(before.chunks.slice(pixelsAt)), after.at(-1)!];
  return {
    bytes: joinParts([
      pngSignature,
      ...rawOf([after[0]!, ...head]),
      pixelData(written, after),
      ...rawOf(tail),
    ]),
    dropped: [...dropped],
    notes: isSameKind(kinds)
      ? []
      : [`A PNG of ${kindOf(kinds.from)} became one of ${kindOf(kinds.to)}: decoded values are the same.`],
  };
}

const isPalette = ({ name }: PngChunk) => name === 'PLTE' || name === 'tRNS';
const isPixels = ({ name }: PngChunk) => name === 'IDAT';
const isCritical = ({ name }: PngChunk) => name < 'a';

/** The IDAT chunks, which stand in a row, as one part of the file: there may be thousands. */
function pixelData(file: Uint8Array, chunks: readonly PngChunk[]): Uint8Array {
  const first = chunks.find(isPixels)?.raw;
  const last = chunks.findLast(isPixels)?.raw;
  if (!first || !last) throw new EditError('INTERNAL', 'Expected a PNG with pixels to have been written');
  return file.subarray(first.byteOffset - file.byteOffset, last.byteOffset + last.length - file.byteOffset);
}

/** The data of the IHDR chunks of the source and of the written file. */
interface Kinds {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

function fateOf(chunk: PngChunk, kinds: Kinds, isXmpReplaced: boolean): Fate<PngChunk> {
  if (isCritical(chunk) || chunk.name === 'tRNS') return { chunk: undefined };
  if (isXmpReplaced && isXmp(chunk)) return { chunk: undefined };
  const lost = faultOf(chunk, kinds);
  if (lost !== undefined) return { chunk: undefined, lost };
  const bare = chunk.name === 'eXIf' ? exifWithoutThumbnail(chunk.data) : undefined;
  return bare === undefined ? { chunk } : { chunk: pngChunk('eXIf', bare), lost: 'thumbnail' };
}

/**
 * Chunks that stay true although their name says "unsafe to copy when pixels change": they describe the
 * colour space, scale and calibration of the picture, not its pixels.
 */
const stillTrue: ReadonlySet<string> = new Set([
  ...['gAMA', 'cHRM', 'sRGB', 'iCCP', 'cICP', 'mDCV', 'cLLI'],
  ...['sCAL', 'pCAL', 'sTER'],
]);

/** Chunks with a name of their own in the report. */
const staleNames: Readonly<Record<string, string>> = {
  caBX: 'c2pa',
  tIME: 'modification time (tIME)',
  hIST: 'histogram (hIST)',
};

/** ImageMagick writes EXIF and Photoshop resources as hexadecimal text, which may hold a thumbnail. */
const rawProfile = /^Raw profile type (?:exif|app1|8bim)$/i;

/**
 * Says why a chunk must be left out, in words of the report; `undefined` keeps it.
 *
 * Kept are chunks whose name says "safe to copy" (`pHYs`, `tEXt`, `zTXt`, `iTXt`, `eXIf`, private ones),
 * chunks that stay true, and `sBIT` and `bKGD` where they fit the kind of pixels.
 *
 * @see https://www.w3.org/TR/png-3/#5Chunk-naming-conventions
 */
function faultOf(chunk: PngChunk, kinds: Kinds): string | undefined {
  const { name, data } = chunk;
  if (!isIntact(chunk)) return `${name} with a wrong checksum`;
  if (rawProfile.test(keywordOf(chunk) ?? '')) return 'EXIF or Photoshop resources as text';
  if (name === 'sBIT') return data.length === bitDepthsOf(kinds.to) ? undefined : 'significant bits (sBIT)';
  if (name === 'bKGD') return isSameKind(kinds) ? undefined : 'background colour (bKGD)';
  const isSafeToCopy = name[3]! >= 'a';
  return isSafeToCopy || stillTrue.has(name) ? undefined : (staleNames[name] ?? name);
}

const textChunks: ReadonlySet<string> = new Set(['tEXt', 'zTXt', 'iTXt']);
const longestKeyword = 79;

/** The keyword of a text chunk. */
function keywordOf({ name, data }: PngChunk): string | undefined {
  if (!textChunks.has(name)) return undefined;
  const head = Buffer.from(data.subarray(0, longestKeyword + 1)).toString('latin1');
  return head.slice(0, head.indexOf('\0'));
}

const xmpKeyword = 'XML:com.adobe.xmp';

/** True for an XMP packet, also as ImageMagick writes it. */
const isXmp = (chunk: PngChunk) => [xmpKeyword, 'Raw profile type xmp'].includes(keywordOf(chunk) ?? '');

/** An `iTXt` chunk for a packet: not compressed, no language. @see XMP specification part 3, 1.1.5. */
const xmpChunkData = (packet: string): Buffer => Buffer.from(`${xmpKeyword}\0\0\0\0\0${packet}`);

/** Offsets in the data of IHDR. */
const depthAt = 8;
const colourTypeAt = 9;

const isSameKind = ({ from, to }: Kinds) =>
  from[depthAt] === to[depthAt] && from[colourTypeAt] === to[colourTypeAt];

/** @see https://www.w3.org/TR/png-3/#table111 */
const colourTypes: Readonly<Record<number, string>> = {
  0: 'grey',
  2: 'RGB',
  3: 'palette',
  4: 'grey and alpha',
  6: 'RGBA',
};
const paletteType = 3;

const kindOf = (header: Uint8Array) =>
  `${colourTypes[header[colourTypeAt]!] ?? 'unknown kind'} ${header[depthAt]} bit`;

/** The number of bytes in `sBIT`: one for each channel, three for a palette. */
const bitDepthsOf = (header: Uint8Array) =>
  header[colourTypeAt] === paletteType ? 3 : channelsOfType[header[colourTypeAt]!];
