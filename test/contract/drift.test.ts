import { beforeAll, describe, expect, it } from 'vitest';
import type { Removal } from '../../deploy/local/model/painting.ts';
import { type EditResult, editor } from '../../lib/edit.ts';
import type { Mask, Raster } from '../../lib/pixels/raster.ts';
import { parseRequest } from '../../lib/requests/edit-request.ts';
import { ellipseMask } from '../bench/quality-scenes.ts';
import { decodedValues } from '../support/decoded-values.ts';
import { codeOf } from '../support/error-of.ts';
import { disturbances, farOff, insideShiftPx, madeDriftPx, outsideChanges } from '../support/hostile.ts';
import type { Behaviour } from '../support/model-behaviour.ts';
import { photoPairs, readPair } from '../support/photos.ts';
import { maskPng, pipelineOf } from '../support/pictures.ts';
import { scenery } from '../support/scenery.ts';
import { useFaultyModel } from '../support/use.ts';
import { engineOn, signal } from './support.ts';

/** What a model did to the whole picture is told, undone inside the mask, and never seen outside of it. */

const limits = { maxImageBytes: 1e7, maxImagePixels: 1e7 };
const defaults = { featherPx: 32, dilationPx: 0, modelDilation: 0.01, maxRegions: 4, maxTiles: 0 };
/** Half of what Imagen answers in: enough to register, and four times as fast. */
const answerSidePx = 512;

/** Another part of the picture in the hole: something with lines and texture, that is where it is. */
const mirrored: Removal = async (crop, mask) => {
  const data = Uint8Array.from(crop.data);
  for (let p = 0; p < mask.data.length; p++) {
    if (mask.data[p] === 0) continue;
    const row = p - (p % crop.width);
    const from = row + crop.width - 1 - (p % crop.width);
    data.set(crop.data.subarray(from * 3, from * 3 + 3), p * 3);
  }
  return { ...crop, data };
};

const emulator = await useFaultyModel({ removal: mirrored, scale: answerSidePx / 1024 });

interface Subject {
  readonly image: Uint8Array;
  readonly maskFile: Uint8Array;
  readonly before: Raster;
  readonly mask: Mask;
}

async function sceneAs(format: 'png' | 'jpeg'): Promise<Subject> {
  const size = { width: 480, height: 360 };
  const picture = pipelineOf(scenery(size));
  const image = await (format === 'png' ? picture.png() : picture.jpeg({ quality: 90 })).toBuffer();
  const mask = ellipseMask(size.width, size.height, { x: 0.4, y: 0.55, rx: 0.14, ry: 0.2 });
  return { image, maskFile: await maskPng(mask), before: await decodedValues(image), mask };
}

/** How much brighter the second picture is inside the mask, levels. */
function meanChange(before: Raster, after: Raster, mask: Mask): number {
  let [sum, count] = [0, 0];
  for (let p = 0; p < mask.data.length; p++) {
    if (mask.data[p] === 0) continue;
    for (let k = p * before.channels; k < (p + 1) * before.channels; k++) {
      sum += after.data[k]! - before.data[k]!;
      count++;
    }
  }
  return sum / count;
}

const { 'all at once': atOnce } = disturbances;

/** What is disturbed, and how: everything once, then what differs by format and content. */
const subjects: Readonly<
  Record<string, readonly [() => Promise<Subject>, Readonly<Record<string, Behaviour>>]>
> = {
  'a scene as PNG': [() => sceneAs('png'), disturbances],
  'a scene as JPEG': [() => sceneAs('jpeg'), { 'all at once': atOnce }],
  ...Object.fromEntries(
    photoPairs()
      .filter(({ name }) => name === 'places/1')
      .map((pair) => [`the photo ${pair.name}`, [() => readPair(pair), { 'all at once': atOnce }]]),
  ),
};
if (photoPairs().length === 0) console.info('../shared/photos is not there: only scenes are disturbed');

describe.each(Object.entries(subjects))('%s', (_, [read, behaviours]) => {
  let subject: Subject;
  let undisturbed: Raster;

  async function run(behaviour: Behaviour): Promise<EditResult> {
    emulator.behave(behaviour);
    const { adapter: engine } = await engineOn(emulator, 'imagen');
    const edit = editor({ engine, limits, defaults });
    return edit({ image: subject.image, mask: subject.maskFile, request: parseRequest({}) }, signal);
  }

  beforeAll(async () => {
    subject = await read();
    undisturbed = await decodedValues((await run({ exact: true })).outputs[0]!.bytes);
  });

  it.each(Object.entries(behaviours))('survives %s', async (_name, behaviour) => {
    const { outputs, report } = await run(behaviour);
    const after = await decodedValues(outputs[0]!.bytes);

    const { outside, elsewhere } = outsideChanges(subject.before, after, subject.mask);
    expect(elsewhere).toBe(0);
    if (report.image.format !== 'jpeg') expect(outside).toBe(0);

    const [region] = report.regions;
    const [fit] = region!.fits;
    const made = madeDriftPx(region!, behaviour, answerSidePx);
    expect(fit!.isRegistered).toBe(true);
    expect(Math.abs(fit!.driftPx - made)).toBeLessThan(0.1);
    expect(insideShiftPx(undisturbed, after, subject.mask)).toBeLessThan(0.1);
    expect(fit!.ringAfter).toBeLessThan(4);
    expect(Math.abs(meanChange(undisturbed, after, subject.mask))).toBeLessThan(1);
    if ('brighten' in behaviour) expect(fit!.ringBefore).toBeGreaterThan(4.5);
  });

  it('is not published when the model moved it too far (G3)', async () => {
    expect(await codeOf(run(farOff))).toBe('ENGINE_DRIFTED');
  });
});
