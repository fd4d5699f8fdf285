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
  const box = boxOf(layer, area, linePx);
  const kept = distances(layer, box, (alpha) => alpha === 0);
  eachPixel(layer, box, (at, within) => {
    const d = kept[within]!;
    if (d <= linePx || d >= width) return;
    const t = d / width;
    layer.data[at * 4 + 3] = Math.round(layer.data[at * 4 + 3]! * t * t * (3 - 2 * t));
  });
}

/**
 * Draws two dashed lines: where the edge of the mask would be if it grew, and if it shrank.
 *
 * @param area where the picture lies in the layer; its border shrinks nothing.
 * @param radius by which it grows or shrinks, pixels of the layer, above 0.
 */
export function drawMovedEdges(layer: Layer, area: Area, radius: number): void {
  const reach = Math.max(linePx, radius);
  const box = boxOf(layer, area, Math.ceil(reach));
  const grown = distances(layer, box, (alpha) => alpha > 0);
  const kept = distances(layer, box, (alpha) => alpha === 0);
  const pixels = new Uint32Array(layer.data.buffer);
  eachPixel(layer, box, (at, within) => {
    const [out, into] = [grown[within]!, kept[within]!];
    const isOuter = out > reach - linePx && out <= reach && out > 0;
    const isInner = into > reach && into <= reach + linePx;
    const dash = ((at % layer.width) + Math.floor(at / layer.width)) >> 2;
    if (isOuter || isInner) pixels[at] = dash & 1 ? 0xff000000 : 0xffffffff;
  });
}

/** What is drawn of the mask in an area, and a margin around it. */
function boxOf({ width, height, data }: Layer, area: Area, margin: number): Area {
  const [left, top] = [Math.max(0, area.left), Math.max(0, area.top)];
  const [right, bottom] = [Math.min(width, area.right), Math.min(height, area.bottom)];
  const box = { left: right, top: bottom, right: left, bottom: top };
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      if (data[(y * width + x) * 4 + 3] === 0) continue;
      box.left = Math.min(box.left, x);
      box.right = Math.max(box.right, x + 1);
      box.top = Math.min(box.top, y);
      box.bottom = y + 1;
    }
  }
  return {
    left: Math.max(left, box.left - margin),
    top: Math.max(top, box.top - margin),
    right: Math.min(right, box.right + margin),
    bottom: Math.min(bottom, box.bottom + margin),
  };
}

function eachPixel(
  { width }: Layer,
  { left, top, right, bottom }: Area,
  work: (at: number, within: number) => void,
): void {
  let within = 0;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) work(y * width + x, within++);
  }
}

/**
 * The exact distance of each pixel of a box to the nearest one whose alpha is wanted; infinite where there is
 * none.
 *
 * @see Felzenszwalb and Huttenlocher, "Distance Transforms of Sampled Functions", 2012.
 */
function distances(layer: Layer, box: Area, isWanted: (alpha: number) => boolean): Float32Array {
  const width = Math.max(0, box.right - box.left);
  const distance = new Float32Array(width * Math.max(0, box.bottom - box.top));
  eachPixel(layer, box, (at, within) => {
    distance[within] = isWanted(layer.data[at * 4 + 3]!) ? 0 : Number.POSITIVE_INFINITY;
  });
  alongColumns(distance, width);
  const envelope = newEnvelope(width);
  for (let start = 0; start < distance.length; start += width) {
    alongRow(distance.subarray(start, start + width), envelope);
  }
  return distance;
}

/** The distance to the nearest 0 of the same column. */
function alongColumns(distance: Float32Array, width: number): void {
  const count = distance.length;
  for (let at = width; at < count; at++) distance[at] = Math.min(distance[at]!, distance[at - width]! + 1);
  for (let at = count - width - 1; at >= 0; at--) {
    distance[at] = Math.min(distance[at]!, distance[at + width]! + 1);
  }
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
  for (let x = 0; x < row.length; x++) {
    if (row[x] === Number.POSITIVE_INFINITY) continue;
    heights[x] = row[x]! ** 2;
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
