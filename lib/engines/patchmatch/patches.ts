import type { Pointer } from '../../kernels/exports.ts';
import { useKernels } from '../../kernels/kernels.ts';
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

function patchesOfRadius({ width, height, hole }: Level, radius: number, avoid = hole): Patches {
  const pixels = width * height;
  return useKernels(({ kernels, arena: { put, reserve, take } }) => {
    const inside = put(hole);
    const [flags, isTarget, isSource] = [reserve(2 * pixels), reserve(pixels), reserve(pixels)];
    kernels.markPatches(inside, put(avoid), width, height, radius, flags, isTarget, isSource);
    const places = reserve(4 * pixels);
    const listed = (marks: Pointer) => take(Int32Array, places, kernels.listPlaces(marks, pixels, places));
    const [holes, targets, sources] = [listed(inside), listed(isTarget), listed(isSource)];
    return { radius, holes, targets, sources, isSource: take(Uint8Array, isSource, pixels) };
  });
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
