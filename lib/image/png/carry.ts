import type { CarryJob, Carried } from '../carried.ts';
import { exifWithoutThumbnail } from '../exif.ts';
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
  const pixels = before.chunks.findIndex(({ type }) => type === 'IDAT');
  const head = before.chunks.slice(0, pixels).flatMap(carried);
  const tail = before.chunks.slice(pixels).flatMap(carried);
  const own = after.slice(1, -1).filter((chunk) => isCritical(chunk) || chunk.type === 'tRNS');
  const packet = xmp === undefined ? [] : [pngChunk('iTXt', xmpChunkData(xmp))];
  const chunks = [after[0]!, ...head, ...packet, ...own, ...tail, after.at(-1)!];
  return {
    bytes: Buffer.concat([pngSignature, ...chunks.map(({ raw }) => raw)]),
    dropped: [...dropped],
    notes: isSameKind(kinds)
      ? []
      : [`A PNG of ${kindOf(kinds.from)} became one of ${kindOf(kinds.to)}: decoded values are the same.`],
  };
}
