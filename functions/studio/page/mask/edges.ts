import type { Area } from './tiles.ts';

/** Lines and bands along the edge of the mask, as it is drawn. */

interface Layer {
  readonly width: number;
  readonly height: number;
  /** 4 bytes a pixel; alpha 0 where nothing is masked. */
  readonly data: Uint8ClampedArray;
}

/** The pixels along the edge itself are a line, and stay. */
const linePx = 1;

/**
 * Fades the drawn mask towards its edge, as the blend does: alpha * S(d / width), S the smoothstep, d the
 * distance to the nearest pixel of the picture that is not masked. The line along the edge stays.
 *
 * @param area where the picture lies in the layer; what is outside is no edge.
 * @param width of the blend, pixels of the layer, above 0.
 */
export function fadeEdge(layer: Layer, area: Area, width: number): void {
  const kept = distances(layer, area, (alpha) => alpha === 0);
  for (const [at, d] of kept.entries()) {
    if (d <= linePx || d >= width) continue;
    const t = d / width;
    const alpha = at * 4 + 3;
    layer.data[alpha] = Math.round((layer.data[alpha] ?? 0) * t * t * (3 - 2 * t));
  }
}

/**
 * Draws two dashed lines: where the edge of the mask would be if it grew, and if it shrank.
 *
 * @param area where the picture lies in the layer; its border shrinks nothing.
 * @param radius by which it grows or shrinks, pixels of the layer, above 0.
 */
export function drawMovedEdges(layer: Layer, area: Area, radius: number): void {
  const grown = distances(layer, area, (alpha) => alpha > 0);
  const kept = distances(layer, area, (alpha) => alpha === 0);
  const pixels = new Uint32Array(layer.data.buffer);
  const reach = Math.max(linePx, radius);
  for (let y = Math.max(0, area.top); y < Math.min(layer.height, area.bottom); y++) {
    for (let x = Math.max(0, area.left); x < Math.min(layer.width, area.right); x++) {
      const at = y * layer.width + x;
      const isOuter = grown[at]! > reach - linePx && grown[at]! <= reach && grown[at]! > 0;
      const isInner = kept[at]! > reach && kept[at]! <= reach + linePx;
      if (isOuter || isInner) pixels[at] = ((x + y) >> 2) & 1 ? 0xff000000 : 0xffffffff;
    }
  }
}

/**
 * The exact distance of each pixel to the nearest one of the area whose alpha is wanted; infinite where there
 * is none.
 *
 * @see Felzenszwalb and Huttenlocher, "Distance Transforms of Sampled Functions", 2012.
 */
function distances(
  { width, height, data }: Layer,
  { left, top, right, bottom }: Area,
  isWanted: (alpha: number) => boolean,
): Float32Array {
  const distance = new Float32Array(width * height).fill(Number.POSITIVE_INFINITY);
  for (let y = Math.max(0, top); y < Math.min(height, bottom); y++) {
    for (let x = Math.max(0, left); x < Math.min(width, right); x++) {
      if (isWanted(data[(y * width + x) * 4 + 3]!)) distance[y * width + x] = 0;
    }
  }
  alongColumns(distance, width);
  const row = newEnvelope(width);
  for (let start = 0; start < distance.length; start += width) {
    alongRow(distance.subarray(start, start + width), row);
  }
  return distance;
}

/** The distance to the nearest 0 of the same column. */
function alongColumns(distance: Float32Array, width: number): void {
  const count = distance.length;
  for (let at = width; at < count; at++) distance[at] = Math.min(distance[at]!, distance[at - width]! + 1);
  for (let at = count - width - 1; at >= 0; at--)
    distance[at] = Math.min(distance[at]!, distance[at + width]! + 1);
}

const newEnvelope = (width: number) => ({
  /** Columns whose parabolas are the lowest somewhere, and from where on each is. */
  columns: new Int32Array(width),
  from: new Float64Array(width),
  heights: new Float64Array(width),
});

/** From the distances within columns to those within the plane: the lower envelope of parabolas. */
function alongRow(row: Float32Array, { columns, from, heights }: ReturnType<typeof newEnvelope>): void {
  let count = 0;
  for (const [x, height] of row.entries()) {
    if (height === Number.POSITIVE_INFINITY) continue;
    heights[x] = height * height;
    let start = Number.NEGATIVE_INFINITY;
    for (; count > 0; count--) {
      const last = columns[count - 1]!;
      start = (heights[x]! + x * x - heights[last]! - last * last) / (2 * (x - last));
      if (start > from[count - 1]!) break;
      start = Number.NEGATIVE_INFINITY;
    }
    columns[count] = x;
    from[count++] = start;
  }
  if (count === 0) return;
  for (let x = 0, at = 0; x < row.length; x++) {
    while (at + 1 < count && from[at + 1]! < x) at++;
    const column = columns[at]!;
    row[x] = Math.sqrt((x - column) ** 2 + heights[column]!);
  }
}
