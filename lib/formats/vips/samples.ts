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
  return { width, height, channels, data: samplesIn(data, depth) };
}

/** Samples in the memory of bytes, without a copy where that is possible. */
export function samplesIn(bytes: Buffer, depth: 8 | 16): Raster['data'] {
  const { buffer, byteOffset, length } = bytes;
  if (depth === 8) return new Uint8Array(buffer, byteOffset, length);
  // A view must start at a whole sample.
  return byteOffset % 2 === 0
    ? new Uint16Array(buffer, byteOffset, length / 2)
    : new Uint16Array(Uint8Array.from(bytes).buffer);
}
