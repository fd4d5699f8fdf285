import { fillSpan, fullTile, readRow, replaceTile, type TileMask, writeRow } from './tiles.ts';

/** Tools that work on the whole picture. Each is one step. */

export function clearAll(mask: TileMask): void {
  for (let index = 0; index < mask.tiles.length; index++) replaceTile(mask, index, undefined);
}

/** 255 - value. */
export function invert(mask: TileMask): void {
  for (const [index, tile] of mask.tiles.entries()) {
    if (tile === undefined) replaceTile(mask, index, fullTile);
    else if (tile === fullTile) replaceTile(mask, index, undefined);
    else
      replaceTile(
        mask,
        index,
        tile.map((value) => 255 - value),
      );
  }
}

/** Where the mask lies from left to right: the mean of its columns, 0..1; the middle where it is empty. */
export function middleOf(mask: TileMask): number {
  const row = new Uint8Array(mask.width);
  let sum = 0;
  let count = 0;
  for (let y = 0; y < mask.height; y++) {
    readRow(mask, y, row);
    for (let x = 0; x < mask.width; x++) {
      if (row[x] === 0) continue;
      sum += x + 0.5;
      count++;
    }
  }
  return count === 0 ? 0.5 : sum / count / mask.width;
}

/** The larger value of each pixel counts. */
export function addTo(mask: TileMask, rows: (y: number, row: Uint8Array) => void): void {
  const own = new Uint8Array(mask.width);
  const other = new Uint8Array(mask.width);
  for (let y = 0; y < mask.height; y++) {
    readRow(mask, y, own);
    rows(y, other);
    for (let x = 0; x < mask.width; x++) if (other[x]! > own[x]!) own[x] = other[x]!;
    writeRow(mask, y, own);
  }
}

type Run = readonly [number, number];

/** The runs of each row, from 128 on. */
function runsOf(mask: TileMask): Run[][] {
  const row = new Uint8Array(mask.width);
  return Array.from({ length: mask.height }, (_, y) => {
    readRow(mask, y, row);
    const runs: Run[] = [];
    for (let x = 0; x < mask.width; x++) {
      if ((row[x] ?? 0) < 128) continue;
      const from = x;
      while (x < mask.width && (row[x] ?? 0) >= 128) x++;
      runs.push([from, x]);
    }
    return runs;
  });
}

/** Sets every pixel whose centre is at most `radiusPx` away from the centre of a pixel of the mask. */
export function grow(mask: TileMask, radiusPx: number): void {
  const runs = runsOf(mask);
  for (let dy = -radiusPx; dy <= radiusPx; dy++) {
    const half = Math.floor(Math.sqrt(radiusPx * radiusPx - dy * dy));
    for (const [y, ofRow] of runs.entries()) {
      for (const [from, to] of ofRow) fillSpan(mask, y + dy, [from - half, to + half], 255);
    }
  }
}

/**
 * What remains is more than `radiusPx` away from every pixel that is kept; the edge of the picture is none.
 */
export function shrink(mask: TileMask, radiusPx: number): void {
  invert(mask);
  grow(mask, radiusPx);
  invert(mask);
}

/**
 * Fills every area that the mask encloses: what cannot be reached from the edge of the picture over pixels of
 * 0. Neighbours share a side.
 */
export function fillHoles(mask: TileMask): void {
  const { width, height } = mask;
  const reached = new Uint8Array(width * height);
  const row = new Uint8Array(width);
  for (let y = 0; y < height; y++) {
    readRow(mask, y, row);
    for (let x = 0; x < width; x++) if (row[x] !== 0) reached[y * width + x] = 2;
  }
  const edges: number[] = [];
  for (let x = 0; x < width; x++) edges.push(x, (height - 1) * width + x);
  for (let y = 0; y < height; y++) edges.push(y * width, y * width + width - 1);
  spread(reached, width, edges);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (reached[y * width + x] === 0) fillSpan(mask, y, [x, x + 1], 255);
    }
  }
}

/** Turns each 0 that can be reached from the seeds into 1, run by run. */
function spread(cells: Uint8Array, width: number, seeds: number[]): void {
  for (let seed = seeds.pop(); seed !== undefined; seed = seeds.pop()) {
    if (cells[seed] !== 0) continue;
    const start = seed - (seed % width);
    let from = seed;
    let to = seed + 1;
    while (from > start && cells[from - 1] === 0) from--;
    while (to < start + width && cells[to] === 0) to++;
    cells.fill(1, from, to);
    for (const offset of [-width, width]) pushRuns(cells, seeds, [from + offset, to + offset]);
  }
}

/** One seed for each run of 0 between both places. */
function pushRuns(cells: Uint8Array, seeds: number[], [from, to]: Run): void {
  if (from < 0 || to > cells.length) return;
  for (let at = from; at < to; at++) {
    if (cells[at] === 0 && (at === from || cells[at - 1] !== 0)) seeds.push(at);
  }
}
