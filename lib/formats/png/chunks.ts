import { crc32 } from 'node:zlib';
import { EditError } from '../../errors.ts';

/** One chunk of a PNG file. */
export interface PngChunk {
  /** Four letters; a capital first one means that a decoder must know it. */
  readonly type: string;
  readonly data: Uint8Array;
  /** Length, type, data and checksum as they stand in the file. */
  readonly raw: Uint8Array;
}

export interface PngFile {
  /** IHDR to IEND. */
  readonly chunks: readonly PngChunk[];
  /** Bytes after IEND, which belong to nobody. */
  readonly trailerBytes: number;
}

export const pngSignature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
/** True when the file begins with the signature of a PNG. */
export const isPng = (bytes: Uint8Array): boolean =>
  Buffer.compare(bytes.subarray(0, pngSignature.length), pngSignature) === 0;

/** Length, type and checksum. */
const frameBytes = 12;

/**
 * The chunks of a PNG, each bound checked; no pixel is decoded and no checksum compared.
 *
 * @throws {EditError} `FORMAT_UNSUPPORTED` without the signature, `IMAGE_TRUNCATED` when a chunk or IEND is missing,
 * `IMAGE_UNREADABLE` when a type is no four letters or the first chunk is no IHDR.
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
    const type = file.toString('latin1', at + 4, at + 8);
    if (!/^[A-Za-z]{4}$/.test(type)) {
      throw new EditError('IMAGE_UNREADABLE', `Expected a chunk of a PNG at byte ${at}, got none`);
    }
    chunks.push({ type, data: bytes.subarray(at + 8, end - 4), raw: bytes.subarray(at, end) });
    if (chunks[0]?.type !== 'IHDR' || chunks[0].data.length !== 13) {
      throw new EditError('IMAGE_UNREADABLE', 'Expected a PNG to begin with IHDR of 13 bytes');
    }
    if (type === 'IEND') return { chunks, trailerBytes: file.length - end };
    at = end;
  }
  throw new EditError('IMAGE_TRUNCATED', `Expected IEND, got the end of the PNG at byte ${file.length}`);
}

/** A chunk of these data, its checksum computed. */
export function pngChunk(type: string, data: Uint8Array): PngChunk {
  const raw = Buffer.alloc(frameBytes + data.length);
  raw.writeUInt32BE(data.length);
  raw.write(type, 4, 'latin1');
  raw.set(data, 8);
  raw.writeUInt32BE(crc32(raw.subarray(4, -4)), raw.length - 4);
  return { type, data: raw.subarray(8, -4), raw };
}

/** True when the checksum is that of the type and data. */
export function isIntact({ raw }: PngChunk): boolean {
  const file = Buffer.from(raw.buffer, raw.byteOffset, raw.length);
  return crc32(file.subarray(4, -4)) === file.readUInt32BE(file.length - 4);
}

/** The four letters stand for a picture of several frames. */
export const isAnimated = ({ chunks }: PngFile) => chunks.some(({ type }) => type === 'acTL');
