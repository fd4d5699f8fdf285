import { type BlockRect, differenceAt, type JpegPatch, type Weights } from './patch.ts';
import type { JpegComponent, JpegStructure } from './structure.ts';

interface ChromaRequest {
  readonly structure: JpegStructure;
  readonly component: JpegComponent;
  readonly patch: JpegPatch;
  readonly weights: Weights | undefined;
  readonly blocks: BlockRect;
}

/**
 * The difference of a subsampled component, such that it decodes near the wanted one.
 *
 * Each sample starts as the mean over its pixels. Decoders interpolate 2:1 subsampling with a triangle, so the mean decodes too
 * soft: the box mean of what is decoded is `c * [1/8, 3/4, 1/8]` each way. Two Richardson steps `c += mean - filter(c)` undo
 * most of it. Samples without a changed pixel stay exactly 0: the correction never spreads the change.
 *
 * @returns (8 blocksHigh) x (8 blocksWide) differences.
 * @see libjpeg, jdsample.c ("fancy upsampling").
 */
export function chromaDifference(request: ChromaRequest): Float32Array {
  const { component, blocks } = request;
  const width = blocks.blocksWide * 8;
  const height = blocks.blocksHigh * 8;
  const mean = boxMean(request, width, height);
  const smoothsAcross = component.pixelsAcross === 2;
  const smoothsDown = component.pixelsDown === 2;
  if (!smoothsAcross && !smoothsDown) return mean;
  let plane = mean;
  for (let step = 0; step < refinementSteps; step++) {
    const next = new Float32Array(plane.length);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const i = y * width + x;
        if (mean[i] === 0) continue;
        next[i] = plane[i]! + mean[i]! - smoothed(plane, { x, y, width, height }, smoothsAcross, smoothsDown);
      }
    }
    plane = next;
  }
  return plane;
}

const refinementSteps = 2;

interface At {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What the box mean of the decoded plane is at a sample; beyond the rectangle nothing changes. */
function smoothed(plane: Float32Array, { x, y, width, height }: At, across: boolean, down: boolean): number {
  const row = (j: number) => {
    if (j < 0 || j >= height) return 0;
    const i = j * width + x;
    if (!across) return plane[i]!;
    return 0.75 * plane[i]! + 0.125 * ((x > 0 ? plane[i - 1]! : 0) + (x + 1 < width ? plane[i + 1]! : 0));
  };
  return down ? 0.75 * row(y) + 0.125 * (row(y - 1) + row(y + 1)) : row(y);
}

function boxMean(
  { structure, component, patch, weights, blocks }: ChromaRequest,
  width: number,
  height: number,
): Float32Array {
  const { box } = patch;
  const { pixelsAcross, pixelsDown } = component;
  const plane = new Float32Array(width * height);
  for (let y = 0; y < box.height; y++) {
    const sampleRow = Math.floor((box.top + y) / pixelsDown);
    const rows = Math.min(pixelsDown, structure.height - sampleRow * pixelsDown);
    const at = (sampleRow - blocks.top * 8) * width;
    for (let x = 0; x < box.width; x++) {
      const value = differenceAt(patch, y * box.width + x, weights);
      if (value === 0) continue;
      const sample = Math.floor((box.left + x) / pixelsAcross);
      const columns = Math.min(pixelsAcross, structure.width - sample * pixelsAcross);
      plane[at + sample - blocks.left * 8]! += value / (rows * columns);
    }
  }
  return plane;
}
