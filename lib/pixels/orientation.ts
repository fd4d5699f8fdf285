import { assertShape, type Box, emptyLike, type Raster, type Size } from './raster.ts';

/** EXIF orientation, 1 to 8: how to turn stored pixels for display. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/**
 * How to get from a displayed to a stored position: swap the axes, then mirror along the stored x or y axis.
 *
 * @see CIPA DC-008 (Exif 2.32), tag 0x0112.
 */
const turns: Readonly<Record<Orientation, { swap: boolean; mirrorX: boolean; mirrorY: boolean }>> = {
  1: { swap: false, mirrorX: false, mirrorY: false },
  2: { swap: false, mirrorX: true, mirrorY: false },
  3: { swap: false, mirrorX: true, mirrorY: true },
  4: { swap: false, mirrorX: false, mirrorY: true },
  5: { swap: true, mirrorX: false, mirrorY: false },
  6: { swap: true, mirrorX: false, mirrorY: true },
  7: { swap: true, mirrorX: true, mirrorY: true },
  8: { swap: true, mirrorX: true, mirrorY: false },
};

/** A box of the displayed picture -> the same pixels in the stored one, whose size is `stored`. */
export function storedBox(box: Box, orientation: Orientation, stored: Size): Box {
  const { swap, mirrorX, mirrorY } = turns[orientation];
  const left = swap ? box.top : box.left;
  const top = swap ? box.left : box.top;
  const width = swap ? box.height : box.width;
  const height = swap ? box.width : box.height;
  return {
    left: mirrorX ? stored.width - left - width : left,
    top: mirrorY ? stored.height - top - height : top,
    width,
    height,
  };
}

/**
 * Turns stored pixels as they are displayed. Exact: samples are moved, never mixed.
 *
 * @param raster H x W x C of any depth, in stored orientation.
 * @throws {EditError} `SHAPE_MISMATCH`
 */
export function toDisplayed<R extends Raster>(raster: R, orientation: Orientation): R {
  if (orientation === 1) return raster;
  assertShape(raster);
  const { swap, mirrorX, mirrorY } = turns[orientation];
  const { channels, data } = raster;
  const { width, height } = swap ? { width: raster.height, height: raster.width } : raster;
  // The stored pixel of the displayed corner, and how far the next one to the right and below it is stored.
  const origin = (mirrorX ? raster.width - 1 : 0) + (mirrorY ? (raster.height - 1) * raster.width : 0);
  const along = mirrorX ? -1 : 1;
  const across = mirrorY ? -raster.width : raster.width;
  const [right, down] = swap ? [across, along] : [along, across];
  const out = emptyLike(data, data.length);
  let o = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = (origin + x * right + y * down) * channels;
      for (let c = 0; c < channels; c++) out[o++] = data[i + c]!;
    }
  }
  return { ...raster, width, height, data: out };
}

/** The inverse of {@link toDisplayed}: displayed pixels -> as they are stored. */
export function toStored<R extends Raster>(raster: R, orientation: Orientation): R {
  return toDisplayed(raster, opposites[orientation] ?? orientation);
}

/** Quarter turns to the right and to the left undo each other, all others themselves. */
const opposites: Readonly<Partial<Record<Orientation, Orientation>>> = { 6: 8, 8: 6 };
