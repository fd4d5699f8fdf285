import { expect, it } from 'vitest';
import { differences, probe } from '../../../deploy/probe/probe.ts';
import { modelFor } from '../../../lib/engines/vertex/model.ts';
import { fakeModel, modelSettings } from '../../support/fake-model.ts';
import { useFaultyModel } from '../../support/use.ts';

const emulator = await useFaultyModel();

const never = new AbortController().signal;

function postTo(model: string, fetchOf?: typeof fetch) {
  const settings = { ...modelSettings, modelBaseUrl: emulator.url };
  const tuning = { maxTries: 1, fetch: fetchOf };
  const options = { model, settings, tuning, maxCallsPerSample: 1 };
  return modelFor(options, { api: 'gemini', defaultModel: model }).post;
}

it.each([
  [
    'gemini-nano-banana-2.1',
    ['a field that nobody has', 'imageSize 512', 'thinkingLevel LOW'],
    'aspectRatio 8:1',
  ],
  [
    'gemini-3.1-flash-lite-image',
    ['a field that nobody has', 'imageSize 512', 'imageSize 1K', 'imageSize 4K', 'thinkingLevel MINIMAL'],
    'aspectRatio 21:9',
  ],
])('finds what %s takes, without one answer', async (model, refused, taken) => {
  emulator.reset();
  const findings = await probe(postTo(model), model, never);
  const names = findings.filter(({ isRefused }) => isRefused).map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(refused));
  expect(names).not.toContain(taken);
  expect(differences(findings, model)).toEqual([]);
  expect(new Set(emulator.calls().map(({ status }) => status))).toEqual(new Set([400]));
});

it('names what the table has and the model refuses', async () => {
  emulator.reset();
  emulator.behave({ unsupportedField: 'generationConfig.thinkingConfig' });
  const model = 'gemini-nano-banana-2.1';
  const findings = await probe(postTo(model), model, never);
  expect(differences(findings, model)).toEqual([expect.stringContaining('thinkingLevel MINIMAL')]);
});

it.each([
  ['an answer, which may be billed', { json: {} }, 'INTERNAL'],
  ['a model that is not there', { status: 404 }, 'MODEL_RETIRED'],
])('stops after %s', async (_, answer, code) => {
  const model = fakeModel(answer);
  const asked = probe(postTo('gemini-nano-banana-2.1', model.fetch), 'gemini-nano-banana-2.1', never);
  await expect(asked).rejects.toMatchObject({ code });
  expect(model.seen).toHaveLength(1);
});
