import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { randomField, seededRandom } from '../../../../lib/engines/patchmatch/field.ts';
import { finestLevel } from '../../../../lib/engines/patchmatch/level.ts';
import { patchesOf } from '../../../../lib/engines/patchmatch/patches.ts';
import { findOrigins, refineLevel } from '../../../../lib/engines/patchmatch/refine.ts';
import { withEachPoison } from '../../../support/poisoned-kernels.ts';

interface Scene {
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
  readonly radius: number;
  readonly sample: (x: number, y: number, noise: number) => number;
}

const soft = (x: number, y: number, noise: number) => 100 + 60 * Math.sin((x + y / 3) / 5) + (noise & 15);
const harsh = (x: number, y: number, noise: number) => ((x >> 2) + (y >> 3) + (noise & 1)) % 2 && 255;

/** Two holes, one of them at the border. */
const isHole = ({ width, height }: Scene, x: number, y: number) =>
  Math.hypot(x - width / 2, y - height / 2) < Math.min(width, height) / 4 ||
  x + y < Math.min(width, height) / 4;

function refined(scene: Scene, seed: number): string {
  const { width, height, channels, radius, sample } = scene;
  const noise = seededRandom(1);
  const at = (i: number) => [Math.floor(i / channels) % width, Math.floor(i / channels / width)] as const;
  const rgb = Uint8Array.from({ length: width * height * channels }, (_, i) => sample(...at(i), noise()));
  const hole = Uint8Array.from({ length: width * height }, (_, i) => +isHole(scene, ...at(channels * i)));
  const level = finestLevel({ width, height, channels, rgb }, hole);
  const patches = patchesOf(level, radius);
  expect(patches.radius).toBe(radius);
  const random = seededRandom(seed);
  const field = randomField(level, patches, random);
  const effort = { rounds: 3, sweeps: 2, reach: 16 };
  const result = createHash('sha256');
  for (const isShown of [false, true]) {
    refineLevel({ level, patches, field, effort, beginsWithVote: isShown, isShown }, random);
    result.update(level.rgb).update(field);
  }
  return result.digest('hex').slice(0, 16);
}

describe('refineLevel', () => {
  it.each<[string, Scene]>([
    ['39df92a5f0b7ce56', { width: 61, height: 47, channels: 3, radius: 3, sample: soft }],
    ['6dedf6ceca6d2073', { width: 61, height: 47, channels: 3, radius: 3, sample: harsh }],
    ['115dd0d1704861a9', { width: 47, height: 61, channels: 4, radius: 3, sample: harsh }],
    ['008888038ce94430', { width: 40, height: 30, channels: 4, radius: 2, sample: soft }],
    ['1a0d67b508ee5868', { width: 40, height: 30, channels: 3, radius: 1, sample: harsh }],
    ['ca5f561c5044b9f5', { width: 9, height: 7, channels: 3, radius: 0, sample: soft }],
  ])('gives the pixels and matches that this seed always gave: %s', (expected, scene) => {
    for (const found of withEachPoison(() => refined(scene, 7))) expect(found).toBe(expected);
  });
});

it('finds no origins where there is nothing to copy', () => {
  const size = { width: 8, height: 8 };
  const level = finestLevel({ ...size, rgb: new Uint8Array(192) }, new Uint8Array(64).fill(1, 20, 24));
  const patches = patchesOf(level, 3, new Uint8Array(64).fill(1));
  const random = seededRandom(1);
  const matched = { level, patches, field: randomField(level, patches, random) };
  expect(findOrigins(matched, { sweeps: 2, reach: 4 }, random)).toEqual(new Int32Array(64).fill(-1));
});
