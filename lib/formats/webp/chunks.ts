import { EditError } from '../../errors.ts';
import { type Chunk, joinParts } from '../container.ts';

/** A chunk of a WebP. Its name is four characters, padded with blanks. */
export type WebpChunk = Chunk;

export interface WebpFile {
  readonly chunks: readonly WebpChunk[];
  /** The number of bytes after the RIFF container. */
  readonly trailerBytes: number;
}

/** `RIFF`, length, `WEBP`. */
const headerBytes = 12;

/** True when the file begins as a RIFF container of a WebP. */
export const isWebp = (bytes: Uint8Array): boolean =>
  /^RIFF.{4}WEBP/s.test(Buffer.from(bytes.subarray(0, headerBytes)).toString('latin1'));

/** Name and length. */
const frameBytes = 8;

/**
 * Reads the chunks of a WebP and checks their bounds. No pixel is decoded.
 *
 * @throws {EditError} `FORMAT_UNSUPPORTED` without the signature, `IMAGE_TRUNCATED` when a chunk is cut.
 * @see RFC 9649, section 2.
 */
export function readWebpChunks(bytes: Uint8Array): WebpFile {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!isWebp(bytes)) {
    throw new EditError('FORMAT_UNSUPPORTED', 'Expected a WebP to begin with RIFF and WEBP');
  }
  const end = Math.min(file.length, frameBytes + file.readUInt32LE(4));
  const chunks: WebpChunk[] = [];
  for (let at = headerBytes; at + frameBytes <= end; ) {
    const from = at + frameBytes;
    const length = file.readUInt32LE(at + 4);
    if (from + length > end) {
      throw new EditError('IMAGE_TRUNCATED', `Expected a chunk of ${length} bytes at byte ${at} of a WebP`);
    }
    chunks.push({ name: file.toString('latin1', at, at + 4), data: bytes.subarray(from, from + length) });
    // Chunks begin at even bytes.
    at = from + length + (length & 1);
  }
  return { chunks, trailerBytes: file.length - end };
}

/** True when the picture is in a `VP8 ` chunk: lossy. @throws {EditError} as {@link readWebpChunks}. */
export const isLossyWebp = (bytes: Uint8Array): boolean =>
  readWebpChunks(bytes).chunks.some(({ name }) => name === 'VP8 ');

/** Writes a WebP file of these chunks. */
export function webpFile(chunks: readonly WebpChunk[]): Buffer {
  const parts = chunks.flatMap(({ name, data }) => [
    Buffer.from(name, 'latin1'),
    uint32(data.length),
    data,
    Buffer.alloc(data.length & 1),
  ]);
  const length = parts.reduce((sum, part) => sum + part.length, 4);
  return joinParts([Buffer.from('RIFF'), uint32(length), Buffer.from('WEBP'), ...parts]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
