import type { Size } from '../../pixels/raster.ts';
import type { Level } from './level.ts';

/** The square patches of one level, by the index of their centre pixel. All lie wholly inside the picture. */
export interface Patches {
  /** Patches are (2 radius + 1) pixels wide. */
  readonly radius: number;
  /** Hole pixels in scan order. */
  readonly holes: Int32Array;
  /** Centres of patches that contain a hole pixel, in scan order. */
  readonly targets: Int32Array;
  /** Centres of patches without any pixel of the hole or to avoid, in scan order. */
  readonly sources: Int32Array;
  /** H x W: 1 at the centres listed in `sources`. */
  readonly isSource: Uint8Array;
}

/**
 * The largest radius up to `maxRadius` at which the level still has a few patches to copy from.
 *
 * @param avoid H x W: 1 where nothing is copied from.
 */
export function patchesOf(level: Level, maxRadius: number, avoid?: Uint8Array): Patches {
  const fitting = (Math.min(level.width, level.height) - 1) >> 1;
  for (let radius = Math.min(maxRadius, fitting); radius > 0; radius--) {
    const patches = patchesOfRadius(level, radius, avoid);
    if (patches.sources.length >= minSources) return patches;
  }
  return patchesOfRadius(level, 0, avoid);
}

/** With fewer sources the copies repeat and show as stripes. */
const minSources = 16;

function patchesOfRadius(level: Level, radius: number, avoid: Uint8Array | undefined): Patches {
  const { width, height, hole } = level;
  const touched = boxDilate(hole, width, height, radius);
  const refused = avoid && boxDilate(avoid, width, height, radius);
  const isSource = new Uint8Array(width * height);
  const targets: number[] = [];
  const sources: number[] = [];
  for (let y = radius; y < height - radius; y++) {
    for (let x = radius; x < width - radius; x++) {
      const i = y * width + x;
      if (touched[i]) targets.push(i);
      else if (!refused?.[i]) {
        sources.push(i);
        isSource[i] = 1;
      }
    }
  }
  const holes: number[] = [];
  for (let i = 0; i < hole.length; i++) if (hole[i]) holes.push(i);
  return {
    radius,
    holes: Int32Array.from(holes),
    targets: Int32Array.from(targets),
    sources: Int32Array.from(sources),
    isSource,
  };
}

/** 1 where any pixel of the (2 radius + 1) square around is 1; separable, by running counts. */
function boxDilate(hole: Uint8Array, width: number, height: number, radius: number): Uint8Array {
  const rows = new Uint8Array(hole.length);
  const out = new Uint8Array(hole.length);
  for (let y = 0; y < height; y++) dilateLine(hole, rows, y * width, 1, width, radius);
  for (let x = 0; x < width; x++) dilateLine(rows, out, x, width, height, radius);
  return out;
}

function dilateLine(
  from: Uint8Array,
  to: Uint8Array,
  start: number,
  step: number,
  length: number,
  radius: number,
): void {
  let last = -1 - radius;
  let next = -1;
  for (let i = 0; i < length; i++) {
    while (next < i + radius && next < length - 1) {
      next++;
      if (from[start + next * step]) last = next;
    }
    to[start + i * step] = last >= i - radius ? 1 : 0;
  }
}

/** Flags of a level of half the size, rounded up: 1 where any of the four pixels below is. */
export function halveFlags(flags: Uint8Array, { width, height }: Size): Uint8Array {
  const stride = (width + 1) >> 1;
  const half = new Uint8Array(stride * ((height + 1) >> 1));
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) if (flags[i]) half[(y >> 1) * stride + (x >> 1)] = 1;
  }
  return half;
}
