import { chromaDifference } from './chroma.ts';
import { forwardDct, zigzag } from './dct.ts';
import {
  type BlockRect,
  blocksCovering,
  differencePlane,
  differenceScale,
  type JpegPatch,
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

/**
 * Coefficient changes of one component for one patch: `round(FDCT(after - before) / q)`.
 *
 * Where the two rasters agree over a block and its share of subsampled neighbours, all 64 are exactly 0. Samples beyond the
 * picture's right and bottom edge repeat the last one, as encoders do.
 */
export function patchDeltas(structure: JpegStructure, index: number, patch: JpegPatch): BlockDeltas {
  const component = structure.components[index]!;
  const blocks = blocksCovering(component, patch.box);
  const difference = differencePlane(patch, weightsOf(structure, index));
  const isDirect = component.pixelsAcross === 1 && component.pixelsDown === 1;
  const samples = isDirect
    ? {
        data: difference.data,
        left: patch.box.left,
        top: patch.box.top,
        width: patch.box.width,
        height: patch.box.height,
      }
    : {
        data: chromaDifference({ structure, component, difference, blocks }),
        left: blocks.left * 8,
        top: blocks.top * 8,
        width: blocks.blocksWide * 8,
        height: blocks.blocksHigh * 8,
      };
  const count = blocks.blocksWide * blocks.blocksHigh;
  const result = {
    component: index,
    ...blocks,
    deltas: new Int16Array(count * 64),
    touched: new Uint8Array(count),
  };
  const inverse = Float64Array.from(component.quant, (step) => 1 / (step * differenceScale));
  const block = new Float64Array(64);
  const frequencies = new Float64Array(64);
  for (let row = 0, i = 0; row < blocks.blocksHigh; row++) {
    for (let column = 0; column < blocks.blocksWide; column++, i++) {
      if (!gatherBlock(component, samples, (blocks.left + column) * 8, (blocks.top + row) * 8, block))
        continue;
      forwardDct(block, frequencies);
      result.touched[i] = quantise(frequencies, inverse, result.deltas, i * 64);
    }
  }
  return result;
}

interface Samples {
  readonly data: Int16Array;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Fills the 64 differences of the block whose first sample is (x, y), 0 beyond the samples known; false when all are 0. */
function gatherBlock(
  component: JpegComponent,
  samples: Samples,
  x: number,
  y: number,
  into: Float64Array,
): boolean {
  const { data, left, top, width, height } = samples;
  const lastColumn = component.width - 1 - left;
  const lastRow = component.height - 1 - top;
  const isInner = x >= left && x + 7 - left < width && x + 7 - left <= lastColumn;
  let any = 0;
  for (let j = 0; j < 8; j++) {
    const row = Math.min(y + j - top, lastRow);
    const isKnown = row >= 0 && row < height;
    const at = row * width + x - left;
    for (let i = 0; i < 8; i++) {
      const column = isInner ? x + i - left : Math.min(x + i - left, lastColumn);
      const value = isInner ? data[at + i] : column >= 0 && column < width ? data[row * width + column] : 0;
      const known = isKnown ? value! : 0;
      into[j * 8 + i] = known;
      any |= known;
    }
  }
  return any !== 0;
}

function quantise(frequencies: Float64Array, inverse: Float64Array, into: Int16Array, at: number): 0 | 1 {
  let any: 0 | 1 = 0;
  for (let k = 0; k < 64; k++) {
    const exact = frequencies[zigzag[k]!]! * inverse[k]!;
    if (exact > -0.5 && exact < 0.5) continue;
    // At most 8 * 32767 / 64 = 4096 steps, whatever the rasters hold.
    into[at + k] = exact < 0 ? exact - 0.5 : exact + 0.5;
    any = 1;
  }
  return any;
}
