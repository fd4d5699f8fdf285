import { expect, test } from 'vitest';
import { corpus } from './corpus.ts';
import { type RoomName, rooms } from './rooms.ts';

/** Seeds of each room: about 20 s together. `npm run fuzz` goes on from there. */
const seedsOf: Readonly<Partial<Record<RoomName, number>>> = {
  pictures: 30,
  masks: 25,
  forms: 25,
  json: 25,
  buckets: 2,
};
const tally = new Map<string, number>();

async function tryRoom(name: RoomName, seeds: readonly number[]): Promise<void> {
  await using room = await rooms[name]();
  for (const seed of seeds) {
    const came = await room.attempt(seed).catch((error: Error) => {
      throw new Error(`${name} ${seed}: ${error.message}`);
    });
    for (const one of came) tally.set(one, (tally.get(one) ?? 0) + 1);
  }
}

const firstSeeds = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

for (const [name, count] of Object.entries(seedsOf) as [RoomName, number][]) {
  test(`${name} that are a little wrong do no harm (G4)`, { timeout: 120_000 }, () =>
    tryRoom(name, firstSeeds(count)),
  );
}

test('cases that were found once stay mended', { timeout: 120_000 }, async () => {
  for (const { room, seed } of corpus) await tryRoom(room, [seed]);
});

test('much is refused and much is published, and a witness confirmed some of it', () => {
  const count = (pattern: RegExp) =>
    [...tally].reduce((sum, [came, times]) => sum + (pattern.test(came) ? times : 0), 0);
  expect(count(/^jpeg: (exact|touched-blocks|re-encoded)/)).toBeGreaterThan(2);
  expect(count(/^(png|webp|tiff): exact/)).toBeGreaterThan(2);
  expect(count(/^(jpeg|png|webp|tiff): IMAGE_/)).toBeGreaterThan(5);
  expect(count(/, confirmed$/)).toBeGreaterThan(2);
  expect(count(/^mask \w+: published/)).toBeGreaterThan(2);
  expect(count(/^mask \w+: MASK_/)).toBeGreaterThan(5);
  expect(count(/^form: 200/)).toBeGreaterThan(0);
  expect(count(/^form: 4/)).toBeGreaterThan(5);
  expect(count(/^form: cut/)).toBeGreaterThan(0);
  expect(count(/^(generate|upscale): 4/)).toBeGreaterThan(5);
});
