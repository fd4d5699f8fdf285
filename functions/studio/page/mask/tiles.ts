/** Side of a tile, pixels. */
export const tilePx = 256;
const tileBytes = tilePx * tilePx;

/** Values of one tile, row by row: 0 (keep) to 255 (edit). Never changed once a step has ended. */
export type Tile = Uint8Array;

/** Every tile that is edited throughout. */
export const fullTile: Tile = new Uint8Array(tileBytes).fill(255);

/**
 * A mask of the size of its picture, as tiles of 256 x 256 bytes. `undefined` is an empty tile, `fullTile` a
 * full one: a mask of 24 megapixels that covers a person holds a few megabytes. What lies outside the picture
 * in the tiles of its edges has no meaning.
 */
export interface TileMask {
  readonly width: number;
  readonly height: number;
  readonly columns: number;
  readonly rows: number;
  readonly tiles: (Tile | undefined)[];
  /** Tiles that the running step has changed, as they were before it. */
  readonly before: Map<number, Tile | undefined>;
}

/** Pixels of the picture; `right` and `bottom` are the first ones outside. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export function emptyMask(width: number, height: number): TileMask {
  const columns = Math.ceil(width / tilePx);
  const rows = Math.ceil(height / tilePx);
  const tiles = Array.from({ length: columns * rows }, () => undefined);
  return { width, height, columns, rows, tiles, before: new Map() };
}

/** 0..255; 0 outside the picture. */
export function valueAt(mask: TileMask, x: number, y: number): number {
  if (x < 0 || y < 0 || x >= mask.width || y >= mask.height) return 0;
  const tile = mask.tiles[Math.floor(y / tilePx) * mask.columns + Math.floor(x / tilePx)];
  return tile === undefined ? 0 : (tile[(y % tilePx) * tilePx + (x % tilePx)] ?? 0);
}

/** Puts another tile in its place; the running step remembers the former one. */
export function replaceTile(mask: TileMask, index: number, tile: Tile | undefined): void {
  const former = mask.tiles[index];
  if (former === tile) return;
  if (!mask.before.has(index)) mask.before.set(index, former);
  mask.tiles[index] = tile;
}

/** The tile to write into: a copy, unless the running step has made one already. */
function writable(mask: TileMask, index: number): Tile {
  const tile = mask.tiles[index];
  const isOwn = mask.before.has(index) && tile !== undefined && tile !== fullTile;
  if (isOwn && mask.before.get(index) !== tile) return tile;
  const copy = tile === undefined ? new Uint8Array(tileBytes) : tile.slice();
  replaceTile(mask, index, copy);
  return copy;
}

/** Sets the pixels `from` to `to - 1` of a row, as far as they lie in the picture. */
export function fillSpan(mask: TileMask, y: number, span: readonly [number, number], value: number): void {
  if (y < 0 || y >= mask.height) return;
  const from = Math.max(0, span[0]);
  const to = Math.min(mask.width, span[1]);
  const row = Math.floor(y / tilePx);
  const start = (y % tilePx) * tilePx;
  for (let x = from; x < to; ) {
    const column = Math.floor(x / tilePx);
    const end = Math.min(to, (column + 1) * tilePx);
    const index = row * mask.columns + column;
    if (!isAll(mask.tiles[index], value)) {
      const left = column * tilePx;
      writable(mask, index).fill(value, start + x - left, start + end - left);
    }
    x = end;
  }
}

const isAll = (tile: Tile | undefined, value: number) =>
  (tile === undefined && value === 0) || (tile === fullTile && value === 255);

/** The part of a tile that lies in the picture, pixels. */
export function insideTile(mask: TileMask, index: number) {
  const left = (index % mask.columns) * tilePx;
  const top = Math.floor(index / mask.columns) * tilePx;
  const width = Math.min(tilePx, mask.width - left);
  const height = Math.min(tilePx, mask.height - top);
  return { left, top, width, height };
}

/** An empty or full tile as the shared one, every other as it is. */
function shared(mask: TileMask, index: number): Tile | undefined {
  const tile = mask.tiles[index];
  if (tile === undefined || tile === fullTile) return tile;
  const { width, height } = insideTile(mask, index);
  const first = tile[0] ?? 0;
  if (first !== 0 && first !== 255) return tile;
  for (let y = 0; y < height; y++) {
    const start = y * tilePx;
    for (let x = start; x < start + width; x++) if (tile[x] !== first) return tile;
  }
  return first === 0 ? undefined : fullTile;
}

/**
 * Ends the running step.
 *
 * @returns the changed tiles as they were before; empty where nothing was changed.
 */
export function endStep(mask: TileMask): ReadonlyMap<number, Tile | undefined> {
  const changed = new Map<number, Tile | undefined>();
  for (const [index, former] of mask.before) {
    const tile = shared(mask, index);
    mask.tiles[index] = isSame(mask, index, { tile, former }) ? former : tile;
    if (mask.tiles[index] !== former) changed.set(index, former);
  }
  mask.before.clear();
  return changed;
}

interface TilePair {
  readonly tile: Tile | undefined;
  readonly former: Tile | undefined;
}

function isSame(mask: TileMask, index: number, { tile, former }: TilePair): boolean {
  if (tile === undefined || former === undefined) return tile === former;
  const { width, height } = insideTile(mask, index);
  for (let y = 0; y < height; y++) {
    const start = y * tilePx;
    for (let x = start; x < start + width; x++) if (tile[x] !== former[x]) return false;
  }
  return true;
}

/** Takes the running step back. */
export function dropStep(mask: TileMask): void {
  for (const [index, former] of mask.before) mask.tiles[index] = former;
  mask.before.clear();
}

interface TileFacts {
  /** Pixels above 0. */
  readonly edited: number;
  /** A value is neither 0 nor 255. */
  readonly isGrey: boolean;
}

/** A tile never changes once its step has ended, so it is counted once. */
const known = new WeakMap<Tile, TileFacts>();

function factsOfTile(mask: TileMask, index: number): TileFacts {
  const tile = mask.tiles[index];
  const { width, height } = insideTile(mask, index);
  if (tile === undefined) return { edited: 0, isGrey: false };
  if (tile === fullTile) return { edited: width * height, isGrey: false };
  const seen = known.get(tile);
  if (seen !== undefined) return seen;
  let edited = 0;
  let grey = 0;
  for (let y = 0; y < height; y++) {
    for (let x = y * tilePx; x < y * tilePx + width; x++) {
      const value = tile[x] ?? 0;
      if (value > 0) edited++;
      if (value > 0 && value < 255) grey++;
    }
  }
  const facts = { edited, isGrey: grey > 0 };
  known.set(tile, facts);
  return facts;
}

/** Between two steps only: pixels above 0, and whether any value is grey. */
export function factsOf(mask: TileMask): TileFacts {
  let edited = 0;
  let isGrey = false;
  for (let index = 0; index < mask.tiles.length; index++) {
    const facts = factsOfTile(mask, index);
    edited += facts.edited;
    isGrey ||= facts.isGrey;
  }
  return { edited, isGrey };
}

/** A row as bytes. */
export function readRow(mask: TileMask, y: number, row: Uint8Array): void {
  const first = Math.floor(y / tilePx) * mask.columns;
  const start = (y % tilePx) * tilePx;
  for (let column = 0; column < mask.columns; column++) {
    const left = column * tilePx;
    const width = Math.min(tilePx, mask.width - left);
    const tile = mask.tiles[first + column];
    if (tile === undefined) row.fill(0, left, left + width);
    else row.set(tile.subarray(start, start + width), left);
  }
}

/** Sets a whole row from bytes. */
export function writeRow(mask: TileMask, y: number, row: Uint8Array): void {
  const start = (y % tilePx) * tilePx;
  for (let column = 0; column < mask.columns; column++) {
    const left = column * tilePx;
    const part = row.subarray(left, Math.min(left + tilePx, mask.width));
    const index = Math.floor(y / tilePx) * mask.columns + column;
    if (mask.tiles[index] === undefined && part.every((value) => value === 0)) continue;
    writable(mask, index).set(part, start);
  }
}
