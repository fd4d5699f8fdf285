import { type Area, readRow, type TileMask, valueAt } from './tiles.ts';

/** Differences are shown this many times as strong. */
const strength = 16;

/** Rows of both pictures, 4 bytes a pixel: red, green, blue, alpha. */
interface Strip {
  readonly top: number;
  readonly original: Uint8ClampedArray;
  readonly result: Uint8ClampedArray;
}

/** A picture of the differences, smaller by a whole factor where the pictures are large. */
interface DifferencePicture {
  readonly width: number;
  readonly height: number;
  readonly factor: number;
  /** 4 bytes a pixel. */
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** Canvases above 16 megapixels are refused by some browsers. */
const maxPixels = 16_000_000;

export function emptyDifference({ width, height }: TileMask): DifferencePicture {
  const factor = Math.ceil(Math.sqrt((width * height) / maxPixels));
  const size = { width: Math.ceil(width / factor), height: Math.ceil(height / factor) };
  const data = new Uint8ClampedArray(size.width * size.height * 4);
  for (let at = 3; at < data.length; at += 4) data[at] = 255;
  return { ...size, factor, data };
}

/**
 * Draws min(255, 16 |result - original|) of the largest channel where the mask is 0; what the mask covers is
 * dark blue. A pixel of a smaller picture shows the largest of those it stands for.
 *
 * @returns how many pixels differ where the mask is 0.
 */
export function drawDifference(mask: TileMask, strip: Strip, picture: DifferencePicture): number {
  const { original, result, top } = strip;
  const { data, factor } = picture;
  const row = new Uint8Array(mask.width);
  let differing = 0;
  for (let y = 0; y < original.length / (4 * mask.width); y++) {
    readRow(mask, top + y, row);
    const to = Math.floor((top + y) / factor) * picture.width;
    for (let x = 0; x < mask.width; x++) {
      const target = (to + Math.floor(x / factor)) * 4;
      if (row[x] !== 0) {
        data[target + 2] = Math.max(data[target + 2]!, 70);
        continue;
      }
      const most = largestOf(original, result, (y * mask.width + x) * 4);
      if (most === 0) continue;
      differing++;
      const level = Math.max(data[target]!, most * strength);
      data.fill(level, target, target + 3);
    }
  }
  return differing;
}

function largestOf(a: Uint8ClampedArray, b: Uint8ClampedArray, at: number): number {
  let most = 0;
  for (let channel = at; channel < at + 4; channel++) {
    most = Math.max(most, Math.abs(a[channel]! - b[channel]!));
  }
  return most;
}

/** Side of the squares in which seams are compared, pixels. */
const cellPx = 16;
/** A square with fewer pixels of the edge says nothing. */
const leastSteps = 6;

/** A part of a picture, 4 bytes a pixel. */
export interface Part {
  readonly area: Area;
  readonly data: Uint8ClampedArray;
}

/**
 * Where the edge of the mask stands out most: the middle of the square of 16 pixels in which the steps across
 * the edge exceed the steps on both its sides by most, on average. `undefined` where the part has no edge.
 */
export function worstSeam(mask: TileMask, { area, data }: Part): { x: number; y: number } | undefined {
  const width = area.right - area.left;
  const columns = Math.ceil(width / cellPx);
  const cells = new Map<number, { sum: number; count: number }>();
  const isIn = (x: number, y: number) => valueAt(mask, area.left + x, area.top + y) > 0;
  const add = (x: number, y: number, step: number) => {
    const key = Math.floor(y / cellPx) * columns + Math.floor(x / cellPx);
    const { sum, count } = cells.get(key) ?? { sum: 0, count: 0 };
    cells.set(key, { sum: sum + excessOf(data, y * width + x, step), count: count + 1 });
  };
  for (let y = 1; y < area.bottom - area.top - 2; y++) {
    for (let x = 1; x < width - 2; x++) {
      if (isIn(x, y) !== isIn(x + 1, y)) add(x, y, 1);
      if (isIn(x, y) !== isIn(x, y + 1)) add(x, y, width);
    }
  }
  const [worst] = [...cells]
    .filter(([, { count }]) => count >= leastSteps)
    .sort(([, a], [, b]) => b.sum / b.count - a.sum / a.count);
  if (worst === undefined) return undefined;
  const [key] = worst;
  const middle = (cell: number, from: number) => from + (cell + 0.5) * cellPx;
  return { x: middle(key % columns, area.left), y: middle(Math.floor(key / columns), area.top) };
}

/** By how much the step from a pixel to the next one exceeds the steps before and behind it, levels. */
function excessOf(data: Uint8ClampedArray, pixel: number, step: number): number {
  const difference = (from: number) => {
    const [a, b] = [from * 4, (from + step) * 4];
    return Math.abs(data[a]! + data[a + 1]! + data[a + 2]! - data[b]! - data[b + 1]! - data[b + 2]!);
  };
  return (difference(pixel) - Math.max(difference(pixel - step), difference(pixel + step))) / 3;
}
