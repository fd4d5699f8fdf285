import type { Pointer } from '../../../kernels/exports.ts';
import { type KernelUse, useKernels } from '../../../kernels/kernels.ts';
import { type BlockRect, blocksCovering } from '../block-mask.ts';
import type { JpegComponent, JpegStructure } from '../scan/structure.ts';
import { channelsOf, type JpegPatch, type Weights, weightScale, weightsOf } from './patch.ts';
import { type ChannelSums, channelSums, subsampledDifference } from './subsampled-difference.ts';
import { zigzag } from './zigzag.ts';

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
  return useKernels((use) => {
    const sumsBySampling = new Map<string, ChannelSums>();
    const colours = channelsOf(structure, patch, 0);
    const black = channelsOf(structure, patch, 3);
    return structure.components.map((component, index): BlockDeltas => {
      const blocks = blocksCovering(component, patch.box);
      const weights = weightsOf(structure, index);
      const { pixelsAcross, pixelsDown } = component;
      const channels = index < 3 ? colours : black;
      const job = openJob(use, component, blocks);
      if (pixelsAcross === 1 && pixelsDown === 1) transformPixels(job, channels, weights);
      else {
        const sampling = `${index < 3} ${pixelsAcross} x ${pixelsDown}`;
        const sums = sumsBySampling.get(sampling) ?? channelSums(use, component, channels, blocks);
        sumsBySampling.set(sampling, sums);
        transformPlane(job, subsampledDifference(use, { structure, component, weights, sums, blocks }));
      }
      return { component: index, ...blocks, ...takeDeltas(job) };
    });
  });
}

/** The differences of one component where the kernel finds them. */
interface Job {
  readonly use: KernelUse;
  readonly blocks: BlockRect;
  readonly pointer: Pointer;
  readonly deltas: Pointer;
  readonly touched: Pointer;
}

/** @see `lib/kernels/assembly/jpeg-deltas.ts`. */
const word = {
  from: 0,
  to: 1,
  channels: 2,
  left: 3,
  top: 4,
  width: 5,
  height: 6,
  firstRow: 7,
  lastColumn: 8,
  lastRow: 9,
  blocksLeft: 10,
  blocksTop: 11,
  blocksWide: 12,
  done: 13,
  end: 14,
  deltas: 15,
  touched: 16,
  plane: 17,
} as const;
const words = 18;
/** Bytes for doubles: three weights, 64 steps, room for two blocks. */
const weightsAt = 72;
const inverseAt = 96;
const jobBytes = inverseAt + 8 * 64 + 8 * 128;

function openJob(use: KernelUse, { width, height, quant }: JpegComponent, blocks: BlockRect): Job {
  const { arena } = use;
  const count = blocks.blocksWide * blocks.blocksHigh;
  const deltas = arena.reserve(128 * count);
  const touched = arena.reserve(count);
  const pointer = arena.reserve(jobBytes);
  arena.view(Uint8Array, deltas, 128 * count).fill(0);
  arena.view(Uint8Array, touched, count).fill(0);
  const job = arena.view(Uint32Array, pointer, words).fill(0);
  job[word.lastColumn] = width - 1;
  job[word.lastRow] = height - 1;
  job[word.blocksLeft] = blocks.left;
  job[word.blocksTop] = blocks.top;
  job[word.blocksWide] = blocks.blocksWide;
  job[word.deltas] = deltas;
  job[word.touched] = touched;
  const inverse = arena.view(Float64Array, pointer + inverseAt, 64);
  for (let k = 0; k < 64; k++) inverse[zigzag[k]!] = 1 / quant[k]!;
  return { use, blocks, pointer, deltas, touched };
}

/** Rows of blocks whose pixels are in the memory of the kernels at once. */
const bandBlocks = 8;

/** Without subsampling: straight from the pixels, band by band. */
function transformPixels({ use, blocks, pointer }: Job, { box, before, after }: JpegPatch, weights: Weights) {
  const { arena, kernels } = use;
  const rowBytes = box.width * before.channels;
  const from = arena.reserve(8 * bandBlocks * rowBytes);
  const to = arena.reserve(8 * bandBlocks * rowBytes);
  const job = arena.view(Uint32Array, pointer, words);
  job.set([from, to, before.channels, box.left, box.top, box.width, box.height]);
  arena.view(Float64Array, pointer + weightsAt, 3).set(weights.map((weight) => weight / weightScale));
  for (let row = 0; row < blocks.blocksHigh; row += bandBlocks) {
    const end = Math.min(row + bandBlocks, blocks.blocksHigh);
    const first = Math.max(0, (blocks.top + row) * 8 - box.top);
    const last = Math.min(box.height, (blocks.top + end) * 8 - box.top);
    const bytes = (last - first) * rowBytes;
    for (const [raster, buffer] of [[before, from] as const, [after, to] as const]) {
      const rows = raster.data.subarray(first * rowBytes, last * rowBytes);
      arena.view(Uint8Array, buffer, bytes).set(rows);
    }
    job[word.firstRow] = first;
    job[word.done] = row;
    job[word.end] = end;
    kernels.blockDeltas(pointer);
  }
}

/** With subsampling: from the plane of samples that covers the blocks. */
function transformPlane({ use, blocks, pointer }: Job, plane: Pointer): void {
  const job = use.arena.view(Uint32Array, pointer, words);
  job[word.plane] = plane;
  job[word.end] = blocks.blocksHigh;
  use.kernels.blockDeltas(pointer);
}

function takeDeltas({ use, blocks, deltas, touched }: Job): Pick<BlockDeltas, 'deltas' | 'touched'> {
  const count = blocks.blocksWide * blocks.blocksHigh;
  return {
    deltas: use.arena.take(Int16Array, deltas, 64 * count),
    touched: use.arena.take(Uint8Array, touched, count),
  };
}
