import {
  type Area,
  fillSpan,
  fullTile,
  insideTile,
  readRow,
  replaceTile,
  type Tile,
  type TileMask,
  writeRow,
} from './tiles.ts';

/** Tools that work on the whole picture. Each is one step. */

export function clearAll(mask: TileMask): void {
  for (let index = 0; index < mask.tiles.length; index++) replaceTile(mask, index, undefined);
}

/** 255 - value. */
export function invert(mask: TileMask): void {
  for (const [index, tile] of mask.tiles.entries()) {
    if (tile === undefined) replaceTile(mask, index, fullTile);
    else if (tile === fullTile) replaceTile(mask, index, undefined);
    else replaceTile(mask, index, inverted(tile));
  }
}

/** Four values at once. */
function inverted(tile: Tile): Tile {
  const words = new Uint32Array(tile.slice().buffer);
  for (let at = 0; at < words.length; at++) words[at] = ~words[at]!;
  return new Uint8Array(words.buffer);
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
  const area = tilesOf(mask);
  return Array.from({ length: mask.height }, (_, y) => {
    if (y < area.top || y >= area.bottom) return [];
    readRow(mask, y, row);
    const runs: Run[] = [];
    for (let x = area.left; x < area.right; x++) {
      if (row[x]! < 128) continue;
      const from = x;
      while (x < area.right && row[x]! >= 128) x++;
      runs.push([from, x]);
    }
    return runs;
  });
}

/** The part of the picture whose tiles are not empty. */
function tilesOf(mask: TileMask): Area {
  const area = { left: mask.width, top: mask.height, right: 0, bottom: 0 };
  for (const [index, tile] of mask.tiles.entries()) {
    if (tile === undefined) continue;
    const { left, top, width, height } = insideTile(mask, index);
    area.left = Math.min(area.left, left);
    area.top = Math.min(area.top, top);
    area.right = Math.max(area.right, left + width);
    area.bottom = Math.max(area.bottom, top + height);
  }
  return area;
}

/** Sets every pixel whose centre is at most `radiusPx` away from the centre of a pixel of the mask. */
export function grow(mask: TileMask, radiusPx: number): void {
  const runs = runsOf(mask);
  const halves = Array.from({ length: 2 * radiusPx + 1 }, (_, at) =>
    Math.floor(Math.sqrt(radiusPx ** 2 - (at - radiusPx) ** 2)),
  );
  // How many discs more begin than end at each column.
  const marks = new Int32Array(mask.width + 1);
  const { top, bottom } = tilesOf(mask);
  for (let y = Math.max(0, top - radiusPx); y < Math.min(mask.height, bottom + radiusPx); y++) {
    for (const [at, half] of halves.entries()) {
      for (const [from, to] of runs[y + at - radiusPx] ?? []) {
        marks[Math.max(0, from - half)]!++;
        marks[Math.min(mask.width, to + half)]!--;
      }
    }
    fillMarked(mask, y, marks);
  }
}

/** Fills where more discs have begun than ended, and takes the marks away. */
function fillMarked(mask: TileMask, y: number, marks: Int32Array): void {
  let depth = 0;
  let from = 0;
  for (let x = 0; x <= mask.width; x++) {
    const change = marks[x]!;
    if (change === 0) continue;
    marks[x] = 0;
    if (depth === 0) from = x;
    depth += change;
    if (depth === 0) fillSpan(mask, y, [from, x], 255);
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
  const area = tilesOf(mask);
  const { cells, width } = cellsOf(mask, area);
  spread(cells, width, [0]);
  for (let y = area.top; y < area.bottom; y++) {
    const start = (y - area.top + 1) * width + 1 - area.left;
    for (let x = area.left; x < area.right; x++) {
      const from = x;
      while (x < area.right && cells[start + x] === 0) x++;
      if (x > from) fillSpan(mask, y, [from, x], 255);
    }
  }
}

/** 2 where the mask is not 0, else 0; with a frame of 0 around the area, which joins all that is outside. */
function cellsOf(mask: TileMask, { left, top, right, bottom }: Area) {
  const width = Math.max(0, right - left) + 2;
  const cells = new Uint8Array(width * (Math.max(0, bottom - top) + 2));
  const row = new Uint8Array(mask.width);
  for (let y = top; y < bottom; y++) {
    readRow(mask, y, row);
    const start = (y - top + 1) * width + 1 - left;
    for (let x = left; x < right; x++) if (row[x] !== 0) cells[start + x] = 2;
  }
  return { cells, width };
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
