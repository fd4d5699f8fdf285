import type { Box } from '../../../pixels/raster.ts';
import type { JpegComponent, JpegStructure } from '../scan/structure.ts';
import { type ChannelSums, channelSums, chromaDifference } from './chroma.ts';
import { forwardDct, zigzag } from './dct.ts';
import {
  type BlockRect,
  blocksCovering,
  type JpegPatch,
  partOf,
  plainBytes,
  type Weights,
  weightScale,
  weightsOf,
} from './patch.ts';

/** Changes of quantised coefficients in a rectangle of blocks of one component. */
export interface BlockDeltas extends BlockRect {
  readonly component: number;
  /** blocksHigh x blocksWide x 64, zigzag order, in quantisation steps. */
  readonly deltas: Int16Array;
  /** 1 where any of the 64 is not 0. */
  readonly touched: Uint8Array;
}

/**
 * Coefficient changes of every component for one patch: `round(FDCT(after - before) / q)`.
 *
 * Where the two rasters agree over a block all 64 are exactly 0. Samples beyond the picture's right and bottom edge repeat the last
 * one, as encoders do.
 */
export function patchDeltas(structure: JpegStructure, patch: JpegPatch): BlockDeltas[] {
  const sumsBySampling = new Map<string, ChannelSums>();
  // Black is the fourth component, the first of its part.
  const parts = [partOf(structure, patch, 0), partOf(structure, patch, 3)] as const;
  return structure.components.map((component, index) => {
    const blocks = blocksCovering(component, patch.box);
    const weights = weightsOf(structure, index);
    const { pixelsAcross, pixelsDown } = component;
    const part = parts[index < 3 ? 0 : 1];
    if (pixelsAcross === 1 && pixelsDown === 1) {
      return transformBlocks(index, component, blocks, directSource(component, part, weights));
    }
    const sampling = `${index < 3} ${pixelsAcross} x ${pixelsDown}`;
    const sums = sumsBySampling.get(sampling) ?? channelSums(component, part, blocks);
    sumsBySampling.set(sampling, sums);
    const plane = chromaDifference({ structure, component, weights, sums, blocks });
    return transformBlocks(index, component, blocks, planeSource(component, plane, blocks));
  });
}

/** Fills the 64 differences of the block whose first sample is (x, y); false when all are 0. */
type BlockSource = (x: number, y: number, into: Float64Array) => boolean;

function transformBlocks(
  index: number,
  { quant }: JpegComponent,
  blocks: BlockRect,
  source: BlockSource,
): BlockDeltas {
  const count = blocks.blocksWide * blocks.blocksHigh;
  const deltas = new Int16Array(count * 64);
  const touched = new Uint8Array(count);
  const inverse = Float64Array.from(quant, (step) => 1 / step);
  const block = new Float64Array(64);
  const frequencies = new Float64Array(64);
  for (let row = 0, i = 0; row < blocks.blocksHigh; row++) {
    for (let column = 0; column < blocks.blocksWide; column++, i++) {
      if (!source((blocks.left + column) * 8, (blocks.top + row) * 8, block)) continue;
      forwardDct(block, frequencies);
      touched[i] = quantise(frequencies, inverse, deltas, i * 64);
    }
  }
  return { component: index, ...blocks, deltas, touched };
}

/** Full resolution: straight from the pixels, 0 beyond the patch. */
function directSource(component: JpegComponent, patch: JpegPatch, weights: Weights): BlockSource {
  const { box } = patch;
  const { channels } = patch.before;
  const [red, green, blue] = weights.map((weight) => weight / weightScale) as [number, number, number];
  const from = plainBytes(patch.before);
  const to = plainBytes(patch.after);
  const isGrey = channels === 1;
  return (x, y, into) => {
    const isInner = isInside(component, box, x, y);
    let any = 0;
    if (channels === 3 && isWithin(box, x, y)) {
      const start = ((y - box.top) * box.width + x - box.left) * 3;
      for (let i = 0; i < 64; i++) {
        const at = start + (i >> 3) * box.width * 3 + (i & 7) * 3;
        const r = to[at]! - from[at]!;
        const g = to[at + 1]! - from[at + 1]!;
        const b = to[at + 2]! - from[at + 2]!;
        into[i] = red * r + green * g + blue * b;
        any |= r | g | b;
      }
      return any !== 0;
    }
    for (let j = 0, i = 0; j < 8; j++) {
      const row = Math.min(y + j, component.height - 1) - box.top;
      const isKnownRow = row >= 0 && row < box.height;
      for (let column = x - box.left; i < 8 * j + 8; i++, column++) {
        const clamped = isInner ? column : Math.min(column, component.width - 1 - box.left);
        into[i] = 0;
        if (!isKnownRow || clamped < 0 || clamped >= box.width) continue;
        const at = (row * box.width + clamped) * channels;
        const r = to[at]! - from[at]!;
        const g = isGrey ? 0 : to[at + 1]! - from[at + 1]!;
        const b = isGrey ? 0 : to[at + 2]! - from[at + 2]!;
        into[i] = red * r + green * g + blue * b;
        any |= r | g | b;
      }
    }
    return any !== 0;
  };
}

/** True when the patch holds the whole block. */
const isWithin = ({ left, top, width, height }: Box, x: number, y: number) =>
  x >= left && y >= top && x + 8 <= left + width && y + 8 <= top + height;

const isInside = (
  { width, height }: JpegComponent,
  { left, top }: { left: number; top: number },
  x: number,
  y: number,
) => x >= left && y >= top && x + 8 <= width && y + 8 <= height;

/** Subsampled: from the plane that covers the blocks. */
function planeSource(component: JpegComponent, plane: Float32Array, blocks: BlockRect): BlockSource {
  const width = blocks.blocksWide * 8;
  const lastRow = component.height - 1 - blocks.top * 8;
  const lastColumn = component.width - 1 - blocks.left * 8;
  return (x, y, into) => {
    const left = x - blocks.left * 8;
    let any = false;
    for (let j = 0, i = 0; j < 8; j++) {
      const row = Math.min(y + j - blocks.top * 8, lastRow) * width;
      for (let column = left; i < 8 * j + 8; i++, column++) {
        const value = plane[row + Math.min(column, lastColumn)]!;
        into[i] = value;
        any ||= value !== 0;
      }
    }
    return any;
  };
}

function quantise(frequencies: Float64Array, inverse: Float64Array, into: Int16Array, at: number): 0 | 1 {
  let any: 0 | 1 = 0;
  for (let k = 0; k < 64; k++) {
    const exact = frequencies[zigzag[k]!]! * inverse[k]!;
    if (exact > -0.5 && exact < 0.5) continue;
    // Far inside 16 bits: a difference is at most 255 levels, refined at most four times that, and the transform gains 8.
    into[at + k] = exact < 0 ? exact - 0.5 : exact + 0.5;
    any = 1;
  }
  return any;
}
