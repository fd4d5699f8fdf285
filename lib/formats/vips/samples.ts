import type { Sharp } from 'sharp';
import type { Raster } from '../../pixels/raster.ts';

/**
 * Decodes the pixels at the end of a pipeline.
 *
 * sharp returns a `Buffer`. Its `slice()` shares memory, where typed arrays copy: here it becomes a typed
 * array, so that pixel code cannot change its input by accident.
 */
export async function decoded(pipeline: Sharp, depth: 8 | 16 = 8): Promise<Raster> {
  const { data, info } = await pipeline
    .raw({ depth: depth === 16 ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return { width, height, channels, data: depth === 16 ? asUint16(data) : asUint8(data) };
}

function asUint8({ buffer, byteOffset, length }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}

function asUint16(bytes: Buffer): Uint16Array {
  const { buffer, byteOffset, length } = bytes;
  // A view must start at a whole sample.
  return byteOffset % 2 === 0
    ? new Uint16Array(buffer, byteOffset, length / 2)
    : new Uint16Array(Uint8Array.from(bytes).buffer);
}
