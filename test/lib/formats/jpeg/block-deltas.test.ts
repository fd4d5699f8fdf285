import { expect, test } from 'vitest';
import { readJpegStructure } from '../../../../lib/formats/jpeg/scan/structure.ts';
import { patchDeltas } from '../../../../lib/formats/jpeg/splice/block-deltas.ts';
import type { Raster } from '../../../../lib/pixels/raster.ts';
import { encodeJpeg } from '../../../support/jpeg-pictures.ts';
import { random } from '../../../support/pictures.ts';
import { withEachPoison } from '../../../support/poisoned-kernels.ts';

const grey = (width: number, height: number, levelAt: (i: number) => number): Raster => ({
  width,
  height,
  channels: 1,
  data: Uint8Array.from({ length: width * height }, (_, i) => levelAt(i)),
});

/** At quality 50 the first quantisation step is 16. */
const structureOf = async (raster: Raster) => readJpegStructure(await encodeJpeg(raster, { quality: 50 }));

/** The changes between two grey pictures, the same whatever lies around them in memory. */
async function deltasOf(before: Raster, after: Raster) {
  const structure = await structureOf(before);
  const box = { left: 0, top: 0, width: before.width, height: before.height };
  const [first, ...others] = withEachPoison(() => patchDeltas(structure, { box, before, after })[0]!);
  for (const other of others) expect(other).toEqual(first);
  return { structure, ...first! };
}

test.each([
  [1, 1],
  [-1, -1],
  [3, 2],
  [-3, -2],
  [5, 3],
  [155, 78],
  [-100, -50],
])(
  'a flat block that changes by %d levels changes by %d steps of 16: ties go away from 0',
  async (levels, steps) => {
    const { deltas, touched } = await deltasOf(
      grey(8, 8, () => 100),
      grey(8, 8, () => 100 + levels),
    );
    expect([...deltas]).toEqual([steps, ...new Array(63).fill(0)]);
    expect([...touched]).toEqual([1]);
  },
);

test('a picture of one pixel is a block of that pixel', async () => {
  const { deltas } = await deltasOf(
    grey(1, 1, () => 0),
    grey(1, 1, () => 255),
  );
  // 8 x 255 / 16 is a tie.
  expect([...deltas.slice(0, 3)]).toEqual([128, 0, 0]);
});

test('blocks without a difference stay untouched', async () => {
  const same = grey(24, 16, (i) => i % 256);
  const { deltas, touched } = await deltasOf(same, {
    ...same,
    data: Uint8Array.from(same.data, (level, i) => (i === 23 ? level ^ 64 : level)),
  });
  expect([...touched]).toEqual([0, 0, 1, 0, 0, 0]);
  expect(deltas.findIndex((delta) => delta !== 0)).toBeGreaterThanOrEqual(128);
});

/** Natural index of each zigzag position, walked along the diagonals. */
const zigzag = Array.from({ length: 64 }, (_, at) => at).sort((a, b) => {
  const [sumA, sumB] = [(a >> 3) + (a & 7), (b >> 3) + (b & 7)];
  if (sumA !== sumB) return sumA - sumB;
  return sumA % 2 === 0 ? (b >> 3) - (a >> 3) : (a >> 3) - (b >> 3);
});

/** The definition: T.81, A.3.3. */
function frequency(differences: readonly number[], u: number, v: number): number {
  const scale = (u === 0 ? Math.SQRT1_2 : 1) * (v === 0 ? Math.SQRT1_2 : 1);
  const wave = (x: number, frequency: number) => Math.cos(((2 * x + 1) * frequency * Math.PI) / 16);
  const sum = differences.reduce((all, level, i) => all + level * wave(i & 7, u) * wave(i >> 3, v), 0);
  return (scale * sum) / 4;
}

const next = random(5);
test.each([
  ['noise', () => Math.floor(next() * 256), () => Math.floor(next() * 256)],
  [
    'the largest waves',
    (i: number) => 255 * ((i ^ (i >> 3)) & 1),
    (i: number) => 255 * (1 - ((i ^ (i >> 3)) & 1)),
  ],
  ['one level of noise', () => 100, () => 100 + Math.round(next())],
] as const)('changes of %s are those of the transform to the nearest step', async (_, from, to) => {
  const [before, after] = [grey(8, 8, from), grey(8, 8, to)];
  const { deltas, structure } = await deltasOf(before, after);
  const differences = Array.from(after.data, (level, i) => level - before.data[i]!);
  zigzag.forEach((at, k) => {
    const exact = frequency(differences, at & 7, at >> 3) / structure.components[0]!.quant[k]!;
    expect(Math.abs(deltas[k]! - exact)).toBeLessThan(0.5 + 1e-9);
  });
});
