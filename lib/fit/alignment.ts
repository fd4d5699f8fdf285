import { boxOf } from '../pixels/box.ts';
import type { Box, FloatRaster, Raster, Size } from '../pixels/raster.ts';
import { resample } from '../pixels/resample.ts';

/**
 * How a model moved the picture: a similarity without rotation. Shifts are fractions of the crop's
 * sides, so an alignment holds at every resolution.
 *
 * The crop's point `u` (fraction of the side, 0 in the middle) is found in the edited picture at
 * `u * scale + shift`: a positive shift means its content sits too far right or down.
 */
export interface Alignment {
  readonly shiftX: number;
  readonly shiftY: number;
  readonly scale: number;
}

export const identityAlignment: Alignment = { shiftX: 0, shiftY: 0, scale: 1 };

/**
 * The part of the edited raster that belongs to `patch` of the crop, in continuous px of the edited raster.
 *
 * @param args.crop size of the crop that was sent. @param args.patch a box of it, px of the crop.
 */
export function alignedWindow(args: {
  readonly edited: Size;
  readonly crop: Size;
  readonly patch: Box;
  readonly alignment: Alignment;
}): Box {
  const { edited, crop, patch, alignment } = args;
  const { scale, shiftX, shiftY } = alignment;
  return {
    left: edited.width * (0.5 + scale * (patch.left / crop.width - 0.5) + shiftX),
    top: edited.height * (0.5 + scale * (patch.top / crop.height - 0.5) + shiftY),
    width: (edited.width * scale * patch.width) / crop.width,
    height: (edited.height * scale * patch.height) / crop.height,
  };
}

/** An edited raster brought back into place: resampled to `size`, levels; Catmull-Rom. */
export function aligned(edited: Raster, size: Size, alignment: Alignment): FloatRaster {
  const window = alignedWindow({ edited, crop: size, patch: boxOf(size), alignment });
  return resample({ source: edited, window, size, kernel: 'cubic' });
}

/** A model that moved a picture by more than this share of its diagonal painted another picture. */
export const maxDriftShare = 0.04;

/** How far the worst corner of a picture of `size` was moved, by shift and zoom together, in its px. */
export function driftPx({ shiftX, shiftY, scale }: Alignment, size: Size): number {
  const zoom = Math.abs(scale - 1) / 2;
  return Math.hypot((Math.abs(shiftX) + zoom) * size.width, (Math.abs(shiftY) + zoom) * size.height);
}
