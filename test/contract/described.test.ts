import { expect, it, onTestFinished, test } from 'vitest';
import { findMask } from '../../lib/edit/found-mask.ts';
import { readPhoto } from '../../lib/edit/read.ts';
import { stopwatch } from '../../lib/edit/stopwatch.ts';
import type { EncodedImage, InpaintEngine } from '../../lib/engines/engine.ts';
import { engineFor } from '../../lib/engines/engines.ts';
import { described } from '../../lib/finders/described.ts';
import { decodeAnswer } from '../../lib/formats/vips/answer.ts';
import { engineCodec } from '../../lib/formats/vips/engine-codec.ts';
import { boxOf } from '../../lib/pixels/box.ts';
import { maskWithin } from '../../lib/pixels/boxed-mask.ts';
import { rescale } from '../../lib/pixels/resample.ts';
import { drifts, simulateModel } from '../bench/drift.ts';
import { maskOfThing } from '../bench/inside/objects.ts';
import { makeScene, type Scene } from '../bench/inside/scenes.ts';
import { paintEngine } from '../support/engines.ts';
import { modelSettings } from '../support/fake-model.ts';
import { startFaultyModel } from '../support/faulty-model.ts';
import { pipelineOf, random } from '../support/pictures.ts';

/**
 * Words to a mask, with a model that repaints the whole picture: it moves it, enlarges it, changes its tone
 * and adds grain. What it was told to take away is known, so the told mask can be compared with the truth.
 */

const limits = { maxImageBytes: 1e7, maxImagePixels: 1e7 };
const codec = { ...engineCodec, decode: ({ bytes }: EncodedImage) => decodeAnswer(bytes) };

const sceneOf = (seed: number) => makeScene({ seed, next: random(seed), photos: [] });
const answerTo = ({ clean }: Scene) => simulateModel(clean, clean, { ...drifts.medium, zoom: 1.004 }, 1);

/** How much the mask that is told and the thing have in common, as a share of both together. */
async function overlapOf({ full, thing }: Scene, model: InpaintEngine): Promise<number> {
  const finder = await described.around(model, codec);
  const photo = await readPhoto(await pipelineOf(full).png().toBuffer(), limits);
  const wanted = { mode: 'prompt', classes: undefined, words: 'the thing in the middle' } as const;
  const signal = AbortSignal.timeout(20_000);
  const { step } = stopwatch(signal);
  const options = { photo, finder, wanted, labels: undefined, dilationPx: 0, step, signal };
  const { data } = maskWithin((await findMask(options)).mask, boxOf(full));
  const truth = maskOfThing(thing, 0).data;
  let [common, all] = [0, 0];
  for (let p = 0; p < data.length; p++) {
    const [isTold, isInside] = [data[p]! >= 128, truth[p]! > 0];
    if (isTold && isInside) common++;
    if (isTold || isInside) all++;
  }
  return common / all;
}

it.each([0, 1, 2])('finds the thing in scene %i', async (seed) => {
  const scene = sceneOf(seed);
  const frames = { kind: 'fixed', sizes: [scene.full] } as const;
  const { engine, requests } = paintEngine(() => answerTo(scene), { frames });
  expect(await overlapOf(scene, engine)).toBeGreaterThan(0.85);
  expect(requests).toMatchObject([{ key: 'm0', mask: undefined, samples: 1 }]);
});

test('Gemini finds it over the wire', async () => {
  const scene = sceneOf(0);
  const emulator = await startFaultyModel({
    scale: 1 / 2,
    removal: async (crop) => ({ ...crop, data: rescale(answerTo(scene), crop).data }),
  });
  onTestFinished(() => emulator.close());
  const settings = { ...modelSettings, modelBaseUrl: emulator.url };
  const gemini = await engineFor({ engine: 'gemini', model: undefined }, settings, { codec });
  expect(await overlapOf(scene, gemini)).toBeGreaterThan(0.85);
  expect(emulator.calls()).toMatchObject([{ status: 200, samples: 1, images: [{}] }]);
});
