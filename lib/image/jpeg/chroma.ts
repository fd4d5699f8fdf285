import type { BlockRect, DifferencePlane } from './patch.ts';
import type { JpegComponent, JpegStructure } from './structure.ts';

interface ChromaRequest {
  readonly structure: JpegStructure;
  readonly component: JpegComponent;
  readonly difference: DifferencePlane;
  readonly blocks: BlockRect;
}

/** Two leave an error below the rounding of the coefficients. */
const refinementSteps = 2;

/**
 * The difference of a subsampled component, such that it decodes near the wanted one.
 *
 * Each sample starts as the mean over its pixels. Decoders interpolate 2:1 subsampling with a triangle, so the mean decodes too
 * soft: the box mean of what is decoded is `c * [1/8, 3/4, 1/8]` each way. Two Richardson steps `c += mean - filter(c)` undo
 * most of it. Samples without a changed pixel stay exactly 0: the correction never spreads the change.
 *
 * @returns (8 blocksHigh) x (8 blocksWide) differences, times 64 as the plane they come from.
 * @see libjpeg, jdsample.c ("fancy upsampling").
 */
export function chromaDifference(request: ChromaRequest): Int16Array {
  const { component, blocks } = request;
  const width = blocks.blocksWide * 8;
  const mean = boxMean(request, width);
  const isSmoothAcross = component.pixelsAcross === 2;
  const isSmoothDown = component.pixelsDown === 2;
  if (!isSmoothAcross && !isSmoothDown) return rounded(mean);
  const plane = mean.slice();
  const decoded = new Float32Array(mean.length);
  const across = new Float32Array(mean.length);
  for (let step = 0; step < refinementSteps; step++) {
    if (isSmoothAcross) smooth(plane, across, 1, width);
    else across.set(plane);
    if (isSmoothDown) smooth(across, decoded, width, mean.length);
    else decoded.set(across);
    for (let i = 0; i < mean.length; i++) if (mean[i] !== 0) plane[i]! += mean[i]! - decoded[i]!;
  }
  return rounded(plane);
}

const largest = 32767;

function rounded(plane: Float32Array): Int16Array {
  const result = new Int16Array(plane.length);
  for (let i = 0; i < plane.length; i++) {
    if (plane[i] !== 0) result[i] = Math.max(-largest, Math.min(largest, Math.round(plane[i]!)));
  }
  return result;
}

/** `[1/8, 3/4, 1/8]` along lines of samples `stride` apart, `span` from line to line; beyond the ends nothing changes. */
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

function boxMean({ structure, component, difference, blocks }: ChromaRequest, width: number): Float32Array {
  const { box, data } = difference;
  const { pixelsAcross, pixelsDown } = component;
  const plane = new Float32Array(width * blocks.blocksHigh * 8);
  const columnOf = Int32Array.from({ length: box.width }, (_, x) =>
    Math.floor((box.left + x) / pixelsAcross),
  );
  const shareOf = Float32Array.from(columnOf, (sample) => 1 / shown(sample, pixelsAcross, structure.width));
  for (let y = 0; y < box.height; y++) {
    const sampleRow = Math.floor((box.top + y) / pixelsDown);
    const rowShare = 1 / shown(sampleRow, pixelsDown, structure.height);
    const at = (sampleRow - blocks.top * 8) * width - blocks.left * 8;
    const from = y * box.width;
    for (let x = 0; x < box.width; x++) {
      plane[at + columnOf[x]!]! += data[from + x]! * shareOf[x]! * rowShare;
    }
  }
  return plane;
}

/** How many pixels of the picture a sample stands for: fewer at the right and bottom edge. */
const shown = (sample: number, pixels: number, size: number) => Math.min(pixels, size - sample * pixels);
