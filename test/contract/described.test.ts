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
import { paintEngine } from '../support/engines.ts';
import { modelSettings } from '../support/fake-model.ts';
import { startFaultyModel } from '../support/faulty-model.ts';
import { picture, texture } from '../support/made-pictures.ts';
import { pipelineOf, random } from '../support/pictures.ts';

/**
 * Words to a mask, with a model that repaints the whole picture: it moves it, enlarges it, changes its tone
 * and adds grain. What it was told to take away is known, so the told mask can be compared with the truth.
 */

const size = { width: 400, height: 300 };
const limits = { maxImageBytes: 1e7, maxImagePixels: 1e7 };
const codec = { ...engineCodec, decode: ({ bytes }: EncodedImage) => decodeAnswer(bytes) };

type Inside = (x: number, y: number) => boolean;

const ellipse =
  (cx: number, cy: number, rx: number, ry: number): Inside =>
  (x, y) =>
    ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1;
const rectangle =
  (left: number, top: number, width: number, height: number): Inside =>
  (x, y) =>
    x >= left && y >= top && x < left + width && y < top + height;
const either =
  (a: Inside, b: Inside): Inside =>
  (x, y) =>
    a(x, y) || b(x, y);

/** The last one touches the border. */
const shapes: readonly Inside[] = [
  ellipse(195, 150, 80, 95),
  either(ellipse(100, 150, 70, 80), ellipse(300, 140, 65, 75)),
  either(ellipse(200, 80, 50, 50), rectangle(140, 110, 120, 150)),
  rectangle(220, 120, 180, 180),
];
const answers = [
  { shift: 0, zoom: 1.01, tone: (level: number) => level + 8 },
  { shift: 2, zoom: 1, tone: (level: number) => 0.92 * level },
  { shift: 1.5, zoom: 1.01, tone: (level: number) => 1.05 * level + 10 },
];
const colours = [
  [220, 60, 50],
  [40, 50, 70],
  [235, 235, 225],
] as const;
const scenes = shapes.flatMap((inside, n) =>
  answers.map((answer, m) => ({
    inside,
    answer,
    colour: colours[(n + m) % 3]!,
    waves: 1 + ((n + 2 * m) % 4),
  })),
);
type Scene = (typeof scenes)[number];

const groundAt = ({ waves }: Scene, x: number, y: number, c: number) =>
  texture(x / waves, y / waves, c) * 0.6 + 45;

const photoOf = (scene: Scene) =>
  picture(size.width, size.height, 3, (x, y, c) =>
    scene.inside(x, y) ? scene.colour[c]! + 10 * Math.sin(0.4 * x - 0.3 * y + c) : groundAt(scene, x, y, c),
  );

/** The scene without the thing, as a careless model paints it. */
function answerTo(scene: Scene) {
  const { shift, zoom, tone } = scene.answer;
  const next = random(scene.waves);
  return picture(size.width, size.height, 3, (x, y, c) => {
    const [u, v] = [(x - shift - 200) / zoom + 200, (y + shift / 2 - 150) / zoom + 150];
    return Math.min(255, Math.max(0, tone(groundAt(scene, u, v, c)) + 4 * next() - 2));
  });
}

/** How much the mask that is told and the thing have in common, as a share of both together. */
async function overlapOf(scene: Scene, model: InpaintEngine): Promise<number> {
  const finder = await described.around(model, codec);
  const photo = await readPhoto(await pipelineOf(photoOf(scene)).png().toBuffer(), limits);
  const wanted = { mode: 'prompt', classes: undefined, words: 'the thing in the middle' } as const;
  const signal = AbortSignal.timeout(20_000);
  const { step } = stopwatch(signal);
  const options = { photo, finder, wanted, labels: undefined, dilationPx: undefined, step, signal };
  const { data } = maskWithin((await findMask(options)).mask, boxOf(size));
  let [common, all] = [0, 0];
  for (let p = 0; p < data.length; p++) {
    const isInside = scene.inside(p % size.width, Math.floor(p / size.width));
    const isTold = data[p]! >= 128;
    if (isTold && isInside) common++;
    if (isTold || isInside) all++;
  }
  return common / all;
}

it.each(scenes.map((scene, n) => [n + 1, scene] as const))(
  'finds the thing in scene %i of 12',
  async (_, scene) => {
    const frames = { kind: 'fixed', sizes: [size] } as const;
    const { engine, requests } = paintEngine(() => answerTo(scene), { frames });
    expect(await overlapOf(scene, engine)).toBeGreaterThan(0.85);
    expect(requests).toMatchObject([{ key: 'm0', mask: undefined, samples: 1 }]);
  },
);

test('Gemini finds it over the wire', async () => {
  const [scene] = scenes;
  const emulator = await startFaultyModel({
    scale: 1 / 2,
    removal: async (crop) => ({ ...crop, data: rescale(answerTo(scene!), crop).data }),
  });
  onTestFinished(() => emulator.close());
  const settings = { ...modelSettings, modelBaseUrl: emulator.url };
  const gemini = await engineFor({ engine: 'gemini', model: undefined }, settings, { codec });
  expect(await overlapOf(scene!, gemini)).toBeGreaterThan(0.85);
  expect(emulator.calls()).toMatchObject([{ status: 200, samples: 1, images: [{}] }]);
});
