import type { BlockRect } from '../block-mask.ts';
import type { JpegComponent, JpegStructure } from '../scan/structure.ts';
import { type JpegPatch, plainBytes, type Weights, weightScale } from './patch.ts';

/** Sums of `after - before` by channel, over the pixels of each sample. */
export interface ChannelSums {
  readonly red: Int32Array;
  readonly green: Int32Array;
  readonly blue: Int32Array;
}

/**
 * One pass over a patch for all components of one sampling.
 *
 * @returns (8 blocksHigh) x (8 blocksWide) sums each.
 */
export function channelSums(component: JpegComponent, patch: JpegPatch, blocks: BlockRect): ChannelSums {
  const { box } = patch;
  const { pixelsAcross, pixelsDown } = component;
  const width = blocks.blocksWide * 8;
  const size = width * blocks.blocksHigh * 8;
  const red = new Int32Array(size);
  const green = new Int32Array(size);
  const blue = new Int32Array(size);
  const from = plainBytes(patch.before);
  const to = plainBytes(patch.after);
  const columnOf = Int32Array.from({ length: box.width }, (_, x) =>
    Math.floor((box.left + x) / pixelsAcross),
  );
  for (let y = 0, at = 0; y < box.height; y++) {
    const row = (Math.floor((box.top + y) / pixelsDown) - blocks.top * 8) * width - blocks.left * 8;
    for (let x = 0; x < box.width; x++, at += 3) {
      const r = to[at]! - from[at]!;
      const g = to[at + 1]! - from[at + 1]!;
      const b = to[at + 2]! - from[at + 2]!;
      if ((r | g | b) === 0) continue;
      const sample = row + columnOf[x]!;
      red[sample]! += r;
      green[sample]! += g;
      blue[sample]! += b;
    }
  }
  return { red, green, blue };
}

interface SubsampledRequest {
  readonly structure: JpegStructure;
  readonly component: JpegComponent;
  readonly weights: Weights;
  readonly sums: ChannelSums;
  readonly blocks: BlockRect;
}

/** The first step gains 0.6 to 1.3 dB on photos, the second 0.02 to 0.15, more steps nothing. */
const refinementSteps = 2;

/**
 * The difference of a subsampled component that decodes closest to the wanted one.
 *
 * Each sample starts as the mean over its pixels. Decoders interpolate 2:1 subsampling with a triangle, so
 * the mean decodes too soft: the box mean of the decoded pixels is `c * [1/8, 3/4, 1/8]` each way. Two
 * Richardson steps `c += mean - filter(c)` undo most of it. Samples without a changed pixel stay exactly 0:
 * the correction never spreads the change.
 *
 * @returns (8 blocksHigh) x (8 blocksWide) differences in levels.
 * @see libjpeg, jdsample.c ("fancy upsampling").
 */
export function subsampledDifference(request: SubsampledRequest): Float32Array {
  const { component, blocks } = request;
  const width = blocks.blocksWide * 8;
  const mean = boxMean(request, width);
  if (component.pixelsAcross !== 2 && component.pixelsDown !== 2) return mean;
  const decodedMean = interpolatedMean(component, width, mean.length);
  const plane = mean.slice();
  for (let step = 0; step < refinementSteps; step++) {
    const decoded = decodedMean(plane);
    for (let i = 0; i < mean.length; i++) if (mean[i] !== 0) plane[i]! += mean[i]! - decoded[i]!;
  }
  return plane;
}

/**
 * The mean over the pixels of each sample, as a decoder interpolates them. The result is overwritten by the
 * next call.
 */
function interpolatedMean({ pixelsAcross, pixelsDown }: JpegComponent, width: number, length: number) {
  const decoded = new Float32Array(length);
  const across = pixelsAcross === 2 && pixelsDown === 2 ? new Float32Array(length) : decoded;
  return (plane: Float32Array): Float32Array => {
    if (pixelsAcross === 2) smooth(plane, across, 1, width);
    if (pixelsDown === 2) smooth(pixelsAcross === 2 ? across : plane, decoded, width, length);
    return decoded;
  };
}

function boxMean(
  { structure, component, weights, sums, blocks }: SubsampledRequest,
  width: number,
): Float32Array {
  const { pixelsAcross, pixelsDown } = component;
  const { red, green, blue } = sums;
  const [ofRed, ofGreen, ofBlue] = weights;
  const plane = new Float32Array(red.length);
  const shareOf = Float64Array.from(
    { length: width },
    (_, x) => 1 / pixelsOfSample(blocks.left * 8 + x, pixelsAcross, structure.width),
  );
  for (let at = 0, row = blocks.top * 8; at < plane.length; row++) {
    const share = 1 / (weightScale * pixelsOfSample(row, pixelsDown, structure.height));
    for (let x = 0; x < width; x++, at++) {
      const sum = ofRed * red[at]! + ofGreen * green[at]! + ofBlue * blue[at]!;
      if (sum !== 0) plane[at] = sum * share * shareOf[x]!;
    }
  }
  return plane;
}

/** How many pixels of the picture a sample covers in one direction: fewer at the right and bottom edge. */
const pixelsOfSample = (sample: number, pixels: number, size: number) =>
  Math.max(1, Math.min(pixels, size - sample * pixels));

/**
 * Filters with `[1/8, 3/4, 1/8]` along lines of samples `stride` apart, `span` from line to line; 0 beyond
 * the ends.
 */
function smooth(from: Float32Array, into: Float32Array, stride: number, span: number): void {
  for (let line = 0; line < from.length; line += span) {
    const last = line + span - stride;
    for (let i = line; i < line + span; i++) {
      const before = i >= line + stride ? from[i - stride]! : 0;
      const after = i < last ? from[i + stride]! : 0;
      into[i] = 0.75 * from[i]! + 0.125 * (before + after);
    }
  }
}
