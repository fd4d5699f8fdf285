import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import type { Raster } from '../../lib/pixels/raster.ts';
import { random } from '../support/pictures.ts';
import { answerKinds } from './inside/kinds.ts';
import { makeScene } from './inside/scenes.ts';
import { insideCases, runCase } from './inside.ts';

const none = { pairs: [], replies: [] };

/** Mean difference where the thing stands, levels. */
function apart(a: Raster, b: Raster, cover: Float32Array): number {
  let [sum, count] = [0, 0];
  for (let p = 0; p < cover.length; p++) {
    if (cover[p]! < 0.5) continue;
    count += 3;
    for (let c = 0; c < 3; c++) sum += Math.abs(a.data[p * 3 + c]! - b.data[p * 3 + c]!);
  }
  return sum / count;
}

test('200 answers are bad and 200 good, and half of each kind is unseen', () => {
  const counted = (verdict: string, half: string) =>
    insideCases().filter((one) => answerKinds[one.kind]?.verdict === verdict && one.half === half).length;
  expect([counted('bad', 'seen'), counted('bad', 'unseen')]).toEqual([100, 100]);
  expect([counted('good', 'seen'), counted('good', 'unseen')]).toEqual([100, 100]);
});

test('the thing of a scene can be seen, stands in its mask, and is all that differs', {
  timeout: 60_000,
}, () => {
  for (let seed = 0; seed < 2; seed++) {
    const { clean, full, mask, thing } = makeScene({
      seed,
      next: random(seed),
      photos: [],
      isSmall: seed % 2 === 0,
    });
    expect(apart(clean, full, thing.cover)).toBeGreaterThan(20);
    expect(thing.cover.every((share, p) => share === 0 || mask.data[p] === 255)).toBe(true);
    expect(
      full.data.every((value, i) => value === clean.data[i] || thing.cover[Math.floor(i / 3)]! > 0),
    ).toBe(true);
  }
});

test('an answer goes through a whole edit, and is the same for the same seed', {
  timeout: 60_000,
}, async () => {
  const runOf = (kind: string) => runCase({ kind, n: 0, half: 'seen' }, none);
  const [first, again] = [await runOf('the true picture'), await runOf('the true picture')];
  expect(first.outcome).toBe('silent');
  expect(first.answers.map(({ data }) => crc32(data))).toEqual(again.answers.map(({ data }) => crc32(data)));
});
