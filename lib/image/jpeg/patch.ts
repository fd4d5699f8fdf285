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

/** Weights of the channels in a component, in 1/65536: whole numbers, so that those of grey cancel exactly in Cb and Cr. */
export type Weights = readonly [number, number, number];
export const weightScale = 65536;

/** @see JFIF 1.02 (ITU-R BT.601, full range); differences need no offset. */
const ycbcrWeights: readonly Weights[] = [
  [19595, 38470, 7471],
  [-11059, -21709, 32768],
  [32768, -27439, -5329],
];

/** How R, G and B make a component; a grey file's one channel counts as R. */
export function weightsOf({ colour }: JpegStructure, index: number): Weights {
  if (colour === 'ycbcr') return ycbcrWeights[index]!;
  return [index === 0 ? weightScale : 0, index === 1 ? weightScale : 0, index === 2 ? weightScale : 0];
}

/** The same memory as `Uint8Array`, never a `Buffer`: loops over one type of array are several times faster. */
export const plainBytes = ({ data }: Raster) => new Uint8Array(data.buffer, data.byteOffset, data.length);

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
