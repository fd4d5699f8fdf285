import { EditError } from '../../errors.ts';
import type { Carried, CarryJob } from '../container.ts';
import { exifWithoutThumbnail } from '../metadata/exif.ts';
import { faultOf, isCritical, isSameKind, isXmp, kindOf, xmpChunkData } from './ancillary.ts';
import { type PngChunk, pngChunk, pngSignature, readPngChunks } from './chunks.ts';

/**
 * A PNG encoded anew with the ancillary chunks of the one it was made from: every chunk that is still true keeps its bytes and
 * its side of the pixels. Left behind and named: what is not, chunks with a wrong checksum, and the thumbnail in `eXIf`.
 *
 * @throws {EditError} as `readPngChunks`.
 */
export function carryPngChunks({ source, written, xmp }: CarryJob): Carried {
  const before = readPngChunks(source);
  const after = readPngChunks(written).chunks;
  const kinds = { from: before.chunks[0]!.data, to: after[0]!.data };
  const dropped = new Set<string>();
  if (before.trailerBytes > 0) dropped.add('bytes behind the end of the PNG');
  const carried = (chunk: PngChunk): PngChunk[] => {
    if (isCritical(chunk) || chunk.type === 'tRNS') return [];
    if (isXmp(chunk) && xmp !== undefined) return [];
    const fault = faultOf(chunk, kinds);
    if (fault !== undefined) dropped.add(fault);
    if (fault !== undefined) return [];
    const bare = chunk.type === 'eXIf' ? exifWithoutThumbnail(chunk.data) : undefined;
    if (bare === undefined) return [chunk];
    dropped.add('thumbnail');
    return [pngChunk('eXIf', bare)];
  };
  const pixels = before.chunks.findIndex(isPixels);
  const head = before.chunks.slice(0, pixels).flatMap(carried);
  const tail = before.chunks.slice(pixels).flatMap(carried);
  const packet = xmp === undefined ? [] : [pngChunk('iTXt', xmpChunkData(xmp))];
  const rawOf = (chunks: readonly PngChunk[]) => chunks.map(({ raw }) => raw);
  return {
    bytes: Buffer.concat([
      pngSignature,
      ...rawOf([after[0]!, ...head, ...packet, ...after.filter(isPalette)]),
      pixelData(written, after),
      ...rawOf([...tail, after.at(-1)!]),
    ]),
    dropped: [...dropped],
    notes: isSameKind(kinds)
      ? []
      : [`A PNG of ${kindOf(kinds.from)} became one of ${kindOf(kinds.to)}: decoded values are the same.`],
  };
}

const isPalette = ({ type }: PngChunk) => type === 'PLTE' || type === 'tRNS';
const isPixels = ({ type }: PngChunk) => type === 'IDAT';

/** The chunks of pixels, some thousand that stand in a row, as one part of the file. */
function pixelData(file: Uint8Array, chunks: readonly PngChunk[]): Uint8Array {
  const first = chunks.find(isPixels)?.raw;
  const last = chunks.findLast(isPixels)?.raw;
  if (!first || !last) throw new EditError('INTERNAL', 'Expected a PNG with pixels to have been written');
  return file.subarray(first.byteOffset - file.byteOffset, last.byteOffset + last.length - file.byteOffset);
}
