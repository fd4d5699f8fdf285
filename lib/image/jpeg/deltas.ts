import { chromaDifference } from './chroma.ts';
import { forwardDct, zigzag } from './dct.ts';
import {
  type BlockRect,
  blocksCovering,
  differenceAt,
  type JpegPatch,
  type Weights,
  weightsOf,
} from './patch.ts';
import type { JpegComponent, JpegStructure } from './structure.ts';

/** Changes of quantised coefficients in a rectangle of blocks of one component. */
export interface BlockDeltas extends BlockRect {
  readonly component: number;
  /** blocksHigh x blocksWide x 64, zigzag order, in quantisation steps. */
  readonly deltas: Int16Array;
  /** 1 where any of the 64 is not 0. */
  readonly touched: Uint8Array;
}

/** Quantised values of 8 bit files stay within 11 bits and sign; differences of two of them within 12. */
const largestDelta = 4095;

/**
 * Coefficient changes of one component for one patch: `round(FDCT(after - before) / q)`.
 *
 * Where the two rasters agree over a block and its share of subsampled neighbours, all 64 are exactly 0. Samples beyond the
 * picture's right and bottom edge repeat the last one, as encoders do.
 */
export function patchDeltas(structure: JpegStructure, index: number, patch: JpegPatch): BlockDeltas {
  const component = structure.components[index]!;
  const blocks = blocksCovering(component, patch.box);
  const samples = differenceSource(structure, index, patch, blocks);
  const count = blocks.blocksWide * blocks.blocksHigh;
  const result = {
    component: index,
    ...blocks,
    deltas: new Int16Array(count * 64),
    touched: new Uint8Array(count),
  };
  const block = new Float32Array(64);
  const frequencies = new Float32Array(64);
  for (let i = 0; i < count; i++) {
    const column = blocks.left + (i % blocks.blocksWide);
    const row = blocks.top + Math.floor(i / blocks.blocksWide);
    if (!samples(column * 8, row * 8, block)) continue;
    forwardDct(block, frequencies);
    result.touched[i] = quantise(frequencies, component.quant, result.deltas, i * 64);
  }
  return result;
}

/** Fills the 64 differences of the block whose first sample is (x, y); false when all are 0. */
type DifferenceSource = (x: number, y: number, into: Float32Array) => boolean;

function differenceSource(
  structure: JpegStructure,
  index: number,
  patch: JpegPatch,
  blocks: BlockRect,
): DifferenceSource {
  const component = structure.components[index]!;
  const weights = weightsOf(structure, index);
  if (component.pixelsAcross === 1 && component.pixelsDown === 1)
    return directSource(component, patch, weights);
  const plane = chromaDifference({ structure, component, patch, weights, blocks });
  const stride = blocks.blocksWide * 8;
  return (x, y, into) => {
    let any = false;
    for (let j = 0; j < 8; j++) {
      const row = (Math.min(y + j, component.height - 1) - blocks.top * 8) * stride;
      for (let i = 0; i < 8; i++) {
        const value = plane[row + Math.min(x + i, component.width - 1) - blocks.left * 8]!;
        into[j * 8 + i] = value;
        any ||= value !== 0;
      }
    }
    return any;
  };
}

function directSource(
  component: JpegComponent,
  patch: JpegPatch,
  weights: Weights | undefined,
): DifferenceSource {
  const { box } = patch;
  return (x, y, into) => {
    let any = false;
    for (let j = 0; j < 8; j++) {
      const row = Math.min(y + j, component.height - 1) - box.top;
      for (let i = 0; i < 8; i++) {
        const column = Math.min(x + i, component.width - 1) - box.left;
        const inside = row >= 0 && column >= 0 && row < box.height && column < box.width;
        const value = inside ? differenceAt(patch, row * box.width + column, weights) : 0;
        into[j * 8 + i] = value;
        any ||= value !== 0;
      }
    }
    return any;
  };
}

function quantise(frequencies: Float32Array, quant: Uint16Array, into: Int16Array, at: number): 0 | 1 {
  let any: 0 | 1 = 0;
  for (let k = 0; k < 64; k++) {
    const steps = Math.round(frequencies[zigzag[k]!]! / quant[k]!);
    if (steps === 0) continue;
    into[at + k] = Math.max(-largestDelta, Math.min(largestDelta, steps));
    any = 1;
  }
  return any;
}
