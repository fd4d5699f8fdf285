import { type KernelUse, useKernels } from '../../kernels/kernels.ts';
import type { Box, Mask, Raster } from '../../pixels/raster.ts';
import { isIntact, readPngChunks } from './chunks.ts';
import { compareStretch, type Stretch, type Watched, watchedArea } from './compare-stretch.ts';
import { differingInBox } from './differing.ts';
import { changeOf, filteredBox, fits } from './layout.ts';
import { byteAt, copyFrom, isSameBytes, type PixelStream, pixelStream, withEnd } from './pixel-stream.ts';
import { type Around, type PngPixels, pngPixels, storedAdler } from './pixels.ts';
import { adlerBytes, adlerWith, endOfStream, hasWidestWindow, isZlib, zlibHeadBytes } from './zlib-stream.ts';

/** Where a PNG may differ. */
export interface Allowed {
  readonly box: Box;
  /** Mask of the box in stored orientation: 0 = must not have changed. */
  readonly mask: Mask;
  /** The old pixels of the box with one more on each side, clipped to the picture. */
  readonly before: Raster;
}

/**
 * Compares two PNGs before their pixels are decoded: outside the boxes every filtered byte must be the same,
 * and so are the pixels then. Inside, the rows of the output are decoded and compared where the mask is 0.
 *
 * Only the blocks in which the boxes lie are inflated, and 32 KiB behind them. Before and
 * behind, the bits of both must be equal: no match reaches farther back, so equal bits have equal meaning
 * there.
 *
 * @param pixels those of the source, as far as they are read already: they tell where its blocks begin.
 * @returns the number of pixels outside the masks that differ; `undefined` when the files differ outside the
 * boxes, or `output` is damaged, or was not spliced.
 * @see https://www.w3.org/TR/png-3/#4Concepts
 */
export function provePng(
  source: Uint8Array,
  output: Uint8Array,
  allowed: readonly Allowed[],
  pixels: PngPixels | undefined = pngPixels(source),
): number | undefined {
  const [from, to] = [readPngChunks(source).chunks, readPngChunks(output).chunks];
  const isSameKind = Buffer.compare(from[0]!.data, to[0]!.data) === 0;
  if (pixels === undefined || !isSameKind || !to.every(isIntact)) return undefined;
  if ([...from, ...to].some(({ name }) => name === 'tRNS')) return undefined;
  const { layout } = pixels;
  if (allowed.some(({ before }) => !fits(before, layout))) return undefined;
  const areas = allowed.map(({ box }) => watchedArea(filteredBox(box, layout)));
  return useKernels((use) => {
    if (!isSameOutside(use, pixels, pixelStream(to), areas)) return undefined;
    let differing = 0;
    for (const [i, watch] of areas.entries()) {
      const count = differingInBox(use, watch, allowed[i]!, layout);
      if (count === undefined) return undefined;
      differing += count;
    }
    return differing;
  });
}

/** Compares two streams outside the boxes; keeps the bytes of the boxes. */
function isSameOutside(
  use: KernelUse,
  pixels: PngPixels,
  output: PixelStream,
  areas: readonly Watched[],
): boolean {
  const { layout, stream } = pixels;
  const around = pixels.around(
    changeOf(
      areas.map(({ area }) => area),
      layout,
    ),
  );
  const stretch = around && rewrittenStretch(stream, output, around);
  if (around === undefined || stretch === undefined) return false;
  const whole = layout.rowBytes * layout.height;
  const end = around.next?.byte ?? whole;
  const adlers = compareStretch(use, { pixels, first: around.first, end, areas, stretch });
  if (adlers === undefined) return false;
  const expected = adlerWith({ whole: storedAdler(stream), ...adlers, bytesBehind: whole - end });
  return storedAdler(output) === expected;
}

/**
 * The blocks of the output that take the place of those between `first` and `next`, as a stream that ends
 * with them.
 *
 * @returns `undefined` when the bits before or behind differ from the source's.
 */
function rewrittenStretch(
  source: PixelStream,
  output: PixelStream,
  { first, next }: Around,
): Stretch | undefined {
  const head = new Uint8Array(zlibHeadBytes);
  if (copyFrom(output, 0, head) < head.length || !isZlib(head) || !hasWidestWindow(head)) return undefined;
  const [sourceEnd, end] = [source.bytes, output.bytes].map((bytes) => bytes - adlerBytes) as [
    number,
    number,
  ];
  const before = Math.floor(first.bit / 8);
  if (!isSameBytes(source, output, { from: zlibHeadBytes, to: before, moved: 0 })) return undefined;
  const differing = byteAt(source, before) ^ byteAt(output, before);
  if ((differing & ((1 << (first.bit % 8)) - 1)) !== 0) return undefined;
  if (next === undefined) return { stream: output, end, lastHead: undefined };
  const moved = end - sourceEnd;
  const [behind, phase] = [Math.floor(next.bit / 8), next.bit % 8];
  if (behind + moved < before) return undefined;
  if (!isSameBytes(source, output, { from: Math.ceil(next.bit / 8), to: sourceEnd, moved })) return undefined;
  const last = phase > 0 ? byteAt(output, behind + moved) : 0;
  if (phase > 0 && (byteAt(source, behind) ^ last) >> phase !== 0) return undefined;
  const stream = withEnd(output, behind + moved, endOfStream(last, phase));
  return { stream, end: stream.bytes, lastHead: next.bit + 8 * moved };
}
