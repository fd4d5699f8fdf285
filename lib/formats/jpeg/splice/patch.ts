import { EditError } from '../../../errors.ts';
import { isInside } from '../../../pixels/box.ts';
import { type Box, type Raster, withChannels } from '../../../pixels/raster.ts';
import type { JpegStructure } from '../scan/structure.ts';

/** A change of one box of the picture, in the JPEG's own decoded space: no ICC conversion, no rotation. */
export interface JpegPatch {
  /** In stored pixels, inside the picture. */
  readonly box: Box;
  /**
   * The box as it decodes now and as it shall decode: h x w x 1 for grey files, 3 (RGB), or 4 (CMYK, 255 =
   * full ink); 8 bit.
   */
  readonly before: Raster;
  readonly after: Raster;
}

/**
 * Weights of three channels in a component, in 1/65536: whole numbers, so that those of grey cancel exactly
 * in Cb and Cr.
 */
export type Weights = readonly [number, number, number];
export const weightScale = 65536;

/** @see JFIF 1.02 (ITU-R BT.601, full range); differences need no offset. */
const ycbcrWeights: readonly Weights[] = [
  [19595, 38470, 7471],
  [-11059, -21709, 32768],
  [32768, -27439, -5329],
];

/**
 * The weights by which a component sums up the channels that `channelsOf` gives for it.
 *
 * CMYK is stored with 0 as full ink; three inks of YCCK have been converted as if they were red, green and
 * blue.
 */
export function weightsOf({ colour }: JpegStructure, component: number): Weights {
  if ((colour === 'ycbcr' || colour === 'ycck') && component < 3) return ycbcrWeights[component]!;
  const one = colour === 'cmyk' || colour === 'ycck' ? -weightScale : weightScale;
  const channel = component % 3;
  return [channel === 0 ? one : 0, channel === 1 ? one : 0, channel === 2 ? one : 0];
}

/**
 * The patch with the channels a component is made of: all; of CMYK the three colours, or black three times.
 */
export function channelsOf({ colour }: JpegStructure, patch: JpegPatch, component: number): JpegPatch {
  if (colour !== 'cmyk' && colour !== 'ycck') return patch;
  const picks = component < 3 ? [0, 1, 2] : [3, 3, 3];
  return { ...patch, before: withChannels(patch.before, picks), after: withChannels(patch.after, picks) };
}

/** @throws {EditError} `SHAPE_MISMATCH` when a patch does not fit the picture, or its rasters not the box. */
export function assertPatchFits(structure: JpegStructure, { box, before, after }: JpegPatch): void {
  const { width, height, colour } = structure;
  const isWhole = [box.left, box.top, box.width, box.height].every(Number.isInteger);
  const isPositive = box.width > 0 && box.height > 0;
  if (!isWhole || !isPositive || !isInside(box, { left: 0, top: 0, width, height })) {
    throw new EditError(
      'SHAPE_MISMATCH',
      `Expected a box inside ${width} x ${height}, got ${JSON.stringify(box)}`,
    );
  }
  const channels = { grey: 1, ycbcr: 3, rgb: 3, cmyk: 4, ycck: 4 }[colour];
  const expected: Shape = { width: box.width, height: box.height, channels };
  for (const raster of [before, after]) {
    const isBytes = raster.data instanceof Uint8Array;
    const isFull = raster.data.length === box.width * box.height * channels;
    if (isBytes && isFull && shapeOf(raster) === shapeOf(expected)) continue;
    throw new EditError(
      'SHAPE_MISMATCH',
      `Expected ${shapeOf(expected)} of 8 bit, got ${shapeOf(raster)} of ${8 * raster.data.BYTES_PER_ELEMENT} bit`,
    );
  }
}

type Shape = Pick<Raster, 'width' | 'height' | 'channels'>;

const shapeOf = ({ width, height, channels }: Shape) => `${width} x ${height} x ${channels}`;
