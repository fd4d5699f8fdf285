import { EditError } from '../errors.ts';
import { boundingBox, boxAround, boxOf, gapPx, intersect, union } from '../pixels/box.ts';
import type { BoxedMask } from '../pixels/boxed-mask.ts';
import type { Box, Size } from '../pixels/raster.ts';

/** One call to a model: what it repaints, and how much of the picture it sees around that. */
export interface Region {
  /** The exact box of the region's mask, px of the original. Boxes of regions share no pixel. */
  readonly maskBox: Box;
  /** What the model sees, px of the original. */
  readonly contextBox: Box;
}

/** Known picture on each side of a mask, as a share of the mask's side. */
const contextShare = 0.5;
/** The least of it, px: registration reads the ring up to 32 px, the model needs some beyond. */
const minRingPx = 64;
/** Boxes are compared pair by pair: more than this many are first joined on a coarser grid. */
const maxBoxes = 256;

/** What a context does at the border of the image: it is cut off there, or moved inside at its full size. */
export type AtBorder = 'clip' | 'shift';

/**
 * The box a model sees for a mask box: half its side more on each side, at least 64 px, inside the image.
 *
 * A box that is moved inside reaches farther on the other side, and may take in other things to copy from.
 */
export function contextOf(maskBox: Box, image: Size, atBorder: AtBorder): Box {
  const ring = (side: number): number => Math.max(minRingPx, Math.ceil(side * contextShare));
  const width = maskBox.width + 2 * ring(maskBox.width);
  const height = maskBox.height + 2 * ring(maskBox.height);
  if (atBorder === 'shift') return boxAround(maskBox, { width, height }, image);
  const left = maskBox.left - ring(maskBox.width);
  const top = maskBox.top - ring(maskBox.height);
  return intersect({ left, top, width, height }, boxOf(image)) ?? maskBox;
}

interface RegionOptions {
  readonly image: Size;
  readonly maxRegions: number;
  readonly atBorder: AtBorder;
}

/**
 * Mask -> the regions to send, from top to bottom, then left to right.
 *
 * Groups pixels above 0 on a grid of 64 px cells (touching cells would share context anyway), merges regions
 * whose contexts overlap, then the nearest pair until at most `maxRegions` remain. Together the mask boxes
 * hold every pixel above 0.
 *
 * @throws {EditError} `REQUEST_INVALID` when `maxRegions` is not at least 1.
 */
export function planRegions(mask: BoxedMask, options: RegionOptions): Region[] {
  const { image, maxRegions, atBorder } = options;
  if (!(maxRegions >= 1)) {
    throw new EditError('REQUEST_INVALID', `Expected at least 1 region, got ${maxRegions}`);
  }
  let boxes: Box[] = [];
  for (let cellPx = minRingPx; ; cellPx *= 2) {
    boxes = occupiedBoxes(mask, cellPx);
    if (boxes.length <= maxBoxes) break;
  }
  const merged = mergeNearest(mergeOverlapping(boxes, options), options);
  return merged
    .map((maskBox) => ({ maskBox, contextBox: contextOf(maskBox, image, atBorder) }))
    .sort((a, b) => a.maskBox.top - b.maskBox.top || a.maskBox.left - b.maskBox.left);
}

/** The exact boxes of the 8-connected groups of grid cells that hold any value above 0. */
function occupiedBoxes({ box, mask }: BoxedMask, cellPx: number): Box[] {
  const columns = Math.ceil(mask.width / cellPx);
  const rows = Math.ceil(mask.height / cellPx);
  const cells = new Array<Box | undefined>(rows * columns).fill(undefined);
  for (let row = 0; row < rows; row++) {
    const top = row * cellPx;
    const band = { left: 0, top, width: mask.width, height: Math.min(cellPx, mask.height - top) };
    const used = boundingBox(mask, band);
    if (used === undefined) continue;
    const last = Math.floor((used.left + used.width - 1) / cellPx);
    for (let column = Math.floor(used.left / cellPx); column <= last; column++) {
      const left = column * cellPx;
      const cell = { ...band, left, width: Math.min(cellPx, mask.width - left) };
      cells[row * columns + column] = boundingBox(mask, cell);
    }
  }
  const boxes: Box[] = [];
  for (let start = 0; start < cells.length; start++) {
    if (cells[start] === undefined) continue;
    const group = takeGroup(cells, start, columns);
    boxes.push({ ...group, left: box.left + group.left, top: box.top + group.top });
  }
  return boxes;
}

/** Flood fill over cells: removes the group of `start` from the grid and returns its box. */
function takeGroup(cells: (Box | undefined)[], start: number, columns: number): Box {
  let box = cells[start]!;
  const stack = [start];
  while (stack.length > 0) {
    const cell = stack.pop()!;
    const cellBox = cells[cell];
    if (cellBox === undefined) continue;
    cells[cell] = undefined;
    box = union(box, cellBox);
    const column = cell % columns;
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) {
        if (column + dx >= 0 && column + dx < columns) stack.push(cell + dy * columns + dx);
      }
    }
  }
  return box;
}

/** Merges until no two contexts overlap; a merged box has a larger context, so it is compared again. */
function mergeOverlapping(boxes: readonly Box[], { image, atBorder }: RegionOptions): Box[] {
  const done: Box[] = [];
  const queue = [...boxes];
  while (queue.length > 0) {
    let box = queue.pop()!;
    for (let i = 0; i < done.length; ) {
      if (intersect(contextOf(box, image, atBorder), contextOf(done[i]!, image, atBorder)) === undefined) {
        i++;
        continue;
      }
      box = union(box, done.splice(i, 1)[0]!);
      i = 0;
    }
    done.push(box);
  }
  return done;
}

function mergeNearest(boxes: readonly Box[], options: RegionOptions): Box[] {
  let merged = [...boxes];
  while (merged.length > options.maxRegions) {
    let nearest = { a: 0, b: 1, gap: Number.POSITIVE_INFINITY };
    for (let a = 0; a < merged.length; a++) {
      for (let b = a + 1; b < merged.length; b++) {
        const gap = gapPx(merged[a]!, merged[b]!);
        if (gap < nearest.gap) nearest = { a, b, gap };
      }
    }
    const { a, b } = nearest;
    const joined = union(merged[a]!, merged[b]!);
    merged = mergeOverlapping([...merged.filter((_, i) => i !== a && i !== b), joined], options);
  }
  return merged;
}
