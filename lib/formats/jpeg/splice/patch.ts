import { EditError } from '../../../errors.ts';
import type { Box, Raster } from '../../../pixels/raster.ts';
import type { JpegComponent, JpegStructure } from '../scan/structure.ts';

/** What is to change in a box of the picture, in the JPEG's own decoded space: no ICC conversion, no rotation. */
export interface JpegPatch {
  /** In stored pixels, inside the picture. */
  readonly box: Box;
  /**
   * The box as it decodes now and as it shall be: h x w x 1 for grey files, 3 (RGB), or 4 (CMYK, 255 = full ink); 8 bit.
   */
  readonly before: Raster;
  readonly after: Raster;
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

/**
 * How the three channels of a component's part make it; a grey file's one channel, and the black of CMYK, count as the first.
 *
 * CMYK is stored with 0 as full ink; of YCCK the three colours are turned back by their own transform.
 */
export function weightsOf({ colour }: JpegStructure, index: number): Weights {
  if ((colour === 'ycbcr' || colour === 'ycck') && index < 3) return ycbcrWeights[index]!;
  const one = colour === 'cmyk' || colour === 'ycck' ? -weightScale : weightScale;
  const channel = index % 3;
  return [channel === 0 ? one : 0, channel === 1 ? one : 0, channel === 2 ? one : 0];
}

/** What a component is made of: the picture, or of CMYK the three colours, and for the fourth component black three times. */
export function partOf({ colour }: JpegStructure, patch: JpegPatch, index: number): JpegPatch {
  if (colour !== 'cmyk' && colour !== 'ycck') return patch;
  const picks = index < 3 ? [0, 1, 2] : [3, 3, 3];
  return { ...patch, before: picked(patch.before, picks), after: picked(patch.after, picks) };
}

function picked({ width, height, channels, data }: Raster, picks: readonly number[]): Raster {
  const out = new Uint8Array(width * height * picks.length);
  for (let i = 0; i < out.length; i++) {
    out[i] = data[Math.trunc(i / picks.length) * channels + picks[i % picks.length]!]!;
  }
  return { width, height, channels: picks.length, data: out };
}

/** The same memory as `Uint8Array`, never a `Buffer`: loops over one type of array are several times faster. */
export const plainBytes = ({ data }: Raster) => new Uint8Array(data.buffer, data.byteOffset, data.length);

/** @throws {EditError} `SHAPE_MISMATCH` when a patch does not fit the picture, or its rasters not the box. */
export function assertPatchFits(
  { width, height, colour }: JpegStructure,
  { box, before, after }: JpegPatch,
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
  const channels = { grey: 1, ycbcr: 3, rgb: 3, cmyk: 4, ycck: 4 }[colour];
  for (const raster of [before, after]) {
    const fits = raster.width === box.width && raster.height === box.height && raster.channels === channels;
    if (
      !fits ||
      !(raster.data instanceof Uint8Array) ||
      raster.data.length !== box.width * box.height * channels
    ) {
      throw new EditError(
        'SHAPE_MISMATCH',
        `Expected ${box.width} x ${box.height} x ${channels} of 8 bit, got ${raster.width} x ${raster.height} x ${raster.channels}`,
      );
    }
  }
}
