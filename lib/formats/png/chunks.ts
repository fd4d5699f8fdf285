import { crc32 } from 'node:zlib';
import { EditError } from '../../errors.ts';
import type { Chunk } from '../container.ts';

/** A chunk of a PNG. Its name is four letters; a capital first letter means that a decoder must know it. */
export interface PngChunk extends Chunk {
  /** Length, name, data and checksum as they stand in the file. */
  readonly raw: Uint8Array;
}

export interface PngFile {
  /** From IHDR to IEND. */
  readonly chunks: readonly PngChunk[];
  /** The number of bytes after IEND. */
  readonly trailerBytes: number;
}

export const pngSignature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/** True when the file begins with the signature of a PNG. */
export const isPng = (bytes: Uint8Array): boolean =>
  Buffer.compare(bytes.subarray(0, pngSignature.length), pngSignature) === 0;

/** Length, name and checksum. */
const frameBytes = 12;

/**
 * Reads the chunks of a PNG and checks their bounds. Neither pixels nor checksums are read.
 *
 * @throws {EditError} `FORMAT_UNSUPPORTED` without the signature, `IMAGE_TRUNCATED` when a chunk or IEND is
 * missing, `IMAGE_UNREADABLE` when a name is not four letters or the first chunk is no IHDR.
 * @see https://www.w3.org/TR/png-3/#5DataRep
 */
export function readPngChunks(bytes: Uint8Array): PngFile {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!isPng(bytes)) {
    throw new EditError('FORMAT_UNSUPPORTED', 'Expected a PNG to begin with its signature');
  }
  const chunks: PngChunk[] = [];
  for (let at = pngSignature.length; at + frameBytes <= file.length; ) {
    const end = at + frameBytes + file.readUInt32BE(at);
    if (end > file.length) break;
    const name = file.toString('latin1', at + 4, at + 8);
    if (!/^[A-Za-z]{4}$/.test(name)) {
      throw new EditError('IMAGE_UNREADABLE', `Expected a chunk of a PNG at byte ${at}, got none`);
    }
    chunks.push({ name, data: bytes.subarray(at + 8, end - 4), raw: bytes.subarray(at, end) });
    if (chunks[0]?.name !== 'IHDR' || chunks[0].data.length !== 13) {
      throw new EditError('IMAGE_UNREADABLE', 'Expected a PNG to begin with IHDR of 13 bytes');
    }
    if (name === 'IEND') return { chunks, trailerBytes: file.length - end };
    at = end;
  }
  throw new EditError('IMAGE_TRUNCATED', `Expected IEND, got the end of the PNG at byte ${file.length}`);
}

/** Makes a chunk, with its checksum. */
export function pngChunk(name: string, data: Uint8Array): PngChunk {
  const raw = Buffer.alloc(frameBytes + data.length);
  raw.writeUInt32BE(data.length);
  raw.write(name, 4, 'latin1');
  raw.set(data, 8);
  raw.writeUInt32BE(crc32(raw.subarray(4, -4)), raw.length - 4);
  return { name, data: raw.subarray(8, -4), raw };
}

/** True when the checksum matches name and data. */
export function isIntact({ raw }: PngChunk): boolean {
  const file = Buffer.from(raw.buffer, raw.byteOffset, raw.length);
  return crc32(file.subarray(4, -4)) === file.readUInt32BE(file.length - 4);
}

/** True for a picture of several frames (APNG). */
export const isAnimated = ({ chunks }: PngFile) => chunks.some(({ name }) => name === 'acTL');
