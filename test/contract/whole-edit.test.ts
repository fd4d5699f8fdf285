import { describe, expect, it, test } from 'vitest';
import { type Edit, editor } from '../../lib/edit.ts';
import { capabilitiesOf, type EngineName } from '../../lib/engines/engines.ts';
import { decodeAnswer } from '../../lib/formats/vips/answer.ts';
import { parseRequest } from '../../lib/requests/edit-request.ts';
import type { Behaviour } from '../support/model-behaviour.ts';
import { boxMask, maskPng, pipelineOf, wavePicture } from '../support/pictures.ts';
import { useFaultyModel } from '../support/use.ts';
import { engineOn, modelEngines, sampleAt, signal } from './support.ts';

/**
 * The production edit with the production adapters. Whatever the model does outside the mask, every pixel
 * there is published unchanged; an answer that cannot be made to fit is not published.
 */

const size = { width: 360, height: 280 };
const hole = { left: 150, top: 110, width: 60, height: 50 };
const photo = wavePicture(size);
const mask = boxMask(size, hole);
const limits = { maxImageBytes: 1e7, maxImagePixels: 1e7 };
const defaults = { featherPx: 4, dilationPx: 0, modelDilation: 0.01, maxRegions: 1, maxTiles: 4 };

// A quarter of the real size: enough for the ring around the mask to be registered.
const emulator = await useFaultyModel({ scale: 1 / 4 });

async function editOn(engine: EngineName): Promise<Edit> {
  const { adapter } = await engineOn(emulator, engine);
  return editor({ engine: adapter, limits, defaults });
}

async function run(engine: EngineName, behaviour: Behaviour, request: object = {}) {
  emulator.behave(behaviour);
  const image = await pipelineOf(photo).png().toBuffer();
  const input = { image, mask: await maskPng(mask), request: parseRequest(request) };
  return (await editOn(engine))(input, signal);
}

/** Pixels that differ from the photo, outside and inside the mask. */
async function changes(bytes: Uint8Array) {
  const after = await decodeAnswer(bytes);
  const counts = { outside: 0, inside: 0 };
  for (let i = 0; i < photo.data.length; i++) {
    if (after.data[i] === photo.data[i]) continue;
    counts[mask.data[Math.floor(i / 3)] === 0 ? 'outside' : 'inside']++;
  }
  return counts;
}

const survived: Readonly<Record<string, Behaviour>> = {
  'the usual infidelities': {},
  'a shift, other light and JPEG under the name of PNG': { shift: 2, brighten: 10, jpeg: true },
};

describe.each(modelEngines)('%s', (engine) => {
  it.each(Object.entries(survived))('publishes an exact picture in spite of %s', async (_, behaviour) => {
    const { outputs, report } = await run(engine, behaviour);
    const { outside, inside } = await changes(outputs[0]!.bytes);
    expect(outside).toBe(0);
    expect(inside).toBeGreaterThan(hole.width * hole.height);
    expect(report.modelCalls).toBe(1);
  });
});

const inserting = modelEngines.filter((engine) => capabilitiesOf(engine).modes.includes('insertion'));

test.each(inserting)('%s inserts a placeholder, and nothing outside the mask changes', async (engine) => {
  const { outputs } = await run(engine, {}, { mode: 'insertion', prompt: 'a straw hat on the wall' });
  const { outside, inside } = await changes(outputs[0]!.bytes);
  expect(outside).toBe(0);
  expect(inside).toBeGreaterThan(hole.width * hole.height);
});

describe('imagen, with a mask it makes itself', () => {
  it.each([
    ['foreground', {}],
    ['semantic', { maskClasses: ['bicycle', 'car'] }],
  ])('changes the %s and leaves the border exactly as it was', async (maskMode, request) => {
    const image = await pipelineOf(photo).png().toBuffer();
    const input = { image, mask: undefined, request: parseRequest({ maskMode, ...request }) };
    const { outputs } = await (await editOn('imagen'))(input, signal);
    const after = await decodeAnswer(outputs[0]!.bytes);
    const changed = (at: readonly number[]) =>
      at.filter((place) => sampleAt(after, place, place) !== sampleAt(photo, place, place)).length;
    expect(changed([0.01, 0.03, 0.05, 0.95, 0.97, 0.99])).toBe(0);
    expect(changed([0.4, 0.44, 0.48, 0.5, 0.52, 0.56, 0.6])).toBeGreaterThan(2);
  });
});
