import type { FloatRaster } from '../../pixels/raster.ts';
import type { Level } from './level.ts';

/** Sweeps of relaxation: gaps of 32 px, for which this is made, are smooth by then. */
const sweeps = 24;
/** Each step goes this much further than the mean, which converges in far fewer sweeps (Young, 1954). */
const overRelaxation = 1.7;

/**
 * Fills a hole smoothly from the known pixels around it: the mean of its neighbours, for every hole pixel.
 * For pictures in which no patch is known, such as between fine stripes: there is nothing to copy.
 *
 * @returns H x W x C, 8 bit; known pixels as they are. At least one pixel must be known.
 */
export function interpolateHole({ width, height, channels, rgb, hole }: Level): Uint8Array<ArrayBuffer> {
  const values = { width, height, channels, data: Float32Array.from(rgb) };
  const isFilled = hole.map((inside) => 1 - inside);
  // From the border inwards: each pixel begins with the mean of those before it.
  const holes = inwards(hole, width, height);
  for (const i of holes) {
    stepToMean(values, i, 1, (neighbour) => isFilled[neighbour] === 1);
    isFilled[i] = 1;
  }
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (const i of holes) stepToMean(values, i, overRelaxation, always);
  }
  return new Uint8Array(new Uint8ClampedArray(values.data).buffer);
}

/** The hole pixels in an order in which each has a neighbour before it, or a known one. */
function inwards(hole: Uint8Array, width: number, height: number): Int32Array {
  const left = Uint8Array.from(hole);
  const order = new Int32Array(hole.length);
  let end = 0;
  const visit = (from: number): void => {
    const x = from % width;
    for (const [i, isInside] of [
      [from - 1, x > 0],
      [from + 1, x < width - 1],
      [from - width, from >= width],
      [from + width, from < width * (height - 1)],
    ] as const) {
      if (!isInside || left[i] === 0) continue;
      left[i] = 0;
      order[end++] = i;
    }
  };
  for (let i = 0; i < hole.length; i++) if (hole[i] === 0) visit(i);
  for (let next = 0; next < end; next++) visit(order[next]!);
  return order.subarray(0, end);
}

const always = () => true;

/** Moves pixel `i` to the mean of those beside, above and below it that count; 1 goes all the way. */
function stepToMean(
  { width, height, channels, data }: FloatRaster,
  i: number,
  step: number,
  counts: (neighbour: number) => boolean,
): void {
  const x = i % width;
  const left = x > 0 && counts(i - 1) ? i - 1 : -1;
  const right = x < width - 1 && counts(i + 1) ? i + 1 : -1;
  const above = i >= width && counts(i - width) ? i - width : -1;
  const below = i < width * (height - 1) && counts(i + width) ? i + width : -1;
  const count = Number(left >= 0) + Number(right >= 0) + Number(above >= 0) + Number(below >= 0);
  for (let c = 0; c < channels; c++) {
    const of = (neighbour: number) => (neighbour < 0 ? 0 : data[neighbour * channels + c]!);
    const mean = (of(left) + of(right) + of(above) + of(below)) / count;
    data[i * channels + c]! += step * (mean - data[i * channels + c]!);
  }
}
