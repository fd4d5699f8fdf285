import type { Box } from '../../../pixels/raster.ts';
import { type BlockRect, blocksCovering } from '../block-mask.ts';
import type { JpegComponent, JpegStructure } from '../scan/structure.ts';
import { forwardDct, zigzag } from './dct.ts';
import { channelsOf, type JpegPatch, plainBytes, type Weights, weightScale, weightsOf } from './patch.ts';
import { type ChannelSums, channelSums, subsampledDifference } from './subsampled-difference.ts';

/** Changes of quantised coefficients in a rectangle of blocks of one component. */
export interface BlockDeltas extends BlockRect {
  readonly component: number;
  /** blocksHigh x blocksWide x 64, zigzag order, in quantisation steps. */
  readonly deltas: Int16Array;
  /** 1 for blocks with any change. */
  readonly touched: Uint8Array;
}

/**
 * Coefficient changes of every component for one patch: `round(FDCT(after - before) / q)`.
 *
 * All 64 are exactly 0 where the two rasters agree over a block. Samples beyond the picture's right and
 * bottom edge repeat the last one, as encoders do.
 */
export function patchDeltas(structure: JpegStructure, patch: JpegPatch): BlockDeltas[] {
  const sumsBySampling = new Map<string, ChannelSums>();
  const colours = channelsOf(structure, patch, 0);
  const black = channelsOf(structure, patch, 3);
  return structure.components.map((component, index) => {
    const blocks = blocksCovering(component, patch.box);
    const weights = weightsOf(structure, index);
    const { pixelsAcross, pixelsDown } = component;
    const channels = index < 3 ? colours : black;
    if (pixelsAcross === 1 && pixelsDown === 1) {
      return transformBlocks(index, component, blocks, fullResolution(component, channels, weights));
    }
    const sampling = `${index < 3} ${pixelsAcross} x ${pixelsDown}`;
    const sums = sumsBySampling.get(sampling) ?? channelSums(component, channels, blocks);
    sumsBySampling.set(sampling, sums);
    const plane = subsampledDifference({ structure, component, weights, sums, blocks });
    return transformBlocks(index, component, blocks, fromPlane(component, plane, blocks));
  });
}

/** Fills in the 64 differences of the block whose first sample is (x, y); false when all are 0. */
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

function quantise(frequencies: Float64Array, inverse: Float64Array, into: Int16Array, at: number): 0 | 1 {
  let any: 0 | 1 = 0;
  for (let k = 0; k < 64; k++) {
    const exact = frequencies[zigzag[k]!]! * inverse[k]!;
    if (exact > -0.5 && exact < 0.5) continue;
    // Far inside 16 bits: a difference is at most 255 levels, refined at most four times that, and the
    // transform gains 8.
    into[at + k] = exact < 0 ? exact - 0.5 : exact + 0.5;
    any = 1;
  }
  return any;
}

/** A patch as plain bytes, and the weights of its channels. */
interface WeightedPixels {
  readonly box: Box;
  readonly channels: number;
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  readonly red: number;
  readonly green: number;
  readonly blue: number;
}

/** Without subsampling: straight from the pixels, 0 beyond the patch. */
function fullResolution(component: JpegComponent, { box, before, after }: JpegPatch, weights: Weights) {
  const [red, green, blue] = weights.map((weight) => weight / weightScale) as [number, number, number];
  const { channels } = before;
  const pixels = { box, channels, from: plainBytes(before), to: plainBytes(after), red, green, blue };
  const source: BlockSource = (x, y, into) =>
    channels === 3 && isWithin(box, x, y)
      ? colourDifference(pixels, x, y, into)
      : clippedDifference(pixels, component, x, y, into);
  return source;
}

/** True when the patch holds the whole block. */
const isWithin = ({ left, top, width, height }: Box, x: number, y: number) =>
  x >= left && y >= top && x + 8 <= left + width && y + 8 <= top + height;

function colourDifference(pixels: WeightedPixels, x: number, y: number, into: Float64Array): boolean {
  const { box, from, to, red, green, blue } = pixels;
  const start = ((y - box.top) * box.width + x - box.left) * 3;
  let any = 0;
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

/** The same for a block that the patch holds in part, or for grey. */
function clippedDifference(
  { box, channels, from, to, red, green, blue }: WeightedPixels,
  component: JpegComponent,
  x: number,
  y: number,
  into: Float64Array,
): boolean {
  const isColour = channels === 3;
  let any = 0;
  for (let i = 0; i < 64; i++) {
    const row = Math.min(y + (i >> 3), component.height - 1) - box.top;
    const column = Math.min(x + (i & 7), component.width - 1) - box.left;
    into[i] = 0;
    if (row < 0 || row >= box.height || column < 0 || column >= box.width) continue;
    const at = (row * box.width + column) * channels;
    const r = to[at]! - from[at]!;
    const g = isColour ? to[at + 1]! - from[at + 1]! : 0;
    const b = isColour ? to[at + 2]! - from[at + 2]! : 0;
    into[i] = red * r + green * g + blue * b;
    any |= r | g | b;
  }
  return any !== 0;
}

/** With subsampling: from the plane of samples that covers the blocks. */
function fromPlane(component: JpegComponent, plane: Float32Array, blocks: BlockRect): BlockSource {
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
