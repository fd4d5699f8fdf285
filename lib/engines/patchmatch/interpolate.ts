import { distanceToKnown } from './level.ts';

interface Holed {
  readonly width: number;
  readonly height: number;
  /** H x W x C, 8 bit. */
  readonly rgb: Uint8Array;
  /** H x W: 1 where the picture is to be filled. */
  readonly hole: Uint8Array;
}

/** Sweeps of relaxation: fine gaps, for which this is made, are smooth by then. */
const sweeps = 16;

/**
 * Fills a hole smoothly from the known pixels around it: the mean of its neighbours, for every hole pixel.
 * For pictures in which no patch is known, such as between fine stripes: there is nothing to copy.
 *
 * @returns H x W x C, 8 bit; known pixels as they are. At least one pixel must be known.
 */
export function interpolateHole({ width, height, rgb, hole }: Holed): Uint8Array<ArrayBuffer> {
  const channels = rgb.length / (width * height);
  const distance = distanceToKnown(hole, width, height);
  const holes = Array.from(hole.keys()).filter((i) => hole[i] === 1);
  holes.sort((a, b) => distance[a]! - distance[b]!);
  const values = { width, height, channels, data: Float32Array.from(rgb) };
  // From the border inwards: each pixel has a neighbour nearer to the known picture.
  for (const i of holes) writeMean(values, i, (neighbour) => distance[neighbour]! < distance[i]!);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (const i of holes) writeMean(values, i, always);
  }
  return new Uint8Array(new Uint8ClampedArray(values.data).buffer);
}

const always = () => true;

interface Values {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Float32Array;
}

/** Pixel `i` becomes the mean of those beside, above and below it that count. */
function writeMean(values: Values, i: number, counts: (neighbour: number) => boolean): void {
  const { width, height, channels, data } = values;
  const x = i % width;
  const left = x > 0 && counts(i - 1) ? i - 1 : -1;
  const right = x < width - 1 && counts(i + 1) ? i + 1 : -1;
  const above = i >= width && counts(i - width) ? i - width : -1;
  const below = i < width * (height - 1) && counts(i + width) ? i + width : -1;
  const count = Number(left >= 0) + Number(right >= 0) + Number(above >= 0) + Number(below >= 0);
  for (let c = 0; c < channels; c++) {
    const of = (neighbour: number) => (neighbour < 0 ? 0 : data[neighbour * channels + c]!);
    data[i * channels + c] = (of(left) + of(right) + of(above) + of(below)) / count;
  }
}
