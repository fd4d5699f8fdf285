import type { Area } from './tiles.ts';

interface Layer {
  readonly width: number;
  readonly height: number;
  /** 4 bytes a pixel; alpha 0 where nothing is masked. */
  readonly data: Uint8ClampedArray;
}

const straight = 1;
const diagonal = Math.SQRT2;

/**
 * Fades the drawn mask towards its edge, as the blend does: alpha * S(d / width), S the smoothstep, d the
 * distance to the nearest pixel of the picture that is not masked (by chamfer, at most 8 % too long). The
 * line along the edge stays.
 *
 * @param area where the picture lies in the layer; what is outside is no edge.
 * @param width of the blend, pixels of the layer, above 0.
 */
export function fadeEdge(layer: Layer, area: Area, width: number): void {
  const distance = distances(layer, area);
  for (const [at, d] of distance.entries()) {
    if (d <= straight || d >= width) continue;
    const t = d / width;
    const alpha = at * 4 + 3;
    layer.data[alpha] = Math.round((layer.data[alpha] ?? 0) * t * t * (3 - 2 * t));
  }
}

function distances({ width, height, data }: Layer, { left, top, right, bottom }: Area): Float32Array {
  const distance = new Float32Array(width * height).fill(Number.POSITIVE_INFINITY);
  for (let y = Math.max(0, top); y < Math.min(height, bottom); y++) {
    for (let x = Math.max(0, left); x < Math.min(width, right); x++) {
      if (data[(y * width + x) * 4 + 3] === 0) distance[y * width + x] = 0;
    }
  }
  sweep(distance, width, 1);
  sweep(distance, width, -1);
  return distance;
}

/** From the first pixel to the last one, or back: each takes the shortest way over those before it. */
function sweep(distance: Float32Array, width: number, direction: 1 | -1): void {
  const count = distance.length;
  const from = (at: number, offset: number, length: number, least: number) =>
    Math.min(least, (distance[at - direction * offset] ?? Number.POSITIVE_INFINITY) + length);
  for (let step = 0; step < count; step++) {
    const at = direction === 1 ? step : count - 1 - step;
    const x = direction === 1 ? at % width : width - 1 - (at % width);
    let least = distance[at]!;
    if (least === 0) continue;
    if (x > 0) least = from(at, width + 1, diagonal, from(at, 1, straight, least));
    if (x < width - 1) least = from(at, width - 1, diagonal, least);
    distance[at] = from(at, width, straight, least);
  }
}
