import { isIntact, readPngChunks } from './chunks.ts';
import { pngPixels } from './pixels.ts';

/** Chunks that give samples another meaning than their value. */
const otherMeaning: ReadonlySet<string> = new Set(['tRNS', 'iCCP', 'cICP', 'eXIf', 'acTL']);

/**
 * Decodes a PNG of one channel of 8 bit, without a profile, transparency or orientation.
 *
 * @returns H x W samples; `undefined` for any other file, and a damaged one: libvips decides what becomes of
 * it.
 */
export function greyPixels(file: Uint8Array): Uint8Array | undefined {
  const pixels = pngPixels(file);
  if (pixels?.layout.pixelBytes !== 1) return undefined;
  const { chunks } = readPngChunks(file);
  if (chunks.some((chunk) => otherMeaning.has(chunk.name) || !isIntact(chunk))) return undefined;
  const { width, height } = pixels.layout;
  const samples = pixels.rowsOf({ left: 0, top: 0, width, height }, { headBytes: 0 });
  // The last rows are there before the stream's end is known to be right.
  return pixels.around({ from: 0, to: 0 }) === undefined ? undefined : samples;
}
