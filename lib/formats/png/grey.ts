import { type SparseMask, sparseRows } from '../../pixels/boxed-mask.ts';
import { isIntact, readPngChunks } from './chunks.ts';
import { pngPixels } from './pixels.ts';

/** Chunks that give samples another meaning than their value. */
const otherMeaning: ReadonlySet<string> = new Set(['tRNS', 'iCCP', 'cICP', 'eXIf', 'acTL']);

/**
 * Decodes a PNG of one channel of 8 bit, without a profile, transparency or orientation.
 *
 * @returns its samples; `undefined` for any other file, and a damaged one: libvips decides what becomes of
 * it.
 */
export function greyPixels(file: Uint8Array): SparseMask | undefined {
  const pixels = pngPixels(file);
  if (pixels?.layout.pixelBytes !== 1) return undefined;
  const { chunks } = readPngChunks(file);
  if (chunks.some((chunk) => otherMeaning.has(chunk.name) || !isIntact(chunk))) return undefined;
  const { width, height } = pixels.layout;
  const rows = sparseRows({ width, height });
  const isRead = pixels.readRows({ left: 0, top: 0, width, height }, rows.add);
  // The last rows are there before the stream's end is known to be right.
  return isRead && pixels.around({ from: 0, to: 0 }) !== undefined ? rows.mask() : undefined;
}
