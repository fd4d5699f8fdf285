import { type Graph, minimumCut } from './cut.ts';
import type { Level } from './level.ts';
import type { Offset } from './offsets.ts';

/** The pixels that take part: those of the hole, then the known ones beside it. */
interface Places {
  /** The index in the level of each place. */
  readonly pixels: Int32Array;
  /** So many of them are in the hole. */
  readonly holes: number;
  /** Four each of those: the places to the right, left, below and above; -1 outside the picture. */
  readonly beside: Int32Array;
  /** The same without the known places. */
  readonly neighbours: Int32Array;
  /**
   * For each offset, and then for the known picture: the pixel that each place copies, -1 where there is none
   * to copy.
   */
  readonly copies: readonly Int32Array[];
}

/** Costs more than any seam. */
const impossible = 1 << 24;
/** What meets cannot be compared: as bad as black beside white. */
const unknownSeam = 1 << 19;
const mostRounds = 2;
/** A round that changes less than this share ends the work. */
const settledShare = 0.005;

/**
 * Chooses an offset for each pixel of the hole, so that pieces of the picture meet where they look alike:
 * the least sum of `|L(x + a) - L(x + b)|^2` at both sides of each border between offsets `a` and `b`, and
 * between the hole and the known picture. Found by expanding one offset after the other.
 *
 * @param avoid H x W: 1 where nothing is copied from.
 * @returns H x W: the number of the offset, -1 outside the hole.
 * @see He and Sun, "Statistics of patch offsets for image completion", ECCV 2012; Boykov, Veksler and Zabih,
 *   "Fast approximate energy minimization via graph cuts", PAMI 2001.
 */
export function chooseOffsets(
  level: Level,
  offsets: readonly Offset[],
  avoid: Uint8Array | undefined,
): Int32Array {
  const places = placesOf(level, offsets, avoid);
  const { pixels, holes, copies } = places;
  const labels = Int32Array.from(pixels, (_, place) =>
    place < holes
      ? Math.max(
          0,
          copies.findIndex((from) => from[place]! >= 0),
        )
      : offsets.length,
  );
  for (let round = 0; round < mostRounds; round++) {
    let changes = 0;
    for (let offset = 0; offset < offsets.length; offset++) changes += expand(level, places, labels, offset);
    if (changes <= settledShare * holes) break;
  }
  const chosen = new Int32Array(level.hole.length).fill(-1);
  for (let place = 0; place < holes; place++) chosen[pixels[place]!] = labels[place]!;
  return chosen;
}

function placesOf(level: Level, offsets: readonly Offset[], avoid: Uint8Array | undefined): Places {
  const { width, height, hole } = level;
  const numbers = new Int32Array(hole.length).fill(-1);
  const pixels: number[] = [];
  const add = (pixel: number) => {
    numbers[pixel] = pixels.length;
    pixels.push(pixel);
  };
  for (let pixel = 0; pixel < hole.length; pixel++) if (hole[pixel]) add(pixel);
  const holes = pixels.length;
  const beside = new Int32Array(4 * holes).fill(-1);
  for (let place = 0; place < holes; place++) {
    const pixel = pixels[place]!;
    const x = pixel % width;
    const link = (side: number, to: number, isInside: boolean) => {
      if (!isInside) return;
      if (numbers[to]! < 0) add(to);
      beside[4 * place + side] = numbers[to]!;
    };
    link(0, pixel + 1, x < width - 1);
    link(1, pixel - 1, x > 0);
    link(2, pixel + width, pixel < width * (height - 1));
    link(3, pixel - width, pixel >= width);
  }
  const copied = (pixel: number, { dx, dy }: Offset) => {
    const x = (pixel % width) + dx;
    const from = pixel + dy * width + dx;
    const isInside = x >= 0 && x < width && from >= 0 && from < hole.length;
    return isInside && !hole[from] && !avoid?.[from] ? from : -1;
  };
  const all = Int32Array.from(pixels);
  const copies = offsets.map((offset) => all.map((pixel) => copied(pixel, offset)));
  const neighbours = beside.map((place) => (place < holes ? place : -1));
  return {
    pixels: all,
    holes,
    beside,
    neighbours,
    copies: [...copies, all.map((pixel) => (hole[pixel] ? -1 : pixel))],
  };
}

/** Lets all pixels of the hole change to one offset at once, where that is better. @returns how many did. */
function expand(level: Level, places: Places, labels: Int32Array, offset: number): number {
  const isTaken = minimumCut(graphOf(level, places, labels, offset));
  let changes = 0;
  for (let place = 0; place < places.holes; place++) {
    if (!isTaken[place] || labels[place] === offset) continue;
    labels[place] = offset;
    changes++;
  }
  return changes;
}

/** The graph whose cut says which pixels take an offset: those on the side of the sink. */
function graphOf(level: Level, places: Places, labels: Int32Array, offset: number): Graph {
  const { holes, beside, neighbours, copies } = places;
  const capacities = new Int32Array(4 * holes);
  const terminals = new Int32Array(holes);
  const into = copies[offset]!;
  const changes = labels.map((label, place) => difference(level, into[place]!, copies[label]![place]!));
  for (let place = 0; place < holes; place++) {
    const own = copies[labels[place]!]!;
    terminals[place]! += impossibleAt(into, place) - impossibleAt(own, place);
    for (let side = 0; side < 4; side++) {
      const other = beside[4 * place + side]!;
      // Each pair of hole pixels is looked at once.
      if (other < 0 || (other < holes && (side & 1) === 1)) continue;
      const theirs = copies[labels[other]!]!;
      if (other >= holes) {
        terminals[place]! += seam(level, into, theirs, place, other) - seam(level, own, theirs, place, other);
      } else if (own === theirs) {
        // Nothing flows to the terminals: most of the work is spared.
        const border = meet(changes[place]!, changes[other]!);
        capacities[4 * place + side] = border;
        capacities[4 * other + (side ^ 1)] = border;
      } else {
        const keep = seam(level, own, theirs, place, other);
        const takeHere = seam(level, into, theirs, place, other);
        const takeThere = seam(level, own, into, place, other);
        const half = Math.min(keep, takeThere, Math.max(keep >> 1, keep - takeHere));
        terminals[place]! -= half;
        terminals[other]! -= keep - half;
        capacities[4 * place + side] = takeThere - half;
        // Below 0 only where the three cannot be compared alike.
        capacities[4 * other + (side ^ 1)] = Math.max(0, takeHere - keep + half);
      }
    }
  }
  return { neighbours, capacities, terminals };
}

const impossibleAt = (copies: Int32Array, place: number): number => (copies[place]! < 0 ? impossible : 0);

/** What it costs that two neighbours copy with these offsets; 0 for the same. */
function seam(level: Level, a: Int32Array, b: Int32Array, place: number, other: number): number {
  if (a === b) return 0;
  return meet(difference(level, a[place]!, b[place]!), difference(level, a[other]!, b[other]!));
}

/** The sum of the differences at both sides of a border; one that is unknown counts like the other. */
function meet(here: number, there: number): number {
  if (here < 0 && there < 0) return unknownSeam;
  return here < 0 ? 2 * there : there < 0 ? 2 * here : here + there;
}

/** Squared difference of two pixels, -1 where one is unknown. */
function difference({ channels, rgb }: Level, a: number, b: number): number {
  if (a < 0 || b < 0) return -1;
  let sum = 0;
  for (let c = 0; c < channels; c++) sum += (rgb[a * channels + c]! - rgb[b * channels + c]!) ** 2;
  return sum;
}
