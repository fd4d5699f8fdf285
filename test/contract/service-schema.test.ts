import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { InpaintRequest } from '../../lib/engines/engine.ts';
import { type EngineName, engineFor, generatorFor, upscalerFor } from '../../lib/engines/engines.ts';
import { knownModels } from '../../lib/engines/known-models.ts';

import { engineCodec } from '../../lib/formats/vips/engine-codec.ts';
import { optionValues } from '../../lib/requests/schema.ts';
import { modelSettings } from '../support/fake-model.ts';
import { useFaultyModel } from '../support/use.ts';
import { type ServiceSchema, walk } from './schema/walk.ts';
import { crop, request, signal } from './support.ts';

/**
 * Every body that an engine sends, walked strictly by the messages of the service itself. What stands inside
 * `instances` and `parameters` of `:predict` is JSON of any shape to it: there the emulator is the judge.
 */

const schema = JSON.parse(
  readFileSync(new URL('schema/aiplatform.json', import.meta.url), 'utf8'),
) as ServiceSchema;

let bodies: { readonly path: string; readonly body: unknown }[] = [];
const emulator = await useFaultyModel({ onRequest: (path, body) => bodies.push({ path, body }) });
afterEach(() => {
  bodies = [];
});

const settings = () => ({ ...modelSettings, modelBaseUrl: emulator.url, endpointId: '7' });

function faults(): readonly string[] {
  expect(bodies.length).toBeGreaterThan(0);
  return bodies.flatMap(({ path, body }) =>
    walk(schema, path.endsWith(':predict') ? 'PredictRequest' : 'GenerateContentRequest', body),
  );
}

const allOptions: Partial<InpaintRequest> = {
  mode: 'insertion',
  prompt: 'a straw hat',
  negativePrompt: 'people',
  samples: 2,
  maskDilation: 0.02,
  addWatermark: false,
  includeSafetyAttributes: true,
  language: 'es',
  personGeneration: 'allow_adult',
  safetySetting: 'block_only_high',
  labels: { team: 'photos' },
  replyFormat: { mediaType: 'image/jpeg', quality: 80 },
  includesEffects: true,
};
const foreground = { mask: undefined, automaticMask: { mode: 'foreground', classes: undefined } } as const;
const asked: readonly (readonly [what: string, changes: Partial<InpaintRequest>])[] = [
  ['a removal', {}],
  ['an insertion with every option', allOptions],
  ['a mask by the model', foreground],
];

const idsOf = (api: string) =>
  Object.entries(knownModels).flatMap(([id, { apis }]) => (apis.some((one) => one === api) ? [id] : []));
const edits: readonly (readonly [EngineName, string | undefined])[] = [
  ...idsOf('gemini').map((id) => ['gemini', id] as const),
  ['imagen', undefined],
  ['imagen2', undefined],
  ['endpoint', undefined],
];

describe.each(edits)('%s %s', (engine, model) => {
  it.each(asked.filter(([, changes]) => engine !== 'endpoint' || !('automaticMask' in changes)))(
    'sends nothing that the service does not know: %s',
    async (_, changes) => {
      const adapter = await engineFor({ engine, model }, settings(), { codec: engineCodec });
      await adapter.inpaint(request(changes), signal);
      expect(faults()).toEqual([]);
    },
  );
});

const pictureModels = [...idsOf('gemini'), 'imagen-4.0-generate-001'].map((id) => ({
  engine: (id.startsWith('gemini') ? 'gemini' : 'imagen') as EngineName,
  model: id,
}));

it.each(pictureModels)('text to image by $model', async (choice) => {
  const generator = await generatorFor(choice, settings());
  const wanted = { prompt: 'a boat', aspectRatio: '16:9', imageSize: '1K', samples: 1 } as const;
  await generator.generate({ ...optionValues('generate', wanted), replyFormat: undefined }, signal);
  expect(faults()).toEqual([]);
});

it.each([
  { engine: 'gemini', model: 'gemini-nano-banana-2.1' },
  { engine: 'imagen', model: 'imagegeneration@002' },
] as const)('upscaling by $model', async (choice) => {
  const upscaler = await upscalerFor(choice, settings());
  const image = await engineCodec.encode({ ...crop, width: 48, height: 48, data: crop.data.slice(0, 6912) });
  await upscaler.upscale(
    { ...optionValues('upscale', { factor: 'x2' }), image, replyFormat: undefined },
    signal,
  );
  expect(faults()).toEqual([]);
});

describe('the walk', () => {
  const walked = (body: unknown) => walk(schema, 'GenerateContentRequest', body);
  it.each([
    ['an unknown field', { contents: [], generationConfig: { imageConfig: { size: '1K' } } }],
    ['snake case', { generation_config: {} }],
    ['a value that is none', { generationConfig: { responseModalities: ['PICTURE'] } }],
    ['a number for a text', { generationConfig: { imageConfig: { imageSize: 1 } } }],
    ['one where many are', { contents: { parts: [] } }],
    ['two of a choice', { contents: [{ parts: [{ text: 'a', inlineData: { mimeType: 'b', data: '' } }] }] }],
  ])('finds %s', (_, body) => {
    expect(walked(body)).toHaveLength(1);
  });
});
