import { describe, expect, it } from 'vitest';
import { blendPieces } from '../../../../lib/engines/patchmatch/blend.ts';
import { finestLevel, type Level } from '../../../../lib/engines/patchmatch/level.ts';
import { putLevel, takeLevel } from '../../../../lib/engines/patchmatch/memory.ts';
import { patchesOf } from '../../../../lib/engines/patchmatch/patches.ts';
import { useKernels } from '../../../../lib/kernels/kernels.ts';

const width = 60;
const height = 20;
const isHole = (x: number) => x >= 20 && x < 40;

/** A grey ramp to the right, `slope` levels a pixel; the hole copied from 20 px further left or right. */
function copiedRamp(slope: number) {
  const rgb = new Uint8Array(width * height * 3);
  const hole = new Uint8Array(width * height);
  const origins = new Int32Array(width * height).fill(-1);
  for (let i = 0; i < width * height; i++) {
    const x = i % width;
    const from = isHole(x) ? (x < 30 ? x - 20 : x + 20) : x;
    rgb.fill(40 + slope * from, 3 * i, 3 * i + 3);
    if (!isHole(x)) continue;
    hole[i] = 1;
    origins[i] = i + from - x;
  }
  return { level: finestLevel({ width, height, rgb }, hole), origins, before: rgb };
}

function blend(level: Level, origins: Int32Array): void {
  const patches = patchesOf(level, 3);
  useKernels((use) => {
    const memory = putLevel(use, level, patches, origins);
    use.arena.view(Int32Array, memory.origins, origins.length).set(origins);
    blendPieces(use, level, patches, memory);
    takeLevel(use, memory, level, origins);
  });
}

const rowOf = (rgb: Uint8Array, y: number) =>
  Array.from({ length: width }, (_, x) => rgb[3 * (y * width + x)]!);
const steepest = (row: number[]) => Math.max(...row.slice(1).map((value, x) => Math.abs(value - row[x]!)));

describe('blendPieces', () => {
  it('takes the steps of light out of pieces copied from brighter and darker places', () => {
    const { level, origins, before } = copiedRamp(0.25);
    expect(steepest(rowOf(before, 10))).toBeGreaterThan(9);
    blend(level, origins);
    expect(steepest(rowOf(level.rgb, 10))).toBeLessThan(6);
  });

  it('leaves steps alone that are edges of things', () => {
    const { level, origins, before } = copiedRamp(3);
    blend(level, origins);
    expect(level.rgb).toEqual(before);
  });

  it('changes nothing outside the hole', () => {
    const { level, origins, before } = copiedRamp(0.25);
    blend(level, origins);
    const outside = (rgb: Uint8Array) => rgb.filter((_, i) => !isHole(Math.floor(i / 3) % width));
    expect(outside(level.rgb)).toEqual(outside(before));
  });

  it('changes nothing where one piece fits without a step', () => {
    const { level, origins, before } = copiedRamp(0);
    blend(level, origins);
    expect(level.rgb).toEqual(before);
  });
});
