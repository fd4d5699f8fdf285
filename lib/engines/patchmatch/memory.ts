import type { Pointer } from '../../kernels/exports.ts';
import type { KernelUse } from '../../kernels/kernels.ts';
import type { Field } from './field.ts';
import type { Level } from './level.ts';
import type { Patches } from './patches.ts';

/** A level, its patches and its matches, as far as they are read or written in the memory of the kernels. */
export interface LevelMemory {
  /** The `PatchLevel` that kernels take. */
  readonly at: Pointer;
  readonly rgb: Pointer;
  readonly nearest: Pointer;
  readonly cost: Pointer;
  readonly weights: Pointer;
  readonly origins: Pointer;
  readonly holes: Pointer;
}

/** What no neighbour of a match can be: it is further below 0 than any picture is large. */
const outside = -(2 ** 30);

/** Begins with costs of 0. */
export function putLevel({ arena }: KernelUse, level: Level, patches: Patches, field: Field): LevelMemory {
  const { width, height, channels } = level;
  const pixels = width * height;
  const rgb = arena.put(level.rgb);
  const features = arena.put(level.features);
  const isSource = arena.put(patches.isSource);
  const rowAbove = arena.reserve(4 * (pixels + 2 * width));
  const nearest = rowAbove + 4 * width;
  const cost = arena.reserve(4 * pixels);
  const weights = arena.reserve(8 * pixels);
  const origins = arena.reserve(4 * pixels);
  const holes = arena.put(patches.holes);
  const targets = [arena.put(patches.targets), patches.targets.length];
  const windows = arena.reserve(256);
  // The order of the fields of `PatchLevel`.
  const size = [width, height, channels, patches.radius];
  const maps = [rgb, features, isSource, nearest, cost, weights, origins];
  const at = arena.put(Int32Array.of(...size, ...maps, holes, patches.holes.length, ...targets, windows));
  const framed = arena.view(Int32Array, rowAbove, pixels + 2 * width);
  framed
    .fill(outside, 0, width)
    .fill(outside, pixels + width)
    .set(field, width);
  arena.view(Int32Array, cost, pixels).fill(0);
  return { at, rgb, nearest, cost, weights, origins, holes };
}

/** Copies out what changed. */
export function takeLevel({ arena }: KernelUse, memory: LevelMemory, level: Level, field: Field): void {
  level.rgb.set(arena.view(Uint8Array, memory.rgb, level.rgb.length));
  field.set(arena.view(Int32Array, memory.nearest, field.length));
}
