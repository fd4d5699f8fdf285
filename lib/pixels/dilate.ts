import { EditError } from '../errors.ts';
import { boundingBox, crop, grow } from './box.ts';
import { distanceTo } from './distance.ts';
import type { Mask } from './raster.ts';

/** From this level on a soft mask counts as "edit" where only yes or no can be said. */
export const maskThreshold = 128;

/**
 * Grows a mask by a Euclidean disc: 255 within `radiusPx` of any pixel that is at least half edited;
 * softer values further out stay as they are, and no value falls. Radius 0 gives the same mask.
 *
 * @param mask H x W x 1. @param radiusPx px of this mask, between pixel centres.
 * @throws {EditError} `REQUEST_INVALID` when the radius is negative or no number.
 */
export function dilate(mask: Mask, radiusPx: number): Mask {
  assertRadius(radiusPx);
  const data = new Uint8Array(mask.data);
  const set = radiusPx > 0 ? boundingBox(mask) : undefined;
  if (set === undefined) return { ...mask, data };
  // Only around what is set: a distance transform of a whole picture would cost more than the edit.
  const reach = grow(set, Math.ceil(radiusPx), mask);
  const distance = distanceTo(crop(mask, reach), (value) => value >= maskThreshold, radiusPx);
  for (let i = 0; i < distance.length; i++) {
    if (distance[i]! > radiusPx) continue;
    const row = Math.floor(i / reach.width);
    data[(reach.top + row) * mask.width + reach.left + i - row * reach.width] = 255;
  }
  return { ...mask, data };
}

/**
 * Shrinks a thresholded mask by a Euclidean disc: 255 only where no pixel under half lies within
 * `radiusPx`. The picture's border does not eat into the mask.
 *
 * @throws {EditError} `REQUEST_INVALID` when the radius is negative or no number.
 */
export function erode(mask: Mask, radiusPx: number): Mask {
  assertRadius(radiusPx);
  const distance = distanceTo(mask, (value) => value < maskThreshold, radiusPx);
  return {
    ...mask,
    data: mask.data.map((value, i) => (value >= maskThreshold && distance[i]! > radiusPx ? 255 : 0)),
  };
}

function assertRadius(radiusPx: number): void {
  if (!(radiusPx >= 0)) {
    throw new EditError('REQUEST_INVALID', `Expected a radius of at least 0 px, got ${radiusPx}`);
  }
}
