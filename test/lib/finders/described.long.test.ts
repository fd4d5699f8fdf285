import { expect, it } from 'vitest';
import { describedFinder } from '../../../lib/finders/described/described.ts';
import { decodeAnswer } from '../../../lib/formats/vips/answer.ts';
import { engineCodec } from '../../../lib/formats/vips/engine-codec.ts';
import { drifts, simulateModel } from '../../bench/drift.ts';
import { maskOfThing } from '../../bench/inside/objects.ts';
import { makeScene } from '../../bench/inside/scenes.ts';
import { paintEngine } from '../../support/engines.ts';
import { random } from '../../support/pictures.ts';

const codec = { ...engineCodec, decode: ({ bytes }: { readonly bytes: Uint8Array }) => decodeAnswer(bytes) };
const wanted = { mode: 'prompt', classes: undefined, words: 'the thing' } as const;
/** Shift, light and noise; a slight zoom too. */
const models = [drifts.medium, { ...drifts.medium, zoom: 1.004 }];

it('what words name is found where it is, in 12 scenes that a model repaints moved, zoomed and toned', {
  timeout: 300_000,
}, async () => {
  const overlaps: number[] = [];
  for (let seed = 0; seed < 12; seed++) {
    const { clean, full, thing } = makeScene({ seed, next: random(seed), photos: [] });
    const { engine } = paintEngine(() => simulateModel(clean, clean, models[seed % 2]!, seed));
    const request = { picture: full, wanted, labels: undefined };
    const { masks } = await describedFinder(engine, codec).find(request, AbortSignal.timeout(300_000));
    const truth = maskOfThing(thing, 0).data;
    let [both, either] = [0, 0];
    masks[0]!.mask.data.forEach((level, p) => {
      const [isFound, isThere] = [level >= 128, truth[p]! > 0];
      if (isFound && isThere) both++;
      if (isFound || isThere) either++;
    });
    overlaps.push(both / either);
  }
  expect(overlaps.filter((share) => share < 0.9)).toEqual([]);
});
