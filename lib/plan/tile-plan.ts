import { EditError } from '../errors.ts';
import { boundingBox, boxOf, grow, intersect, isInside } from '../pixels/box.ts';
import type { Box, Mask, Size } from '../pixels/raster.ts';
import { type FramePlan, sufficientScale } from './frame.ts';

/** Pixels that a tile shares with its neighbour on each side; 0 without a neighbour. */
export interface Overlaps {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface TilePlace {
  /** px of the canvas. */
  readonly box: Box;
  readonly overlaps: Overlaps;
  /** What the tile repaints, px of the canvas. Around it the first answer stays, to continue from. */
  readonly core: Box;
}

/** How to repaint a region again in parts, with more pixels of the model for each of the picture. */
export interface TilePlan {
  /** Size of the crop that the tiles are cut from. */
  readonly canvas: Size;
  /** Pixels of the original for one pixel of the canvas, at least 1. */
  readonly scale: number;
  /** Only tiles with something to repaint. */
  readonly tiles: readonly TilePlace[];
}

/** Neighbours share at least this much of a tile: a margin on either side, a band to fade between. */
const overlapShare = 0.25;
/** Half of the fading band between neighbours, and the least margin, as shares of the tile. */
export const fadeShare = 1 / 16;
/** Factor between the scales that are tried. */
const scaleStep = 1.05;

/**
 * Plans the tiles that give a crop all of its detail, or as much as `maxTiles` can.
 *
 * The canvas is the crop at full size, made smaller in steps of 5 % until few enough tiles cover the mask.
 *
 * @param args.mask at the size of the crop. @param args.plan how the crop was sent first: tiles have its
 * frame.
 * @returns `undefined` when the first answer is as good already, or so few tiles would not better it by a
 * quarter.
 */
export function planDetail(args: {
  readonly mask: Mask;
  readonly plan: FramePlan;
  readonly maxTiles: number;
}): TilePlan | undefined {
  const { mask, plan, maxTiles } = args;
  const crop = plan.box;
  const area = boundingBox(mask);
  if (area === undefined) return undefined;
  for (let scale = 1; scale * sufficientScale < plan.scale; scale *= scaleStep) {
    const canvas = { width: Math.round(crop.width / scale), height: Math.round(crop.height / scale) };
    const places = planTiles({ canvas, area: scaled(area, scale, canvas), tile: plan.frame });
    const tiles = places.filter(({ core }) => boundingBox(mask, unscaled(core, scale, mask)) !== undefined);
    if (tiles.length <= maxTiles) return { canvas, scale, tiles };
  }
  return undefined;
}

function scaled(box: Box, scale: number, canvas: Size): Box {
  const left = Math.floor(box.left / scale);
  const top = Math.floor(box.top / scale);
  const width = Math.ceil((box.left + box.width) / scale) - left;
  const height = Math.ceil((box.top + box.height) / scale) - top;
  return {
    left,
    top,
    width: Math.min(width, canvas.width - left),
    height: Math.min(height, canvas.height - top),
  };
}

function unscaled(box: Box, scale: number, crop: Size): Box {
  const left = Math.floor(box.left * scale);
  const top = Math.floor(box.top * scale);
  const whole = {
    left,
    top,
    width: Math.ceil((box.left + box.width) * scale) - left,
    height: Math.ceil((box.top + box.height) * scale) - top,
  };
  return intersect(whole, boxOf(crop)) ?? { left: 0, top: 0, width: 1, height: 1 };
}

/**
 * Tiles of one size in rows and columns that cover `area` and known picture around it, evenly spaced,
 * overlapping by at least a quarter, inside the canvas.
 *
 * @param args.area what to repaint, px of the canvas. @param args.tile size of a tile, cut to a smaller
 * canvas.
 * @throws {EditError} `SHAPE_MISMATCH` when the area is not inside the canvas.
 */
export function planTiles(args: {
  readonly canvas: Size;
  readonly area: Box;
  readonly tile: Size;
}): TilePlace[] {
  const { canvas, area, tile } = args;
  if (!isInside(area, boxOf(canvas)))
    throw new EditError('SHAPE_MISMATCH', `Expected an area inside ${canvas.width} x ${canvas.height}`);
  const seen = grow(area, Math.ceil(fadeShare * Math.max(tile.width, tile.height)), canvas);
  const columns = spans({ from: seen.left, length: seen.width, side: tile.width, limit: canvas.width });
  const rows = spans({ from: seen.top, length: seen.height, side: tile.height, limit: canvas.height });
  return rows.flatMap((row) =>
    columns.map((column) => ({
      box: { left: column.start, top: row.start, width: column.side, height: row.side },
      overlaps: { left: column.before, top: row.before, right: column.after, bottom: row.after },
      core: {
        left: column.start + column.marginBefore,
        top: row.start + row.marginBefore,
        width: column.side - column.marginBefore - column.marginAfter,
        height: row.side - row.marginBefore - row.marginAfter,
      },
    })),
  );
}

/** One axis: where a tile starts, what it shares with neighbours, and its margins, px. */
interface Span {
  readonly start: number;
  readonly side: number;
  readonly before: number;
  readonly after: number;
  readonly marginBefore: number;
  readonly marginAfter: number;
}

function spans(axis: {
  readonly from: number;
  readonly length: number;
  readonly side: number;
  readonly limit: number;
}): Span[] {
  const { from, length, limit } = axis;
  const side = Math.min(axis.side, limit);
  const stride = Math.max(1, Math.floor(side * (1 - overlapShare)));
  const count = length <= side ? 1 : Math.ceil((length - side) / stride) + 1;
  const first = count === 1 ? from + (length - side) / 2 : from;
  const step = count === 1 ? 0 : (length - side) / (count - 1);
  const starts = Array.from({ length: count }, (_, i) =>
    Math.min(Math.max(0, Math.round(first + i * step)), limit - side),
  );
  return starts.map((start, i) => {
    const before = i === 0 ? 0 : starts[i - 1]! + side - start;
    const after = i === count - 1 ? 0 : start + side - starts[i + 1]!;
    return {
      start,
      side,
      before,
      after,
      marginBefore: margin(before, side, start === 0),
      marginAfter: margin(after, side, start + side === limit),
    };
  });
}

/** Width that a tile leaves to its neighbour, or as known picture; 0 at the border of the canvas. */
function margin(overlap: number, side: number, isBorder: boolean): number {
  if (overlap > 0) return Math.max(0, Math.floor(overlap / 2 - fadeShare * side));
  return isBorder ? 0 : Math.floor(fadeShare * side);
}
