import { type Area, fillSpan, type TileMask } from './tiles.ts';

/** Pixels of the picture; whole numbers are the corners of pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A round brush moved along a line. */
interface Capsule {
  readonly from: Point;
  readonly to: Point;
  readonly radius: number;
}

/** Is the centre of a pixel at most `radius` away from the line? */
export function isInCapsule({ from, to, radius }: Capsule, x: number, y: number): boolean {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const [px, py] = [x + 0.5 - from.x, y + 0.5 - from.y];
  const length2 = dx * dx + dy * dy;
  const along = length2 === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / length2));
  const [ex, ey] = [px - along * dx, py - along * dy];
  return ex * ex + ey * ey <= radius * radius;
}

type Range = readonly [number, number];

const none: Range = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

/** Where a horizontal line meets a disc. */
function discRange(centre: Point, radius: number, y: number): Range {
  const rest = radius * radius - (y - centre.y) ** 2;
  if (rest < -1e-6) return none;
  const half = Math.sqrt(Math.max(0, rest));
  return [centre.x - half, centre.x + half];
}

/** All x with `low <= slope * x + offset <= high`. */
function linearRange(slope: number, offset: number, [low, high]: Range): Range {
  if (slope === 0) return offset < low || offset > high ? none : [-Infinity, Infinity];
  const [a, b] = [(low - offset) / slope, (high - offset) / slope];
  return a < b ? [a, b] : [b, a];
}

/** Where a horizontal line meets the rectangle between both ends. */
function bodyRange({ from, to, radius }: Capsule, y: number): Range {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length2 = dx * dx + dy * dy;
  if (length2 === 0) return none;
  const across = radius * Math.sqrt(length2);
  const along = linearRange(dx, (y - from.y) * dy - from.x * dx, [0, length2]);
  const beside = linearRange(dy, -(y - from.y) * dx - from.x * dy, [-across, across]);
  const range: Range = [Math.max(along[0], beside[0]), Math.min(along[1], beside[1])];
  return range[0] <= range[1] ? range : none;
}

/**
 * Sets every pixel whose centre is in the capsule: exactly those of `isInCapsule`. Each row of a capsule is
 * one span; its ends are computed, then moved until the pixels agree.
 */
export function fillCapsule(mask: TileMask, capsule: Capsule, value: number): Area {
  const { from, to, radius } = capsule;
  const area = areaAround([from, to], radius);
  const first = Math.max(0, area.top);
  const last = Math.min(mask.height, area.bottom);
  for (let y = first; y < last; y++) {
    const ranges = [
      discRange(from, radius, y + 0.5),
      discRange(to, radius, y + 0.5),
      bodyRange(capsule, y + 0.5),
    ];
    let left = Math.floor(Math.min(...ranges.map(([low]) => low)) - 0.5);
    let right = Math.ceil(Math.max(...ranges.map(([, high]) => high)) + 0.5);
    if (left > right) continue;
    while (left < right && !isInCapsule(capsule, left, y)) left++;
    while (right > left && !isInCapsule(capsule, right - 1, y)) right--;
    fillSpan(mask, y, [left, right], value);
  }
  return area;
}

function areaAround(points: readonly Point[], margin: number): Area {
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  return {
    left: Math.floor(Math.min(...xs) - margin),
    top: Math.floor(Math.min(...ys) - margin),
    right: Math.ceil(Math.max(...xs) + margin),
    bottom: Math.ceil(Math.max(...ys) + margin),
  };
}

/** Sets the pixels whose centres lie between two corners. */
export function fillBox(mask: TileMask, [a, b]: readonly [Point, Point], value: number): Area {
  const area = {
    left: Math.round(Math.min(a.x, b.x)),
    top: Math.round(Math.min(a.y, b.y)),
    right: Math.round(Math.max(a.x, b.x)),
    bottom: Math.round(Math.max(a.y, b.y)),
  };
  for (let y = Math.max(0, area.top); y < Math.min(mask.height, area.bottom); y++) {
    fillSpan(mask, y, [area.left, area.right], value);
  }
  return area;
}

interface Crossing {
  readonly x: number;
  /** +1 downwards, -1 upwards. */
  readonly winding: number;
}

/** Where the edges of a closed polygon cross a horizontal line. */
function crossingsAt(points: readonly Point[], y: number): readonly Crossing[] {
  const crossings: Crossing[] = [];
  for (const [index, a] of points.entries()) {
    const b = points[(index + 1) % points.length] ?? a;
    if (a.y <= y === b.y <= y) continue;
    crossings.push({ x: a.x + ((y - a.y) * (b.x - a.x)) / (b.y - a.y), winding: a.y <= y ? 1 : -1 });
  }
  return crossings.sort((one, other) => one.x - other.x);
}

/** Sets the pixels whose centres a closed polygon winds around, also where it crosses itself. */
export function fillPolygon(mask: TileMask, points: readonly Point[], value: number): Area {
  const area = areaAround(points, 0);
  for (let y = Math.max(0, area.top); y < Math.min(mask.height, area.bottom); y++) {
    let winding = 0;
    let from = 0;
    for (const crossing of crossingsAt(points, y + 0.5)) {
      const at = Math.ceil(crossing.x - 0.5);
      if (winding !== 0) fillSpan(mask, y, [from, at], value);
      winding += crossing.winding;
      from = at;
    }
  }
  return area;
}
