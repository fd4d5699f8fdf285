import { EditError } from '../../errors.ts';
import type { Box, Mask, Raster } from '../raster.ts';
import type { JpegComponent, JpegStructure } from './structure.ts';

/** What is to change in a box of the picture, in the JPEG's own decoded space: no ICC conversion, no rotation. */
export interface JpegPatch {
  /** In stored pixels, inside the picture. */
  readonly box: Box;
  /** The box as it decodes now and as it shall be: h x w x 1 for grey files, else h x w x 3 (RGB); 8 bit. */
  readonly before: Raster;
  readonly after: Raster;
  /** h x w: pixels above 0 may change. Needed by the strict mode alone. */
  readonly mask?: Mask;
}

/** A rectangle of blocks of one component, counted in blocks. */
export interface BlockRect {
  readonly left: number;
  readonly top: number;
  readonly blocksWide: number;
  readonly blocksHigh: number;
}

/** The blocks of a component that hold samples of a box of pixels. */
export function blocksCovering(component: JpegComponent, box: Box): BlockRect {
  const across = 8 * component.pixelsAcross;
  const down = 8 * component.pixelsDown;
  const left = Math.floor(box.left / across);
  const top = Math.floor(box.top / down);
  return {
    left,
    top,
    blocksWide: Math.ceil((box.left + box.width) / across) - left,
    blocksHigh: Math.ceil((box.top + box.height) / down) - top,
  };
}

/** Weights of R, G, B in a component. @see JFIF 1.02 (ITU-R BT.601, full range); differences need no offset. */
export type Weights = readonly [number, number, number];
const ycbcrWeights: readonly Weights[] = [
  [0.299, 0.587, 0.114],
  [-0.299 / 1.772, -0.587 / 1.772, 0.5],
  [0.5, -0.587 / 1.402, -0.114 / 1.402],
];

/** How pixels make a component; `undefined` means the one channel itself. */
export function weightsOf({ colour }: JpegStructure, index: number): Weights | undefined {
  if (colour === 'grey') return undefined;
  if (colour === 'ycbcr') return ycbcrWeights[index]!;
  return [index === 0 ? 1 : 0, index === 1 ? 1 : 0, index === 2 ? 1 : 0];
}

/** Differences are kept as whole numbers of 1/64 level: 2 bytes a pixel, and 0 stays exactly 0. */
export const differenceScale = 64;

/** `after - before` of one component over the box, times 64. */
export interface DifferencePlane {
  readonly box: Box;
  readonly data: Int16Array;
}

export function differencePlane(
  { box, before, after }: JpegPatch,
  weights: Weights | undefined,
): DifferencePlane {
  const data = new Int16Array(box.width * box.height);
  const from = plainBytes(before);
  const to = plainBytes(after);
  if (!weights) {
    for (let i = 0; i < data.length; i++) data[i] = differenceScale * (to[i]! - from[i]!);
    return { box, data };
  }
  // Whole numbers throughout: 65536 / 64 = 1024 is the weight of one unit.
  const [red, green, blue] = weights.map((weight) => Math.round(weight * 65536)) as [number, number, number];
  for (let i = 0, at = 0; i < data.length; i++, at += 3) {
    const r = to[at]! - from[at]!;
    const g = to[at + 1]! - from[at + 1]!;
    const b = to[at + 2]! - from[at + 2]!;
    data[i] = (red * r + green * g + blue * b + 512) >> 10;
  }
  return { box, data };
}

/** The same memory as `Uint8Array`, never a `Buffer`: loops over one type of array are several times faster. */
const plainBytes = ({ data }: Raster) => new Uint8Array(data.buffer, data.byteOffset, data.length);

/** @throws {EditError} `SHAPE_MISMATCH` when a patch does not fit the picture, or its rasters not the box. */
export function assertPatchFits(
  { width, height, colour }: JpegStructure,
  { box, before, after, mask }: JpegPatch,
): void {
  const whole = [box.left, box.top, box.width, box.height].every(Number.isInteger);
  if (
    !whole ||
    box.left < 0 ||
    box.top < 0 ||
    box.width < 1 ||
    box.height < 1 ||
    box.left + box.width > width ||
    box.top + box.height > height
  ) {
    throw new EditError(
      'SHAPE_MISMATCH',
      `Expected a box inside ${width} x ${height}, got ${JSON.stringify(box)}`,
    );
  }
  const channels = colour === 'grey' ? 1 : 3;
  for (const raster of [before, after, ...(mask ? [mask] : [])]) {
    const depth = raster === mask ? 1 : channels;
    const fits = raster.width === box.width && raster.height === box.height && raster.channels === depth;
    if (
      !fits ||
      !(raster.data instanceof Uint8Array) ||
      raster.data.length !== box.width * box.height * depth
    ) {
      throw new EditError(
        'SHAPE_MISMATCH',
        `Expected ${box.width} x ${box.height} x ${depth} of 8 bit, got ${raster.width} x ${raster.height} x ${raster.channels}`,
      );
    }
  }
}
