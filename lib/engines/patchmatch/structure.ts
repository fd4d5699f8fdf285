import { type Field, labelNear, type Random, randomSource } from './field.ts';
import type { Level } from './level.ts';
import { chooseOffsets } from './montage.ts';
import { dominantOffsets, type Offset } from './offsets.ts';
import type { Patches } from './patches.ts';
import type { Effort } from './refine.ts';

/** Larger levels take longer than four pictures by patches: longer side, and pixels to fill. */
const mostSidePx = 256;
const mostHoles = 4000;

/** Matches only move a little after their offsets are chosen. @param index 0 for the finest level. */
export function pieceEffortAt(index: number): Effort {
  if (index === 0) return { rounds: 3, sweeps: 2, reach: 4 };
  return { rounds: index === 1 ? 3 : 4, sweeps: 2, reach: 8 };
}

/** True where offsets can be chosen in the time that other pictures take. */
export const suitsOffsets = ({ width, height, hole }: Level): boolean =>
  Math.max(width, height) <= mostSidePx && hole.reduce((sum, inside) => sum + inside, 0) <= mostHoles;

/**
 * The field that copies the hole in a few large pieces, whose borders show least: lines, edges and what
 * repeats go on through it.
 *
 * @param avoid H x W: 1 where nothing is copied from.
 * @returns `undefined` where the known part resembles itself nowhere.
 */
export function fieldOfOffsets(
  level: Level,
  patches: Patches,
  avoid: Uint8Array | undefined,
  random: Random,
): Field | undefined {
  const offsets = dominantOffsets(level, patches, random);
  if (offsets.length === 0) return undefined;
  const chosen = chooseOffsets(level, offsets, avoid);
  const field = new Int32Array(level.hole.length).fill(-1);
  for (const target of patches.targets) {
    const label = labelNear(chosen, level, target, patches.radius);
    const source = label < 0 ? -1 : movedInside(target, offsets[label]!, level, patches.radius);
    field[target] = patches.isSource[source] ? source : randomSource(patches, random);
  }
  return field;
}

function movedInside(pixel: number, { dx, dy }: Offset, { width, height }: Level, radius: number): number {
  const x = pixel % width;
  const y = (pixel - x) / width;
  const column = Math.min(width - 1 - radius, Math.max(radius, x + dx));
  const row = Math.min(height - 1 - radius, Math.max(radius, y + dy));
  return row * width + column;
}
